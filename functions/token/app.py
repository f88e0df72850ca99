"""The endpoint's routes and answers, as an ASGI application. Knows neither Lambda nor the key.

Access, CORS and throttling are the HTTP API's. No answer may be stored by anybody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from functions.token.logs import LOGGER
from functions.token.patience import Patience
from functions.token.problems import Problem, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.token.issuer import Issuer

NO_STORE = {"Cache-Control": "no-store"}
PROBLEM_TYPE = "application/problem+json"
TEXT_TYPES = ["application/json", PROBLEM_TYPE]  # anything else travels to API Gateway in base64
# Whatever waits inside has limits of its own; this one also ends a name look-up, which has none.
LONGEST_SECONDS = Patience().total_seconds + 1

ParticipantName = Annotated[
    str | None, Query(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]


def build_app(open_issuer: Callable[[], Issuer]) -> FastAPI:
    """Return the application; `open_issuer` is called in each request, in another thread."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        # Nobody collects it, and its records would quote callers.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_error)

    @app.get("/api/token")
    async def give_token(request: Request, participant_name: ParticipantName = None) -> Response:
        user = read_user(request)
        return await _answer(request, lambda: open_issuer().issue_token(participant_name, user))

    @app.get("/api/signed-url")
    async def give_signed_url(request: Request) -> Response:
        user = read_user(request)
        return await _answer(request, lambda: open_issuer().sign_url(user))

    @app.get("/api/health")
    async def tell_health() -> Response:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    return app


def read_user(request: Request) -> str | None:
    """Return the `sub` of the JWT that the HTTP API's authorizer let pass, if it has one.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    found: Any = request.scope.get("aws.event")
    for name in ("requestContext", "authorizer", "jwt", "claims", "sub"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


async def _answer(request: Request, work: Callable[[], dict[str, str]]) -> Response:
    """Answer with what `work` returns. It waits on sockets, so it has a thread to itself.

    asyncio's thread instead of a synchronous endpoint: anyio's would import its backend first.
    """
    started_at = time.monotonic()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            content = await asyncio.to_thread(work)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a problem document
        problem = describe(error)
        _log_failure(request, problem, error)
        return _answer_problem(problem)
    milliseconds = round((time.monotonic() - started_at) * 1e3)
    fields = {"path": request.url.path, "milliseconds": milliseconds}
    LOGGER.info("request answered", extra={"fields": fields})
    return JSONResponse(content, headers=NO_STORE)


def _log_failure(request: Request, problem: Problem, error: Exception) -> None:
    fields = {"path": request.url.path, "status": problem.status, "code": problem.code}
    if problem.remedy:
        fields["remedy"] = problem.remedy
    is_bug = problem.code == "internal_error"
    if not is_bug:
        fields["cause"] = str(error)
    level = logging.ERROR if problem.remedy else logging.WARNING
    LOGGER.log(
        level, "request failed", extra={"fields": fields}, exc_info=error if is_bug else None
    )


async def _answer_error(_: Request, error: Exception) -> Response:
    return _answer_problem(describe(error))


def _answer_problem(problem: Problem) -> Response:
    return JSONResponse(
        problem.document(),
        problem.status,
        headers={**problem.headers, **NO_STORE},
        media_type=PROBLEM_TYPE,
    )
