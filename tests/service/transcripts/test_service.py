"""The transcript log of a running service, read back from a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo, endpoint
from tests.service.service_process import ServiceProcess, begin_conversation, hear, say

if TYPE_CHECKING:
    from collections.abc import Iterator


NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def table() -> Iterator[Any]:
    with dynamo() as client:
        yield client


def writing_service(address: str, **variables: str) -> ServiceProcess:
    return ServiceProcess(
        SPEECH_ENGINE_TRANSCRIPT_TABLE=TABLE,
        AWS_ENDPOINT_URL=address,
        AWS_REGION=REGION,
        **{**CREDENTIALS, **variables},
    )


def test_service_writes_transcripts_until_it_has_stopped(table: Any) -> None:
    """All that was said in the last conversation is in the table once the process has ended."""
    with (
        endpoint(table) as address,
        writing_service(address, SPEECH_ENGINE_ENVIRONMENT="test") as service,
    ):
        assert service.wait_for("started")["environment"] == "test"
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5", event_id=26)
            answer = hear(platform)
            service.send_signal()
            service.wait_for("draining")
        assert service.wait() == 0
        found = table.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        lines = "".join(service.lines + service.errors)
    items = {item["item"]["S"]: item for item in found}
    assert sorted(items) == ["head", "message#000000000026#0000", "message#000000000026#0001"]
    assert items["head"]["environment"] == {"S": "test"}
    assert items["head"]["messages"] == {"N": "2"}
    assert [item["text"]["S"] for name, item in sorted(items.items())[1:]] == [
        "Rose Street 5",
        answer,
    ]
    assert "Rose" not in lines


def test_service_writes_no_text_where_it_is_to_be_dropped(table: Any) -> None:
    """With the text dropped no word of anybody's is printed or reaches the table."""
    with (
        endpoint(table) as address,
        writing_service(address, SPEECH_ENGINE_TRANSCRIPT_TEXT="drop") as service,
        writing_service(
            NOWHERE, SPEECH_ENGINE_TRANSCRIPT_TEXT="drop", SPEECH_ENGINE_STOP_GRACE_SECONDS="0"
        ) as cut_off,
    ):
        for one in (service, cut_off):
            with one.connect() as platform:
                begin_conversation(platform)
                say(platform, "Rose Street 5")
                hear(platform)
            one.wait_for("conversation ended")
            one.send_signal()
            assert one.wait() == 0
        found = table.scan(TableName=TABLE)["Items"]
        lines = "".join(service.lines + cut_off.lines)
        printed = cut_off.events("transcript not written")
    assert (len(found), len(printed)) == (3, 3)
    assert "Rose" not in json.dumps(found) + lines


def test_service_stores_redacted_text_only(table: Any) -> None:
    """Card numbers and the operator's own patterns reach the table only if that is wanted."""
    pattern = '{"order": "ORD-[0-9]{6}"}'
    with (
        endpoint(table) as address,
        writing_service(address, SPEECH_ENGINE_TRANSCRIPT_REDACTION_PATTERNS=pattern) as service,
        writing_service(address, SPEECH_ENGINE_TRANSCRIPT_REDACTION="off") as open_one,
    ):
        for name, one in (("careful", service), ("open", open_one)):
            with one.connect() as platform:
                begin_conversation(platform, name)
                say(platform, "my card is 4111 1111 1111 1111, the order ORD-123456")
                hear(platform)
            one.send_signal()
            assert one.wait() == 0
        found = table.scan(TableName=TABLE)["Items"]
    texts = {
        (item["conversation"]["S"], item["text"]["S"])
        for item in found
        if item.get("role", {}).get("S") == "user"
    }
    assert texts == {
        ("careful", "my card is [card], the order [order]"),
        ("open", "my card is 4111 1111 1111 1111, the order ORD-123456"),
    }
    assert "4111" not in str([item for item in found if item["conversation"]["S"] == "careful"])


def test_service_logs_what_it_cannot_write() -> None:
    """Without its table the service talks on, stops in time, and prints all items, redacted."""
    with writing_service(NOWHERE, SPEECH_ENGINE_STOP_GRACE_SECONDS="0") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5, jo@example.com")
            assert hear(platform)
        service.wait_for("conversation ended")
        service.wait_for("transcripts wait")
        service.send_signal()
        assert service.wait() == 0
        lines = service.events("transcript not written")
    lost = [json.loads(line["data"]) for line in lines]
    assert min(item["item"] for item in lost) == "head"
    assert "Rose Street 5, [email]" in {item.get("text") for item in lost}
    assert "jo@" not in json.dumps(lost)
