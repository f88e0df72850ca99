"""Secrets as CloudFormation makes them.

The emulator's handler gives the name where `Ref` gives the ARN, invents an empty value where a
template has none, and generates punctuation where `ExcludePunctuation` forbids it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

import string
from typing import Any

TYPE = "AWS::SecretsManager::Secret"


def add() -> None:
    """Wrap the handlers: outside they speak of ARNs, inside of names."""
    from ministack.services import secretsmanager  # type: ignore[import-not-found]
    from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

    inner = dict(provisioners._RESOURCE_HANDLERS[TYPE])

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, Any]:
        name, attributes = inner["create"](logical_id, _spell_out(props), stack_name)
        if "SecretString" not in props and "GenerateSecretString" not in props:
            secretsmanager._secrets[name]["Versions"].clear()
        return attributes["Arn"], attributes

    def update(arn: str, old: Any, new: Any, stack_name: str, logical_id: str) -> tuple[str, Any]:
        name, _ = secretsmanager._resolve(arn)
        spelled = _spell_out(old), _spell_out(new)
        _, attributes = inner["update"](name, *spelled, stack_name, logical_id)
        return attributes["Arn"], attributes

    def delete(arn: str, props: dict[str, Any]) -> None:
        name, _ = secretsmanager._resolve(arn)
        inner["delete"](name, props)

    handler = {"create": create, "update": update, "delete": delete}
    provisioners._RESOURCE_HANDLERS[TYPE] = {**inner, **handler}


def _spell_out(props: dict[str, Any]) -> dict[str, Any]:
    """Write `ExcludePunctuation` as the characters that it means."""
    generate = props.get("GenerateSecretString") or {}
    if str(generate.get("ExcludePunctuation", "")).lower() != "true":
        return props
    excluded = generate.get("ExcludeCharacters", "") + string.punctuation
    return {**props, "GenerateSecretString": {**generate, "ExcludeCharacters": excluded}}
