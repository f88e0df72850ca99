"""The secrets: the API keys, which a person brings, and the header's value, which is generated.

Each is one JSON object `{"current", "previous", "previous_until"}`, or one bare value. No value is
ever in a template.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.removal import removal_policy
from infra.names import HEADER_SECRET_LENGTH

if TYPE_CHECKING:
    from infra.settings.environment import Data
    from infra.settings.providers import ApiKey


def make_key_secret(
    scope: Construct, key: ApiKey, *, data: Data, can_go: bool = False
) -> secretsmanager.ISecret:
    """Return an empty secret: the key gate waits for a person to fill it.

    One that `can_go` is taken away with the setting that asks for it, as the provider of a model
    is: an export would hold it for as long as a task of before is deployed.
    """
    # Not the L2 class: that one would invent a value, and the gap would go unnoticed.
    secret = secretsmanager.CfnSecret(
        scope, key.secret, description=f"{key.owner} API key of this environment"
    )
    secret.apply_removal_policy(removal_policy(data))
    if can_go:
        cdk.CrossStackReferences.of(secret).produce(cdk.ReferenceStrength.WEAK)
    acknowledge(
        secret,
        SMG4=f"{key.owner} issues the key, and a person brings the next one; 'previous' in the "
        "JSON value carries callers over that change.",
    )
    return secretsmanager.Secret.from_secret_complete_arn(
        scope, f"{key.secret}Reference", secret.ref
    )


def make_header_secret(
    scope: Construct, construct_id: str, *, data: Data
) -> secretsmanager.ISecret:
    """Return the secret whose value the engine sends with every connection."""
    secret = secretsmanager.Secret(
        scope,
        construct_id,
        description="Header value that tells this environment's engine from others",
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({}),
            generate_string_key="current",
            password_length=HEADER_SECRET_LENGTH,
            exclude_punctuation=True,
        ),
        removal_policy=removal_policy(data),
    )
    acknowledge(
        secret,
        SMG4="A new value has to reach the engine and the tasks together, which a schedule "
        "cannot see to; 'previous' carries connections over a change.",
    )
    return secret
