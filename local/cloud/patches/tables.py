"""Tables whose items expire and that can be restored, when their template says so.

The emulator's handlers leave time-to-live and point-in-time recovery switched off.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

from typing import Any

TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def add() -> None:
    """Switch both on through the service's own calls, once the table is there."""
    from ministack.services import dynamodb  # type: ignore[import-not-found]
    from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

    def complete(name: str, props: dict[str, Any]) -> None:
        expiry = props.get("TimeToLiveSpecification")
        if expiry:
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": expiry})
        recovery = _recovery(props)
        if recovery:
            backups = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
            dynamodb._update_continuous_backups(backups)

    def wrap(inner: dict[str, Any]) -> dict[str, Any]:
        def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, Any]:
            name, attributes = inner["create"](logical_id, props, stack_name)
            complete(name, props)
            return name, attributes

        def update(name: str, old: Any, new: dict[str, Any], *more: str) -> tuple[str, Any]:
            name, attributes = inner["update"](name, old, new, *more)
            complete(name, new)
            return name, attributes

        return {**inner, "create": create, "update": update}

    for type_name in TYPES:
        handlers = provisioners._RESOURCE_HANDLERS
        handlers[type_name] = wrap(handlers[type_name])


def _recovery(props: dict[str, Any]) -> Any:
    """Return what the table says, or in a global table its first replica."""
    places = [props, *props.get("Replicas", [])]
    key = "PointInTimeRecoverySpecification"
    return next((place[key] for place in places if key in place), None)
