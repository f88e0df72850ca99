"""What a real server leaves behind, when it must end and when it is killed, comes back."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from local.platform import Platform
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, endpoint
from tests.fakes.platform_clients import raw_client
from tests.service.service_process import (
    API_KEY,
    ServiceProcess,
    begin_conversation,
    hear,
    say,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.transcripts.program import Program

NOWHERE = "http://127.0.0.1:9"


def writing_service(address: str, **variables: str) -> ServiceProcess:
    return ServiceProcess(
        SPEECH_ENGINE_AGENT="echo",
        SPEECH_ENGINE_TRANSCRIPT_TABLE=TABLE,
        AWS_ENDPOINT_URL=address,
        AWS_REGION=REGION,
        **{**CREDENTIALS, **variables},
    )


def read_texts(speechctl: Program, name: str) -> list[str]:
    return [each["text"] for each in speechctl("show", name, "--json").document["messages"]]


def test_what_a_server_printed_is_restored(client: Any, speechctl: Program, tmp_path: Path) -> None:
    """The log of a server that never had its table holds the whole conversation."""
    assert client
    with writing_service(NOWHERE, SPEECH_ENGINE_STOP_GRACE_SECONDS="0") as service:
        with service.connect() as socket:
            begin_conversation(socket)
            say(socket, f"Grüße {'x' * 20_000}")
            answer = hear(socket)
        service.wait_for("conversation ended")
        service.send_signal()
        assert service.wait() == 0
    log = tmp_path / "log"
    log.write_text("\n".join(service.lines))
    assert speechctl("restore", str(log)).code == 0
    assert read_texts(speechctl, "conv_test") == [f"Grüße {'x' * 20_000}", answer]
    (listed,) = speechctl("list", "--json").document["conversations"]
    assert (listed["conversation_id"], listed["messages"]) == ("conv_test", 2)


async def test_what_a_killed_server_kept_to_itself_is_filled(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After SIGKILL the platform's own record makes the conversation whole, up to its last word."""
    with endpoint(client) as address, writing_service(address) as service:
        async with Platform(api_key=API_KEY) as platform:
            ws_url = await asyncio.to_thread(lambda: service.address)
            async with raw_client(platform, ws_url) as person:
                for number, text in enumerate(("one", "two", "three"), 1):
                    await person.type_text(text)
                    await person.next("agent_response", number)
                conversation = await platform.next_conversation()
                service.send_signal(signal.SIGKILL)
                await person.type_text("are you there?")
                await conversation.ended.wait()
            monkeypatch.setenv("ELEVENLABS_BASE_URL", platform.url)
            monkeypatch.setenv("ELEVENLABS_API_KEY", API_KEY)
            arguments = ("restore", "--from-platform", conversation.id)
            filled = await asyncio.to_thread(speechctl, *arguments)
            again = await asyncio.to_thread(speechctl, *arguments)
    assert (filled.code, ", and its end" in filled.out) == (0, True)
    record = [message["message"] for message in conversation.record.describe()["transcript"]]
    assert read_texts(speechctl, conversation.id) == record
    assert len(record) >= 6
    assert again.out == f"{conversation.id}: 0 messages filled\n"
