"""Resource types that the emulator refuses: accepted and remembered, with no effect.

A template that names one of them could not be deployed at all. None has a part in a conversation.
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

import uuid
from typing import Any

TYPES: dict[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("Id",),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("Arn",),
    "AWS::Budgets::Budget": (),
    "AWS::CloudFront::VpcOrigin": ("Id", "Arn"),
    "AWS::CloudWatch::CompositeAlarm": ("Arn",),
    "AWS::EC2::EIP": ("AllocationId", "PublicIp"),
    "AWS::EC2::FlowLog": ("Id",),
    "AWS::EC2::NatGateway": ("NatGatewayId",),
    "AWS::EC2::SecurityGroupEgress": ("Id",),
    "AWS::EC2::SecurityGroupIngress": ("Id",),
    "AWS::ECS::ClusterCapacityProviderAssociations": (),
    "AWS::WAFv2::IPSet": ("Id", "Arn"),
    "AWS::WAFv2::LoggingConfiguration": (),
    "AWS::WAFv2::WebACLAssociation": (),
    # Emptied by a Node function of the CDK that needs an SDK which only Lambda brings along;
    # the emulator deletes full buckets anyway.
    "Custom::S3AutoDeleteObjects": (),
}


def add() -> None:
    """Register a handler for each type that has none."""
    from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

    for name, attributes in TYPES.items():
        handler = {"create": _creator(name, attributes), "update": _keep, "delete": _forget}
        provisioners._RESOURCE_HANDLERS.setdefault(name, handler)


def _creator(name: str, attributes: tuple[str, ...]) -> Any:
    def create(logical_id: str, _: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        physical_id = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12]}"
        return physical_id, {key: _value(key, name, physical_id) for key in attributes}

    return create


def _value(attribute: str, type_name: str, physical_id: str) -> str:
    service = type_name.split("::")[1].lower()
    return f"arn:aws:{service}:::{physical_id}" if attribute == "Arn" else physical_id


def _keep(
    physical_id: str, _: dict[str, Any], __: dict[str, Any], ___: str
) -> tuple[str, dict[str, str]]:
    return physical_id, {}


def _forget(_: str, __: dict[str, Any]) -> None:
    pass
