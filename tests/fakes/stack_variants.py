"""The environments whose stacks every policy holds for: those there are, and the ways between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.settings import environment_names, load_environment
from tests.fakes.environments import (
    DOMAIN,
    FROZEN,
    PRODUCTION,
    environment_with,
    frozen_environment,
)

if TYPE_CHECKING:
    from infra.settings import Environment

ACCOUNT = "123456789012"
PROFILE = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/a1b2c3"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/edge"
_VPC = {"network.existing.vpc_id": "vpc-0123456789abcdef0"}
_PUBLIC = {"network.existing.public_subnet_ids": ["subnet-00000001", "subnet-00000002"]}
_PRIVATE = {"network.existing.private_subnet_ids": ["subnet-00000003", "subnet-00000004"]}

VARIANTS: dict[str, dict[str, Any]] = {
    "no domain, everything on": {
        "aws.account": ACCOUNT,
        "aws.permissions_boundary": BOUNDARY,
        "aws.bootstrap_qualifier": "own",
        "network.nat_gateways": 1,
        "waf.only_elevenlabs": True,
        "service.spot": True,
        "service.execute_command": True,
        "agent.models": [f"bedrock/{PROFILE}", "bedrock/amazon.nova-micro-v1:0"],
        "agent.bedrock_guardrail": "gr1a2b3c/7",
        "service.autoscaling.max_tasks": 4,
        "token.jwt.issuer": "https://auth.example.com/",
        "token.jwt.audience": ["voice"],
        "transcripts.api": True,
        "transcripts.archive": True,
        "transcripts.api_scope": "transcripts:read",
        "alarms.topic_arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:oncall",
        "tags": {"team": "voice"},
    },
    "own domain in an existing network": {
        **DOMAIN,
        **_VPC,
        **_PUBLIC,
        **_PRIVATE,
        "waf.requests_per_five_minutes": 100,
        "agent.models": ["anthropic/claude-haiku-5-5", "openai_chat/llama3.2"],
        "agent.openai_chat_base_url": "https://llm.example.com:8443/v1",
        "elevenlabs.host": "https://api.eu.residency.elevenlabs.io",
        "aws.permissions_boundary": "team-boundary",
        "alarms.email": "oncall@example.com",
    },
    "no domain in private subnets": {**_VPC, **_PRIVATE},
    "blue/green with nobody to tell": {
        **_VPC,
        **_PUBLIC,
        "aws.account": ACCOUNT,
        "service.deployment.strategy": "blue_green",
        "service.deployment.bake_minutes": 15,
    },
    "blue/green without a domain": {
        **PRODUCTION,
        "service.architecture": "x86_64",
        "service.deployment.strategy": "blue_green",
        "service.deployment.bake_minutes": 15,
    },
}
EVERY_NAME = (*environment_names(), *VARIANTS)
FROZEN_NAMES = (*sorted(path.stem for path in FROZEN.glob("*.toml")), *VARIANTS)


def every_environment(name: str) -> Environment:
    """One that people deploy, with whatever a fork has made of it, or a variant."""
    return environment_named(name) if name in VARIANTS else load_environment(name)


def environment_named(name: str) -> Environment:
    """A frozen environment, or a variant.

    While nobody has edited environments/, the frozen ones' stacks are those of it: made once.
    """
    return environment_with(VARIANTS[name]) if name in VARIANTS else frozen_environment(name)
