"""The two secrets: the ElevenLabs API key, which a person brings, and the header's generated one.

Each is one JSON object `{"current", "previous", "previous_until"}`, or one bare value. No value is
ever in a template.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.removal import removal_policy
from infra.names import HEADER_SECRET_LENGTH

if TYPE_CHECKING:
    from infra.settings.environment import Data


def make_api_key_secret(
    scope: Construct, construct_id: str, *, data: Data
) -> secretsmanager.ISecret:
    """Return an empty secret: the key gate waits for a person to fill it."""
    # Not the L2 class: that one would invent a value, and the gap would go unnoticed.
    secret = secretsmanager.CfnSecret(
        scope, construct_id, description="ElevenLabs API key of this environment"
    )
    secret.apply_removal_policy(removal_policy(data))
    acknowledge(
        secret,
        SMG4="ElevenLabs issues the key and has no API to rotate it; the JSON value's "
        "'previous' carries callers over a change by hand.",
    )
    return secretsmanager.Secret.from_secret_complete_arn(
        scope, f"{construct_id}Reference", secret.ref
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
