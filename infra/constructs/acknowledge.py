"""Findings of cdk-nag that are meant to be so, each with its reason, at the narrowest construct."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct


def acknowledge(construct: IConstruct, **reasons: str) -> None:
    """Acknowledge findings of AwsSolutions at `construct` and in it, as `RULE="reason"`.

    A rule with several findings is acknowledged finding by finding: `{"IAM5[Resource::*]": …}`.
    """
    for rule, reason in reasons.items():
        cdk.Validations.of(construct).acknowledge(
            cdk.Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason)
        )
