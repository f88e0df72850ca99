from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.environments import DOMAIN, PRODUCTION, environment_with, problems_with

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
VPC = {"network.existing.vpc_id": "vpc-01234567"}
PUBLIC = ["subnet-00000001", "subnet-00000002"]
PRIVATE = ["subnet-00000003", "subnet-00000004"]
JWT = {"token.jwt.issuer": "https://auth.example.com/", "token.jwt.audience": ["voice"]}
READERS = {"transcripts.api": True, "transcripts.api_scope": "transcripts:read"}
BLUE_GREEN = {"service.deployment.strategy": "blue_green", "service.deployment.bake_minutes": 13}

# What breaks one rule, and what the line has to name: the key first, then the way out.
BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "zone of another region": (
        {"aws.availability_zones": ["us-east-1a", "eu-central-1a"]},
        "aws.availability_zones",
        "us-east-1a",
    ),
    "zone twice": (
        {"aws.availability_zones": ["us-east-1a", "us-east-1a"]},
        "aws.availability_zones",
        "different",
    ),
    "domain alone": (
        {"address.domain": "voice.example.com"},
        "address.domain",
        "address.hosted_zone_id",
    ),
    "zone without its name": (
        {**DOMAIN, "address.hosted_zone_name": None},
        "address.hosted_zone_name",
        "both",
    ),
    "zone without its id": (
        {**DOMAIN, "address.hosted_zone_id": None},
        "address.hosted_zone_id",
        "both",
    ),
    "zone without domain": (
        {"address.hosted_zone_id": "Z0123456789"},
        "address.hosted_zone_id",
        "set domain",
    ),
    "certificate without domain": (
        {"address.certificate_arn": CERTIFICATE},
        "address.certificate_arn",
        "set domain",
    ),
    "domain of another zone": (
        {**DOMAIN, "address.hosted_zone_name": "ample.com"},
        "address.hosted_zone_name",
        "give the zone",
    ),
    "port without domain": (
        {"address.https_port": 8443},
        "address.https_port",
        "set domain",
    ),
    "header twice": (
        {"engine.request_headers": {"X-Tenant": "a", "x-tenant": "b"}},
        "engine.request_headers.x-tenant",
        "take one out",
    ),
    "port of plain HTTP": (
        {**DOMAIN, "address.https_port": 80},
        "address.https_port",
        "443",
    ),
    "certificate of another region": (
        {
            "address.domain": "voice.example.com",
            "address.certificate_arn": CERTIFICATE.replace("us-east-1", "eu-west-1"),
        },
        "address.certificate_arn",
        "eu-west-1",
    ),
    "topic of another region": (
        {"alarms.topic_arn": TOPIC.replace("us-east-1", "eu-west-1")},
        "alarms.topic_arn",
        "eu-west-1",
    ),
    "more gateways than zones": ({"network.nat_gateways": 3}, "network.nat_gateways", "at most 2"),
    "gateway in an existing network": (
        {**VPC, "network.existing.private_subnet_ids": PRIVATE, "network.nat_gateways": 1},
        "network.nat_gateways",
        "take it out",
    ),
    "existing network without subnets": (VPC, "network.existing", "private_subnet_ids"),
    "existing network with a zone too few": (
        {**VPC, "network.existing.private_subnet_ids": PRIVATE[:1]},
        "network.existing.private_subnet_ids",
        "one for each of the 2",
    ),
    "own domain without public subnets": (
        {**VPC, **DOMAIN, "network.existing.private_subnet_ids": PRIVATE},
        "network.existing.public_subnet_ids",
        "one for each zone",
    ),
    "memory that Fargate has not": (
        {"service.cpu": 256, "service.memory_mib": 1536},
        "service.memory_mib",
        "give 512, 1024, 2048",
    ),
    "memory between steps": (
        {"service.cpu": 1024, "service.memory_mib": 2500},
        "service.memory_mib",
        "2048, 3072, 4096 … 8192",
    ),
    "fewer tasks at most than at least": (
        {"service.tasks": 3, "service.autoscaling.max_tasks": 2},
        "service.autoscaling.max_tasks",
        "3 or more",
    ),
    "bake shorter than a conversation": (
        {**BLUE_GREEN, "service.deployment.bake_minutes": 12},
        "service.deployment.bake_minutes",
        "give 13 or more",
    ),
    "bake of a rolling deployment": (
        {"service.deployment.bake_minutes": 15},
        "service.deployment.bake_minutes",
        "blue_green",
    ),
    "conversation longer than a target lives": (
        {"engine.conversation.max_duration_seconds": 3571},
        "engine.conversation.max_duration_seconds",
        "3570 or less",
    ),
    "warning after the platform's patience": (
        {"conversations.first_chunk_seconds": 4},
        "conversations.first_chunk_seconds",
        "engine.cascade_timeout_seconds",
    ),
    "snapshot of an old Python": (
        {"token.snap_start": True, "functions.python": "3.11"},
        "token.snap_start",
        "functions.python",
    ),
    "the stack's own header": (
        {"engine.request_headers": {"x-speech-engine-secret": "x"}},
        "engine.request_headers.x-speech-engine-secret",
        "another name",
    ),
    "the platform's own header": (
        {"engine.request_headers": {"X-ElevenLabs-Speech-Engine-Authorization": "x"}},
        "engine.request_headers.X-ElevenLabs-Speech-Engine-Authorization",
        "another name",
    ),
    "a header's name with a blank": (
        {"engine.request_headers": {"X Tenant": "x"}},
        "engine.request_headers.X Tenant",
        "letters",
    ),
    "a header's value on two lines": (
        {"engine.request_headers": {"X-Tenant": "a\nb"}},
        "engine.request_headers.X-Tenant",
        "printable",
    ),
    "ticket for nobody": ({"token.user_ticket": True}, "token.user_ticket", "[token.jwt]"),
    "login nowhere": ({"site.login.client_id": "page"}, "site.login", "[token.jwt]"),
    "readers without a token": (READERS, "transcripts.api", "[token.jwt]"),
    "readers without a scope": (
        {**JWT, "transcripts.api": True},
        "transcripts.api_scope",
        "transcripts:read",
    ),
    "readers with everybody's scope": (
        {**JWT, **READERS, "transcripts.api_scope": "openid"},
        "transcripts.api_scope",
        "one of its own",
    ),
    "readers with the talkers' scope": (
        {**JWT, **READERS, "token.jwt.scopes": ["transcripts:read"]},
        "transcripts.api_scope",
        "one of its own",
    ),
    "scope without readers": (
        {"transcripts.api_scope": "transcripts:read"},
        "transcripts.api_scope",
        "transcripts.api = true",
    ),
    "buffer larger than the task": (
        {"transcripts.buffer_mib": 65},
        "transcripts.buffer_mib",
        "64 or less",
    ),
    "patterns that nobody looks for": (
        {"transcripts.redaction": "off", "transcripts.redaction_patterns": {"order": "x"}},
        "transcripts.redaction_patterns",
        'transcripts.redaction = "redact"',
    ),
    "log longer than transcripts": (
        {"service.log_days": 60},
        "service.log_days",
        "transcripts.days (30)",
    ),
    "firewall far from CloudFront": (
        {
            "aws.region": "eu-central-1",
            "aws.availability_zones": ["eu-central-1a", "eu-central-1b"],
            "waf.only_elevenlabs": True,
        },
        "waf",
        "set a domain",
    ),
    "two ways for alarms": (
        {"alarms.email": "me@example.com", "alarms.topic_arn": TOPIC},
        "alarms.email",
        "take email out",
    ),
    "AWS's own tag": ({"tags": {"AWS:x": "1"}}, "tags.AWS:x", "aws:"),
    "the stacks' own tag": (
        {"tags": {"speech-engine:environment": "x"}},
        "tags.speech-engine:environment",
        "take it out",
    ),
    "a tag with a star": ({"tags": {"team": "*"}}, "tags.team", "letters"),
    "a long tag": ({"tags": {"team": "x" * 257}}, "tags.team", "at most 256"),
    "many tags": ({"tags": {f"tag{n}": "" for n in range(41)}}, "tags", "at most 40"),
    "a model twice": (
        {"agent.models": ["openai/gpt-5.4-mini", "echo", "openai/gpt-5.4-mini"]},
        "agent.models",
        "take one out",
    ),
    "no time for another model": (
        {"agent.models": ["openai/gpt-5.4-mini", "echo"], "agent.first_words_seconds": 2.5},
        "agent.first_words_seconds",
        "give 2 or less",
    ),
    "a guardrail without Amazon Bedrock": (
        {"agent.bedrock_guardrail": "gr1/1"},
        "agent.bedrock_guardrail",
        "agent.models",
    ),
    "an address for nobody": (
        {
            "agent.models": ["openai_chat/llama3.2"],
            "agent.openai_base_url": "https://llm.example.com/v1",
        },
        "agent.openai_base_url",
        "take it out",
    ),
    "an inference profile of another geography": (
        {"agent.models": ["bedrock/eu.amazon.nova-lite-v1:0"]},
        "agent.models",
        "did you mean bedrock/us.amazon.nova-lite-v1:0?",
    ),
    "a model of another region": (
        {"agent.models": [f"bedrock/{PROFILE.replace('us-east-1', 'eu-west-1')}"]},
        "agent.models",
        "aws.region is us-east-1",
    ),
    "a provider's API key in a file": (
        {"agent.instructions": "sk-test-1"},
        "agent.instructions",
        "make deploy",
    ),
    "an API key for a model": (
        {"agent.models": ["openai/sk-proj-a1b2c3d4e5f6a7b8"]},
        "agent.models",
        "make deploy",
    ),
    "an API key among instructions": (
        {"agent.instructions": "Be brief. The key is sk-ant-a1b2c3d4e5f6a7b8."},
        "agent.instructions",
        "make deploy",
    ),
    "an API key in a file": (
        {"engine.request_headers": {"X-Key": "sk_test_1"}},
        "engine.request_headers.X-Key",
        "make deploy",
    ),
}
KEPT: dict[str, dict[str, Any]] = {
    "nothing set": {},
    "own domain": DOMAIN,
    "the zone's own name": {**DOMAIN, "address.domain": "example.com"},
    "domain with a certificate": {
        "address.domain": "voice.example.com",
        "address.certificate_arn": CERTIFICATE,
    },
    "other addresses": {"network.cidr": "10.30.0.0/23"},
    "domain with both": {**DOMAIN, "address.certificate_arn": CERTIFICATE},
    "a gateway for each zone": {"network.nat_gateways": 2},
    "existing network, public": {**VPC, "network.existing.public_subnet_ids": PUBLIC},
    "existing network, private": {**VPC, "network.existing.private_subnet_ids": PRIVATE},
    "existing network, own domain": {
        **VPC,
        **DOMAIN,
        "network.existing.public_subnet_ids": PUBLIC,
        "network.existing.private_subnet_ids": PRIVATE,
    },
    "large task": {"service.cpu": 16384, "service.memory_mib": 40960},
    "scaling": {"service.tasks": 2, "service.autoscaling.max_tasks": 2},
    "blue/green": BLUE_GREEN,
    "longest conversation": {"engine.conversation.max_duration_seconds": 3570},
    "patient platform": {
        "conversations.first_chunk_seconds": 4,
        "engine.cascade_timeout_seconds": 5.5,
    },
    "snapshot on ARM": {"token.snap_start": True},
    "every kind of header": {
        "engine.request_headers": {
            "X-Tenant": "a",
            "X-Customer": {"variable_name": "customer"},
            "X-Token": {"secret_id": "secret"},
        }
    },
    "ticket": {"token.user_ticket": True, **JWT},
    "readers with a scope of their own": {**JWT, **READERS},
    "patterns with an end": {
        "transcripts.redaction_patterns": {"order": r"[*+]\+ORD-\d{3,6}(?:-[A-Z])?"}
    },
    "the largest buffer": {
        "transcripts.buffer_mib": 256,
        "service.cpu": 512,
        "service.memory_mib": 2048,
    },
    "long log without words": {"service.log_days": 90, "transcripts.text": "drop"},
    "firewall at CloudFront": {"waf.requests_per_five_minutes": 100},
    "firewall at the load balancer": {
        **DOMAIN,
        "aws.region": "eu-central-1",
        "aws.availability_zones": ["eu-central-1a", "eu-central-1b"],
        "waf.only_elevenlabs": True,
    },
    "topic": {"alarms.topic_arn": TOPIC},
    "one model with all the time": {
        "agent.models": ["openai/gpt-5.4-mini"],
        "agent.first_words_seconds": 10,
    },
    "a patient platform's models": {
        "agent.models": ["openai_chat/meta/llama-3.3", "echo"],
        "agent.first_words_seconds": 3,
        "engine.cascade_timeout_seconds": 6,
    },
    "a model on this machine": {
        "agent.models": ["openai_chat/llama3.2"],
        "agent.openai_chat_base_url": "http://127.0.0.1:11434/v1",
    },
    "models of Amazon Bedrock": {
        "agent.models": [
            "bedrock/us.amazon.nova-lite-v1:0",
            "bedrock/global.anthropic.claude-haiku-5-5-20251001-v1:0",
            "bedrock/amazon.nova-micro-v1:0",
            f"bedrock/{PROFILE}",
        ],
        "agent.bedrock_guardrail": "gr1/DRAFT",
    },
    "a profile of the government's regions": {
        "aws.region": "us-gov-west-1",
        "aws.availability_zones": ["us-gov-west-1a", "us-gov-west-1b"],
        "agent.models": ["bedrock/us-gov.amazon.nova-lite-v1:0"],
    },
    "a profile of one country": {
        "aws.region": "ap-southeast-2",
        "aws.availability_zones": ["ap-southeast-2a", "ap-southeast-2b"],
        "agent.models": ["bedrock/au.anthropic.claude-haiku-5-5-20251001-v1:0"],
    },
    "words that only begin like keys": {
        "agent.instructions": "Say sk-SK, task-4711471147114711 and sk_a_name_of_four_words.",
    },
    "tags": {"tags": {"cost centre": "voice/42 @ home", "Größe": ""}},
    "production": PRODUCTION,
    "production with an agent of one's own": {
        **PRODUCTION,
        "agent.module": "my_agent",
        "agent.models": None,
    },
    "production with an agent that asks no models": {
        **PRODUCTION,
        "agent.module": "my_agent",
        "agent.models": ["echo"],
    },
    "production with a topic": {**PRODUCTION, "alarms.email": None, "alarms.topic_arn": TOPIC},
}
# What production refuses besides.
REFUSED_IN_PRODUCTION: dict[str, Any] = {
    "service.tasks": 1,
    "data.retain": False,
    "data.deletion_protection": False,
    "token.jwt": None,
    "token.cors_origins": ["*"],
    "engine.auth.enable_auth": False,
    "alarms.email": None,
    "service.execute_command": True,
    "service.spot": True,
    "service.log_level": "debug",
    "service.log_days": 7,
    "elevenlabs.host": "http://127.0.0.1:8400",
    "agent.module": "echo",
    "agent.models": ["openai/gpt-5.4-mini", "echo"],
}


