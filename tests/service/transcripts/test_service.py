"""The transcript log of a running service, read back from a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo, endpoint
from tests.service.service_process import ServiceProcess, begin_conversation, hear, say

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """With the text dropped no word of anybody's reaches the table."""
    with (
        endpoint(table) as address,
        writing_service(address, SPEECH_ENGINE_TRANSCRIPT_TEXT="drop") as service,
    ):
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5")
            hear(platform)
        service.wait_for("conversation ended")
        service.send_signal()
        assert service.wait() == 0
        found = table.scan(TableName=TABLE)["Items"]
    assert len(found) == 3
    assert "Rose" not in json.dumps(found)


def test_service_logs_what_it_cannot_write() -> None:
    """Without its table the service talks on, stops in time, and logs every item at its end."""
    nowhere = "http://127.0.0.1:9"
    with writing_service(nowhere, SPEECH_ENGINE_STOP_GRACE_SECONDS="0") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5")
            assert hear(platform)
        service.wait_for("conversation ended")
        service.wait_for("transcripts wait")
        service.send_signal()
        assert service.wait() == 0
        lost = [event["item"] for event in service.events("transcript not written")]
    assert min(item["item"] for item in lost) == "head"
    assert "Rose Street 5" in {item.get("text") for item in lost}
