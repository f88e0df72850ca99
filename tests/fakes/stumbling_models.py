"""Two providers in a process of their own, of which the first stumbles at the turns that it should.

Run as a program it prints where both listen, serves until SIGTERM, and prints what it did.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from tests.fakes.model_servers import connection
from tests.fakes.model_servers.openai_chat import ChatWire
from tests.fakes.model_servers.openai_responses import ResponsesWire
from tests.fakes.model_servers.server import Pause, Raw, Refuse, Say, Stall, Step, serve_model
from tests.service.logged_process import LoggedProcess, clean_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.model_servers.server import Request, WireFormat

PRIMARY, SECONDARY = "primary", "secondary"
WORDS = ("One ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight.")

_SEED = 4
_BLOCK = 10
_FATES = ("stall", "fail")
"""One turn each of ten; who waits without an answer, and who is told 503."""


def name_turn(number: int) -> str:
    """What the user says in a turn of that number: all that the providers need to know."""
    return f"Turn {number}."


def fate_of(number: int) -> str:
    """What becomes of a turn at the primary: places are drawn anew for each ten turns."""
    block, place = divmod(number, _BLOCK)
    stumbling = random.Random(f"{_SEED} {block}").sample(range(_BLOCK), len(_FATES))
    return _FATES[stumbling.index(place)] if place in stumbling else "answer"


def _think_seconds(provider: str, number: int) -> float:
    shortest, longest = (0.1, 0.3) if provider == PRIMARY else (0.2, 0.4)
    return random.Random(f"{_SEED} {provider} {number}").uniform(shortest, longest)


@dataclass
class Account:
    """What one provider did: its seconds from a turn's request to its first piece, and the rest."""

    seconds: dict[int, float] = field(default_factory=dict)
    stumbled: list[int] = field(default_factory=list)
    connections: int = 0

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """What the process printed; keys have become texts."""
        seconds = {int(number): value for number, value in told["seconds"].items()}
        return cls(seconds, told["stumbled"], told["connections"])

    def plan(self, provider: str, request: Request) -> Sequence[Step]:
        """The script of a model server."""
        number = _read_number(request)
        fate = fate_of(number) if provider == PRIMARY else "answer"
        if fate != "answer":
            self.stumbled.append(number)
            return [Stall() if fate == "stall" else Refuse(503)]
        first = partial(self._say_first, number, time.perf_counter())
        return [Pause(_think_seconds(provider, number)), Raw(first), *map(Say, WORDS[1:])]

    def _say_first(self, number: int, asked_at: float, wire: Any) -> bytes:
        self.seconds[number] = time.perf_counter() - asked_at
        encoded: bytes = wire.say(WORDS[0])
        return encoded


def _read_number(request: Request) -> int:
    messages = request.body.get("input") or request.body["messages"]
    return int(messages[-1]["content"].strip(".").split()[-1])


class StumblingModels(LoggedProcess):
    """The process. Ask it to `finish` for the accounts of both."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", __name__], clean_environ())

    def addresses(self) -> dict[str, str]:
        """Where each provider listens, as soon as they do."""
        self.wait_until(lambda: bool(self.lines))
        told: dict[str, str] = json.loads(self.lines[0])
        return told

    def finish(self) -> dict[str, Account]:
        """End it, and return what each provider did."""
        self.send_signal()
        assert self.wait() == 0, self.errors
        return {name: Account.read(told) for name, told in json.loads(self.lines[1]).items()}


async def serve() -> None:
    """Serve both until SIGTERM."""
    connection.LOOK_SECONDS = 0.02  # there are dozens of pauses at once
    wires: dict[str, Callable[[], WireFormat]] = {PRIMARY: ResponsesWire, SECONDARY: ChatWire}
    accounts = {name: Account() for name in wires}
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with AsyncExitStack() as stack:
        models = {n: await stack.enter_async_context(serve_model(w)) for n, w in wires.items()}
        for name, model in models.items():
            model.script = partial(accounts[name].plan, name)
        _print({name: model.url for name, model in models.items()})
        await stopping.wait()
        for name, model in models.items():
            accounts[name].connections = model.connections
    _print({name: vars(account) for name, account in accounts.items()})


def _print(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
