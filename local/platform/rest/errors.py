"""Error answers in the platform's shapes. Knows nothing of what failed.

422 is FastAPI's own list of problems; every other error is one object under `detail`
(https://elevenlabs.io/docs/developers/resources/errors).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from local.platform.json_types import JsonObject


class ApiError(Exception):
    """An answer other than success: HTTP status, a code for machines, a sentence for people."""

    def __init__(self, http_status: int, error_type: str, code: str, message: str) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.detail: JsonObject = {
            "type": error_type,
            "code": code,
            "message": message,
            "status": code,
            "request_id": secrets.token_hex(16),
        }


def missing_key() -> ApiError:
    """Describe a request without an API key."""
    message = "Neither authorization header nor xi-api-key received, please provide one."
    return ApiError(401, "authentication_error", "needs_authorization", message)


def invalid_key() -> ApiError:
    """Describe a request with a wrong API key."""
    return ApiError(401, "authentication_error", "invalid_api_key", "Invalid API key")


def not_found(kind: str, resource_id: str) -> ApiError:
    """Describe a resource that isn't there."""
    code = f"{kind}_not_found"
    return ApiError(404, "not_found", code, f"No {kind.replace('_', ' ')} has the id {resource_id}")


def invalid_request(message: str) -> ApiError:
    """Describe values that are valid alone and not together."""
    return ApiError(400, "validation_error", "input_invalid", message)


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` answer errors in the platform's shapes."""
    app.add_exception_handler(ApiError, _answer_api_error)
    app.add_exception_handler(RequestValidationError, _answer_request_validation)
    app.add_exception_handler(ValidationError, _answer_model_validation)


async def _answer_api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return JSONResponse({"detail": error.detail}, error.http_status)


async def _answer_request_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer_problems(error.errors())


async def _answer_model_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    problems = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
    return _answer_problems(problems)


def _answer_problems(problems: Iterable[Mapping[str, Any]]) -> JSONResponse:
    # Left out of each problem: the rejected input, which may hold a header's secret value.
    shown = [{key: problem[key] for key in ("loc", "msg", "type")} for problem in problems]
    return JSONResponse({"detail": shown}, 422)
