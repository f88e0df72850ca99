"""Many conversations at once through the platform's simulator, the service and stumbling models.

Each of the four is a process of its own, but the simulator, which runs in the test's.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect

from bench.process import read_cpu_ns
from local.platform import Platform, Script
from tests.fakes.stumbling_models import PRIMARY, SECONDARY, StumblingModels, name_turn
from tests.service.service_process import API_KEY, ServiceProcess

if TYPE_CHECKING:
    from local.platform import Engine, Turn
    from tests.fakes.stumbling_models import Account

CONVERSATIONS = 200
TURNS_EACH = 2
TURNS = CONVERSATIONS * TURNS_EACH
FIRST_WORDS_SECONDS = 2.0

_TURNS_A_SECOND = 30
_OPENING_AT_ONCE = 8
_ANSWER_SECONDS = 15.0
_TEXT_ONLY = {
    "type": "conversation_initiation_client_data",
    "conversation_config_override": {"conversation": {"text_only": True}},
}


@dataclass
class Run:
    """What came of it: the platform's turns by number, the service's log, providers' accounts."""

    turns: list[Turn]
    log: list[dict[str, Any]]
    primary: Account
    secondary: Account
    most_at_once: int
    service_cpu_ms: float

    def events(self, name: str) -> list[dict[str, Any]]:
        """The service's log events of that name."""
        return [event for event in self.log if event["event"] == name]

    def wait_seconds(self, number: int) -> float:
        """From a turn's transcript to its first chunk, as the platform saw it."""
        turn = self.turns[number]
        return turn.chunks[0].received_at - turn.sent_times[0]


class People:
    """All users: nobody speaks before all are on the line, and then each at their own moment."""

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._url = f"{platform.ws_url}/v1/convai/conversation?agent_id={engine.id}"
        self._door = asyncio.Semaphore(_OPENING_AT_ONCE)
        self._all_there = asyncio.Barrier(CONVERSATIONS)
        self._loop = asyncio.get_running_loop()

    async def talk(self) -> None:
        """Hold all conversations to their end."""
        await asyncio.gather(*(self._converse(number) for number in range(CONVERSATIONS)))

    async def _converse(self, first_turn: int) -> None:
        async with self._door:
            connection = await connect(self._url, proxy=None, compression=None)
            await connection.send(json.dumps(_TEXT_ONLY))
            await _hear(connection, "conversation_initiation_metadata")
        async with connection:
            await self._all_there.wait()
            began_at = self._loop.time()
            for number in range(first_turn, TURNS, CONVERSATIONS):
                await asyncio.sleep(began_at + number / _TURNS_A_SECOND - self._loop.time())
                said = {"type": "user_message", "text": name_turn(number)}
                await connection.send(json.dumps(said))
                await _hear(connection, "agent_response")


async def _hear(connection: Any, kind: str) -> None:
    # The platform tells its client of an answer when the final has come, unless it has no text;
    # what the turn came to is judged afterwards.
    with suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            while json.loads(await connection.recv())["type"] != kind:
                pass


def hold_conversations() -> Run:
    """Start everything, let everybody talk, and end everything."""
    with StumblingModels() as models:
        with _start_service(models.addresses()) as service:
            service.wait_for("started")
            cpu_before_ns = read_cpu_ns(service.process.pid)
            turns = asyncio.run(_talk_through(service))
            cpu_ns = read_cpu_ns(service.process.pid) - cpu_before_ns
            service.send_signal()
            assert service.wait() == 0
            log = [json.loads(line) for line in service.lines]
        accounts = models.finish()
    most = _count_most_at_once(log)
    return Run(turns, log, accounts[PRIMARY], accounts[SECONDARY], most, cpu_ns / 1e6)


def _start_service(urls: dict[str, str]) -> ServiceProcess:
    return ServiceProcess(
        SPEECH_ENGINE_MODELS="openai/test-model,openai_chat/test-model",
        SPEECH_ENGINE_FIRST_WORDS_SECONDS=str(FIRST_WORDS_SECONDS),
        OPENAI_API_KEY="sk_test_primary",
        OPENAI_BASE_URL=f"{urls[PRIMARY]}/v1",
        OPENAI_CHAT_API_KEY="sk_test_secondary",
        OPENAI_CHAT_BASE_URL=f"{urls[SECONDARY]}/v1",
    )


async def _talk_through(service: ServiceProcess) -> list[Turn]:
    """All turns in the order of their numbers."""
    async with Platform(api_key=API_KEY, script=Script(client_ping_seconds=0)) as platform:
        engine = platform.create_engine(ws_url=service.address)
        await People(platform, engine).talk()
        held = list(platform.conversations.values())
    by_text = {
        turn.frame["user_transcript"][-1]["content"]: turn
        for conversation in held
        for turn in conversation.upstream.turns.values()
    }
    return [by_text[name_turn(number)] for number in range(TURNS)]


def _count_most_at_once(log: list[dict[str, Any]]) -> int:
    changes = {"conversation started": 1, "conversation ended": -1}
    now = most = 0
    for event in log:
        now += changes.get(event["event"], 0)
        most = max(most, now)
    return most
