"""What is left of conversations when their server is stopped, or killed, in the middle."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local.platform import UPSTREAM_HEADER, sign_upstream_token
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE
from tests.fakes.faulty_table import FaultyTable, listening
from tests.fakes.restored_items import read_restored
from tests.fakes.sockets import until
from tests.fakes.talking_platform import PlatformRecord, TalkingPlatform
from tests.service.service_process import API_KEY, ServiceProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONVERSATIONS = 12
FIRST_TURNS = 3
ENOUGH_SECONDS = 30.0
SLOW_AGENT = """
import asyncio

async def on_transcript(transcript, session):
    await session.send_response(words(transcript[-1].content))

async def words(said):
    for word in ("answer", " to", " the", " ", said):
        yield word
        await asyncio.sleep(0.03)
"""

Messages = dict[int, list[tuple[str, str]]]


@pytest.fixture
def table() -> FaultyTable:
    return FaultyTable(throttled_share=0.3, unprocessed_share=0.1)


@asynccontextmanager
async def conversations(
    table: FaultyTable, folder: Path
) -> AsyncIterator[tuple[ServiceProcess, TalkingPlatform]]:
    """A service in the middle of conversations, whose first turns are all in the table."""
    (folder / "slow_agent.py").write_text(SLOW_AGENT)
    with (
        listening(table) as address,
        ServiceProcess(
            folder,
            SPEECH_ENGINE_AGENT="slow_agent",
            SPEECH_ENGINE_TRANSCRIPT_TABLE=TABLE,
            SPEECH_ENGINE_STOP_GRACE_SECONDS="0.5",
            AWS_ENDPOINT_URL=address,
            AWS_REGION=REGION,
            **CREDENTIALS,
        ) as service,
    ):
        headers = {UPSTREAM_HEADER: sign_upstream_token(API_KEY, time.time())}
        platform = TalkingPlatform(
            service.address, headers, conversations=CONVERSATIONS, first_turns=FIRST_TURNS
        )
        talking = asyncio.create_task(platform.talk())
        expected = CONVERSATIONS * (2 * FIRST_TURNS + 1)
        await until(lambda: len(table.items) == expected, ENOUGH_SECONDS)
        platform.go_on.set()
        asked = platform.records
        await until(lambda: min(len(one.asked) for one in asked) > FIRST_TURNS + 1, ENOUGH_SECONDS)
        yield service, platform
        await talking


def left_behind(table: FaultyTable, service: ServiceProcess) -> dict[str, list[dict[str, Any]]]:
    """By conversation, in order: what the table acknowledged, and what was printed instead."""
    items = {(item["conversation"], item["item"]): item for item in table.items.values()}
    for item in read_restored(service.events("transcript not written")):
        items[item["conversation"], item["item"]] = item
    found = defaultdict(list)
    for (conversation, _), item in sorted(items.items()):
        found[str(conversation)].append(item)
    return found


def messages_of(items: list[dict[str, Any]]) -> Messages:
    """What was said, by the ids of the turns."""
    found: Messages = defaultdict(list)
    for item in items:
        if item["item"] != "head":
            found[item["event_id"]].append((item["role"], item["text"]))
    return found


def spoken(record: PlatformRecord, turn: int) -> list[tuple[str, str]]:
    """What the platform knows of a turn; turns count from 1."""
    return [("user", record.asked[turn - 1]), ("agent", record.answers[turn - 1])]


@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.limit(90)
async def test_stop_in_the_middle_leaves_no_gap(
    is_away: bool, table: FaultyTable, tmp_path: Path
) -> None:
    """After SIGTERM every turn is in the table or printed, cut-off answers and heads included."""
    async with conversations(table, tmp_path) as (service, platform):
        table.is_away = is_away
        service.send_signal()
        assert await asyncio.to_thread(service.wait, ENOUGH_SECONDS) == 0
    printed = service.events("transcript not written")
    assert bool(printed) == is_away
    found = left_behind(table, service)
    for record in platform.records:
        head, *_ = found[record.name]
        told = messages_of(found[record.name])
        last = len(record.asked)
        if last not in told:
            # Asked when the server was gone already.
            assert record.answers.pop() == ""
            last -= 1
        assert head["ending"] == "server"
        assert (head["turns"], head["messages"]) == (last, 2 * last)
        assert [told[turn] for turn in range(1, last)] == [
            spoken(record, turn) for turn in range(1, last)
        ]
        assert told[last] == spoken(record, last)
        assert found[record.name][-1]["outcome"] in {"closed", "complete", "superseded"}


@pytest.mark.limit(90)
async def test_kill_in_the_middle_loses_the_turn_in_flight_at_most(
    table: FaultyTable, tmp_path: Path
) -> None:
    """After SIGKILL what was acknowledged or printed is true, and has all that was old.

    With the history that the platform sent last, nothing is missing but the answer to it.
    """
    async with conversations(table, tmp_path) as (service, platform):
        service.send_signal(signal.SIGKILL)
        assert await asyncio.to_thread(service.wait, ENOUGH_SECONDS) == -signal.SIGKILL
    found = left_behind(table, service)
    for record in platform.records:
        told = messages_of(found[record.name])
        assert {*range(1, FIRST_TURNS + 1)} <= set(told)
        for turn, messages in told.items():
            # The table may have left the question and taken the answer.
            question, answer = spoken(record, turn)
            assert messages in ([question], [answer], [question, answer])
        known_messages = {*record.last_history(), *(m for turn in told.values() for m in turn)}
        missing = [message for message in record.messages() if message not in known_messages]
        assert missing in ([], [("agent", record.answers[-1])])
