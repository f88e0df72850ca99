"""A custom resource whose function breaks fails at once.

The emulator, like AWS, waits for an answer that will never come, an hour if the template says
nothing. Here nobody wants to wait for what is known.
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

from typing import Any


def add() -> None:
    """Answer for a function that ended with an error before it answered."""
    from ministack.services import lambda_svc  # type: ignore[import-not-found]
    from ministack.services.cloudformation import custom_resource  # type: ignore[import-not-found]

    inner = lambda_svc._execute_function_with_config_scope

    def execute(function: dict[str, Any], event: dict[str, Any]) -> Any:
        result = inner(function, event)
        token = str(event.get("ResponseURL", "")).rpartition("/cfn-response/")[2]
        if token and isinstance(result, dict) and result.get("error"):
            reason = f"the function failed: {_describe(result)}"
            custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})
        return result

    lambda_svc._execute_function_with_config_scope = execute


def _describe(result: dict[str, Any]) -> str:
    body = result.get("body")
    return str(body.get("errorMessage", body) if isinstance(body, dict) else body)
