"""The read API as Lambda runs it: an HTTP API's event in, its answer out.

Who may read is the authorizer's affair; who has read what is in the log. No answer may be stored
by anybody. Plain functions, because a framework would be most of the cold start.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.transcripts.failures import ConversationTooLong, InvalidRequest
from functions.transcripts.problems import describe
from functions.transcripts.reader import DayRange, TranscriptReader, parse_day
from functions.transcripts.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of an answer as Lambda hands it on, where characters may become escapes; it takes 6 MB:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MOST_BYTES = 5_500_000
_MOST_PAGES = 5
_MOST_DIGITS = 9
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 2, 5, 2


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request: a conversation where the path names one, else a list of a day's."""
    named = (event.get("pathParameters") or {}).get("conversation_id")
    asked = {"route": event.get("routeKey"), "user": _find_user(event)}
    if named is not None:
        asked["conversation_id"] = named
    try:
        content = _show(named) if named is not None else _list(event)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a problem document
        return _answer_failure(error, asked)
    _log("info", "transcripts read", asked)
    return _answer(200, content)


def _list(event: Mapping[str, Any]) -> str:
    asked: Mapping[str, str] = event.get("queryStringParameters") or {}
    day = parse_day(asked.get("day", ""))
    limit = asked.get("limit", "50")
    # int() refuses very long numbers in its own way.
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= _MOST_DIGITS):
        raise InvalidRequest("a limit is a whole number, and a small one")
    page = open_reader().list_page(
        DayRange(day, day), limit=int(limit), cursor=asked.get("cursor") or None
    )
    return _write(page.as_json())


def _show(conversation_id: str) -> str:
    conversation = open_reader().read(conversation_id, most_pages=_MOST_PAGES)
    content = _write(conversation.as_json())
    if len(json.dumps(content)) > _MOST_BYTES:
        raise ConversationTooLong("the answer is larger than Lambda takes")
    return content


@functools.cache
def open_reader() -> TranscriptReader:
    """Return the reader of this process, made at the first request. Raises SettingsError."""
    settings = read_settings(os.environ)
    # Lambda's runtime has it. Less than boto3: what that adds, nobody needs here.
    from botocore.config import Config
    from botocore.session import get_session

    limits = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    client = get_session().create_client("dynamodb", config=limits)
    return TranscriptReader(client, settings.table, shards=settings.shards)


def _find_user(event: Mapping[str, Any]) -> str | None:
    found: Any = event
    for name in ("requestContext", "authorizer", "jwt", "claims", "sub"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _answer_failure(error: Exception, asked: dict[str, Any]) -> dict[str, Any]:
    problem = describe(error)
    fields = {**asked, "status": problem.status, "code": problem.code}
    if problem.remedy:
        fields["remedy"] = problem.remedy
    if problem.code == "internal_error":
        # By type and place: its message may quote what must not be logged.
        fields["error_type"] = type(error).__name__
        fields["traceback"] = "".join(traceback.format_tb(error.__traceback__))
    else:
        fields["cause"] = str(error)
    _log("error" if problem.remedy else "warning", "request failed", fields)
    return _answer(
        problem.status, _write(problem.document()), "application/problem+json", problem.headers
    )


def _answer(
    status: int,
    body: str,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    fixed = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return {
        "statusCode": status,
        "headers": {**fixed, **(headers or {})},
        "body": body,
        "isBase64Encoded": False,
    }


def _write(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _log(level: str, event: str, fields: dict[str, Any]) -> None:
    """Write one line; Lambda's own log handler would drop the fields."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "event": event, **fields}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()
