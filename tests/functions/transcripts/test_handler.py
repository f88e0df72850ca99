"""The read API's function with moto's DynamoDB, from the HTTP API's event to its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from functions.transcripts import handler as function
from functions.transcripts.failures import TableBusy, TableDenied
from tests.fakes.dynamo import REGION, TABLE
from tests.fakes.http_api import http_event
from tests.fakes.transcript_items import DAY, SHARDS, make_head, make_message, put

ROOT = Path(__file__).parents[3]
VARIABLES = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "TRANSCRIPT_TABLE": TABLE,
    "TRANSCRIPT_SHARDS": str(SHARDS),
}
Logged = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True, scope="module")
def _environment(client: Any) -> Iterator[None]:
    """One function's process for all tests: to make a client costs a quarter of a CPU second."""
    with patch.dict("os.environ", VARIABLES):
        yield
    function.open_reader.cache_clear()


def ask(conversation_id: str | None = None, **query: str) -> tuple[int, Any]:
    event = http_event("/api/transcripts", claims={"sub": "auditor"})
    event["queryStringParameters"] = query or None
    event["pathParameters"] = {"conversation_id": conversation_id} if conversation_id else None
    answer = function.handler(event, None)
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def read_log(capsys: Logged) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_api_lists_the_conversations_of_a_day(client: Any) -> None:
    """Newest first, and a cursor as long as there are more."""
    put(client, *(make_head(f"conv_{n}", f"09:00:0{n}.000") for n in range(3)))
    status, first = ask(day=DAY, limit="2")
    assert status == 200
    assert [each["conversation_id"] for each in first["conversations"]] == ["conv_2", "conv_1"]
    _, rest = ask(day=DAY, limit="2", cursor=first["cursor"])
    assert [each["conversation_id"] for each in rest["conversations"]] == ["conv_0"]
    assert "cursor" not in rest


def test_api_shows_one_conversation_and_logs_who_read_it(client: Any, capsys: Logged) -> None:
    """The reader is on record with what they read; the words are not."""
    put(client, make_head("conv_1"), make_message("conv_1", 1, 0, "Grüße"))
    status, conversation = ask("conv_1")
    assert status == 200
    assert conversation["messages"][0]["text"] == "Grüße"
    line = read_log(capsys)
    assert (line["event"], line["user"], line["conversation_id"]) == (
        "transcripts read",
        "auditor",
        "conv_1",
    )
    assert "Gr" not in json.dumps({**line, "event": ""})


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({}, "YYYY-MM-DD"),
        ({"day": "yesterday"}, "YYYY-MM-DD"),
        ({"day": DAY, "limit": "many"}, "limit"),
        ({"day": DAY, "limit": "201"}, "200"),
        ({"day": DAY, "limit": "9" * 5000}, "limit"),
        ({"day": DAY, "cursor": "x"}, "cursor"),
    ],
)
def test_api_says_what_is_wrong_with_a_request(query: dict[str, str], word: str) -> None:
    """A mistake of the caller is 400 with a sentence about it."""
    status, problem = ask(**query)
    assert (status, problem["code"]) == (400, "invalid_request")
    assert word in problem["detail"]


def test_api_knows_no_other_conversations(client: Any) -> None:
    """One that is not there, or has expired, is 404."""
    put(client, make_head("conv_2", expires_at=1000))
    for conversation_id in ("conv_1", "conv_2"):
        status, problem = ask(conversation_id)
        assert (status, problem["code"]) == (404, "unknown_conversation")
        assert problem["title"] == "Not Found"


def test_api_refuses_what_lambda_could_not_hand_on(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is measured as Lambda writes it, escapes and all."""
    monkeypatch.setattr(function, "_MOST_BYTES", 600)
    put(client, make_message("conv_1", 1, 0, "é" * 100))
    status, problem = ask("conv_1")
    assert (status, problem["code"]) == (422, "conversation_too_long")


@pytest.mark.parametrize(
    ("error", "status", "level"),
    [
        (TableBusy("busy", "ThrottlingException"), 503, "warning"),
        (TableDenied("denied", "AccessDeniedException"), 500, "error"),
        (RuntimeError("secret"), 500, "error"),
    ],
)
def test_api_tells_failures_to_both_sides(
    error: Exception, status: int, level: str, monkeypatch: pytest.MonkeyPatch, capsys: Logged
) -> None:
    """The caller learns whether to come back, the operator what to do, nobody what was quoted."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(function, "open_reader", cache(fail))
    answer = function.handler(http_event("/") | {"queryStringParameters": {"day": DAY}}, None)
    assert answer["statusCode"] == status
    assert ("Retry-After" in answer["headers"]) == (status == 503)
    line = read_log(capsys)
    assert (line["level"], line["status"]) == (level, status)
    assert "secret" not in json.dumps(line) + answer["body"]


def test_function_reads_and_loads_nothing_before_it_is_asked() -> None:
    """Its import needs neither variables nor the AWS SDK, which would be most of a cold start."""
    program = "import sys, functions.transcripts.handler; print('botocore' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "value"), [("TRANSCRIPT_TABLE", ""), ("TRANSCRIPT_SHARDS", "four")]
)
def test_unset_function_explains_itself(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Logged
) -> None:
    """A request ends in a problem, and one line tells the operator which variable."""
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(function, "open_reader", function.open_reader.__wrapped__)
    status, problem = ask("conv_1")
    assert (status, problem["code"]) == (500, "not_configured")
    assert name in read_log(capsys)["cause"]
