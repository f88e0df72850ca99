"""The table of the transcript log: one item for each message and one head for each conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import names
from infra.constructs.removal import removal_policy

if TYPE_CHECKING:
    from infra.settings.environment import Data


class TranscriptTable(Construct):
    """On demand, encrypted, recoverable; items expire at `expires_at` (epoch seconds).

    Heads are found by the day they started on, spread over shards, newest first.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, data: Data, has_stream: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=_text(names.CONVERSATION_KEY),
            sort_key=_text(names.ITEM_KEY),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            time_to_live_attribute=names.EXPIRY_ATTRIBUTE,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True, recovery_period_in_days=data.recovery_days
            ),
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE if has_stream else None,
            deletion_protection=data.deletion_protection,
            removal_policy=removal_policy(data),
        )
        self.table.add_global_secondary_index(
            index_name=names.DAY_INDEX,
            partition_key=_text(names.DAY_SHARD_KEY),
            sort_key=_text(names.STARTED_AT_KEY),
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
