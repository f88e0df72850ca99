"""What the task's role may ask of Amazon Bedrock: the chosen models, and a guardrail.

Streaming is one action, which the server's check at its start needs too:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.constructs.acknowledge import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs

    from infra.settings.agent import AgentSettings

_ASK = "bedrock:InvokeModelWithResponseStream"
_BEHIND = (
    "An inference profile leads to its model in regions that AWS chooses; the condition allows no "
    "other way there: "
    "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html"
)
# The geography that an inference profile's id begins with, where a model's has its maker:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_PROFILE = re.compile(r"([a-z]{2}|apac|us-gov|global)\.")


def allow_bedrock(definition: ecs.FargateTaskDefinition, agent: AgentSettings) -> None:
    """Let the task ask the agent's models of Amazon Bedrock, and apply its guardrail."""
    stack = cdk.Stack.of(definition)
    for model in agent.bedrock_models:
        arn = _arn_of(stack, model)
        definition.add_to_task_role_policy(
            iam.PolicyStatement(actions=[_ASK], resources=[arn]),
        )
        if behind := _model_behind(arn):
            _allow_through(definition, profile=arn, model=behind)
    if agent.bedrock_guardrail:
        guardrail = agent.bedrock_guardrail.partition("/")[0]
        arn = stack.format_arn(service="bedrock", resource="guardrail", resource_name=guardrail)
        definition.add_to_task_role_policy(
            iam.PolicyStatement(actions=["bedrock:ApplyGuardrail"], resources=[arn])
        )


def _arn_of(stack: cdk.Stack, model: str) -> str:
    if model.startswith("arn:"):
        return model
    if _PROFILE.match(model):
        return stack.format_arn(
            service="bedrock", resource="inference-profile", resource_name=model
        )
    return _foundation_model(stack, model, region=stack.region)


def _foundation_model(stack: cdk.Stack, model: str, *, region: str) -> str:
    return stack.format_arn(
        service="bedrock",
        region=region,
        account="",
        resource="foundation-model",
        resource_name=model,
    )


def _model_behind(arn: str) -> str | None:
    """The model that a profile leads to; `*` where its ARN does not tell, None for a model."""
    if ":application-inference-profile/" in arn:
        return "*"
    if ":inference-profile/" in arn:
        return arn.rpartition("/")[2].partition(".")[2]
    return None


def _allow_through(definition: ecs.FargateTaskDefinition, *, profile: str, model: str) -> None:
    """Allow the model in whatever region, for calls by this profile alone.

    A global profile's model has an ARN without a region, which `*` matches as well.
    """
    models = _foundation_model(cdk.Stack.of(definition), model, region="*")
    definition.add_to_task_role_policy(
        iam.PolicyStatement(
            actions=[_ASK],
            resources=[models],
            conditions={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
        )
    )
    finding = f"IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/{model}]"
    acknowledge(definition.task_role, **{finding: _BEHIND})
