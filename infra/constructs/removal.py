"""What happens to data when its stack goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from infra.settings.environment import Data


def removal_policy(data: Data) -> cdk.RemovalPolicy:
    """Return the policy for what `data.retain` is about: table and secrets."""
    return cdk.RemovalPolicy.RETAIN if data.retain else cdk.RemovalPolicy.DESTROY
