"""What the server's log tells of transcripts that the table did not take, counted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs.alarm import add_alarm
from infra.constructs.event_metric import count_event

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_sns as sns

    from infra.settings import Environment


class TranscriptMetrics(Construct):
    """One metric for each event; an item that is printed in several lines counts as often."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        count = partial(count_event, self, environment=environment, log_group=log_group)
        self.not_written = count("NotWritten", event="transcript not written")
        self.lost = count("Lost", event="transcripts lost")

    @property
    def all(self) -> list[cloudwatch.IMetric]:
        """Both of them, the one that can be mended first."""
        return [self.not_written, self.lost]

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Tell somebody what has to be restored, and before when: with the log, its lines go."""
        add_alarm(
            self,
            "ToRestore",
            topic=topic,
            metric=self.not_written,
            at_least=1,
            description="Transcripts are in the server's log alone: mend what its reason says, "
            "then run speechctl transcripts restore.",
        )
        add_alarm(
            self,
            "AreLost",
            topic=topic,
            metric=self.lost,
            at_least=1,
            description="The server had no room for transcripts: see the table and the log, then "
            "run speechctl transcripts restore --from-platform.",
        )
