"""What outlives everything else: network, transcript table, secrets, and whom to tell."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.constructs.alarm_topic import make_alarm_topic
from infra.constructs.budget import add_budget
from infra.constructs.network import make_vpc
from infra.constructs.secrets import make_header_secret, make_key_secret
from infra.constructs.transcript_archive import TranscriptArchive
from infra.constructs.transcript_table import TranscriptTable
from infra.settings import Environment
from infra.settings.providers import ELEVENLABS_KEY
from infra.stacks.environment_stack import EnvironmentStack


class Foundation(EnvironmentStack):
    """The stateful part, protected and retained as the settings say.

    `keys` are the secrets of all API keys, ElevenLabs' first.
    """

    def __init__(self, scope: Construct, part: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            part,
            environment=environment,
            description="Speech Engine: network, transcript table, secrets, alarm topic",
        )
        self.vpc = make_vpc(self, "Vpc", environment=environment)
        self.table = self._make_table(environment)
        self.api_key = make_key_secret(self, ELEVENLABS_KEY, data=environment.data)
        self.keys = {ELEVENLABS_KEY: self.api_key} | {
            key: make_key_secret(self, key, data=environment.data, can_go=True)
            for key in environment.agent.keys
        }
        self.header_secret = make_header_secret(self, "HeaderSecret", data=environment.data)
        self.alarm_topic = make_alarm_topic(self, "AlarmTopic", alarms=environment.alarms)
        if environment.budget:
            add_budget(self, "Budget", environment=environment, budget=environment.budget)
        self._add_outputs()

    def _make_table(self, environment: Environment) -> dynamodb.TableV2:
        is_archived = environment.transcripts.archive
        made = TranscriptTable(self, "Transcripts", data=environment.data, has_stream=is_archived)
        if is_archived:
            stream_arn = made.table.table_stream_arn
            assert stream_arn
            archive = TranscriptArchive(
                self, "Archive", environment=environment, stream_arn=stream_arn
            )
            cdk.CfnOutput(
                self,
                "TranscriptArchive",
                value=archive.bucket.bucket_name,
                description="The transcript log as files",
            )
        return made.table

    def _add_outputs(self) -> None:
        """State what the terminal programs look up."""
        for key, secret in self.keys.items():
            cdk.CfnOutput(
                self,
                key.output,
                value=secret.secret_arn,
                description=f"Where the {key.owner} API key goes",
            )
        cdk.CfnOutput(
            self,
            "HeaderSecretArn",
            value=self.header_secret.secret_arn,
            description="The secret that every connection of the engine carries",
        )
        cdk.CfnOutput(
            self,
            "TranscriptTable",
            value=self.table.table_name,
            description="The table of the transcript log",
        )