@pytest.mark.parametrize("name", BROKEN)
def test_rules_refuse(name: str) -> None:
    """A broken rule is one line that begins with the key and names the way out."""
    changes, key, remedy = BROKEN[name]
    (problem,) = problems_with(changes)
    assert problem.startswith(f"{key} ")
    assert remedy in problem
    assert "\n" not in problem


@pytest.mark.parametrize("name", KEPT)
def test_rules_accept(name: str) -> None:
    """What a rule is not about passes."""
    assert problems_with(KEPT[name]) == []


@pytest.mark.parametrize("key", REFUSED_IN_PRODUCTION)
def test_rules_of_production_refuse(key: str) -> None:
    """Production refuses what other environments may do, by its key."""
    changes = {**PRODUCTION, key: REFUSED_IN_PRODUCTION[key]}
    (problem,) = problems_with(changes)
    assert problem.startswith(key.removesuffix(".email"))
    assert "production" in problem
    assert problems_with({**changes, "production": False}) == []


def test_rules_are_told_together() -> None:
    """Every broken rule has its line, not only the first."""
    problems = problems_with({"production": True, "service.memory_mib": 600})
    assert [problem.split()[0] for problem in problems] == [
        "service.memory_mib",
        "service.tasks",
        "data.retain",
        "data.deletion_protection",
        "token.jwt",
        "alarms",
        "agent.models",
    ]


def test_rules_keep_an_api_key_to_themselves() -> None:
    """A key that stands in a file is not repeated by the complaint."""
    assert "sk_test" not in str(problems_with({"elevenlabs.host": "sk_test_1"}))


def test_rules_hold_for_an_environment_as_it_is() -> None:
    """Settings that break no rule arrive unchanged."""
    environment = environment_with(BLUE_GREEN)
    assert environment.service.deployment.bake_minutes == 13
