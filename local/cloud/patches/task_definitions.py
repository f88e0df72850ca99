"""Task definitions with all that their template says.

The emulator's handler keeps the inner keys of a container's secrets, health check and user limits
as CloudFormation spells them, so that nobody finds them, and drops the runtime platform.
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

from typing import Any

TYPE = "AWS::ECS::TaskDefinition"
_MORE = {"RuntimePlatform": "runtimePlatform", "EphemeralStorage": "ephemeralStorage"}


def add() -> None:
    """Complete what the emulator registers."""
    from ministack.services import ecs  # type: ignore[import-not-found]
    from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

    spell = provisioners._pascal_to_camel

    def complete(arn: str, props: dict[str, Any]) -> None:
        definition = ecs._task_defs[arn.rsplit("/", 1)[-1]]
        definition["containerDefinitions"] = spell(props["ContainerDefinitions"])
        for container in definition["containerDefinitions"]:
            container.setdefault("essential", True)
        for property_name, key in _MORE.items():
            if property_name in props:
                definition[key] = spell(props[property_name])

    inner = dict(provisioners._RESOURCE_HANDLERS[TYPE])

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, Any]:
        arn, attributes = inner["create"](logical_id, props, stack_name)
        complete(arn, props)
        return arn, attributes

    def update(arn: str, old: Any, new: Any, stack_name: str, logical_id: str) -> tuple[str, Any]:
        arn, attributes = inner["update"](arn, old, new, stack_name, logical_id)
        complete(arn, new)
        return arn, attributes

    provisioners._RESOURCE_HANDLERS[TYPE] = {**inner, "create": create, "update": update}
