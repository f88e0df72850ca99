"""The command as a program of its own: in a terminal, and before a reader that goes away."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, endpoint
from tests.fakes.terminals import Terminal
from tests.fakes.transcript_items import make_head, make_message, put
from tests.service.logged_process import WAIT_SECONDS, clean_environ

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = (sys.executable, "-m", "cli", "transcripts")
HARMFUL = "\x1b]0;title\x07\x1b[2J\u202e"


@pytest.fixture(scope="module")
def environ(client: Any) -> Iterator[dict[str, str]]:
    """What a person has set who looks at a table of a cloud on this machine."""
    with endpoint(client) as url:
        variables = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION, **CREDENTIALS}
        environ = clean_environ(**variables, TERM="xterm-256color", COLUMNS="100")
        for name in ("NO_COLOR", "PYTHONUNBUFFERED"):
            environ.pop(name, None)
        yield environ


@contextmanager
def opened_terminal(environ: dict[str, str], *arguments: str) -> Iterator[Terminal]:
    with Terminal([*COMMAND, *arguments, "--table", TABLE], environ) as terminal:
        yield terminal


def begin(client: Any, name: str) -> None:
    now = datetime.now(UTC)
    time = now.time().isoformat("milliseconds")
    put(client, make_head(name, time, day=now.date().isoformat(), user=HARMFUL))


def test_a_terminal_gets_a_table_and_colours(client: Any, environ: dict[str, str]) -> None:
    """In front of a person there are colours, and nothing of what was said can make its own."""
    begin(client, "conv_terminal")
    put(client, make_message("conv_terminal", 1, 0, f"hello {HARMFUL}"))
    for arguments in (("list",), ("show", "conv_terminal")):
        with opened_terminal(environ, *arguments) as terminal:
            assert terminal.process.wait(WAIT_SECONDS) == 0
            terminal.wait_for("\\u202e")
            assert "conv_terminal" in terminal.shown
            assert "\x1b[1m" in terminal.shown
            assert not any(each in terminal.shown for each in ("\x1b]0", "\x1b[2J", "\u202e"))


def test_a_terminal_follows_until_ctrl_c(client: Any, environ: dict[str, str]) -> None:
    """New conversations and messages appear by themselves; Ctrl-C ends it without a traceback."""
    begin(client, "conv_followed")
    with opened_terminal(environ, "tail", "--interval", "0.1") as terminal:
        terminal.wait_for("conv_followed began")
        put(client, make_message("conv_followed", 1, 0, f"here I am {HARMFUL}"))
        terminal.wait_for("here I am")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(WAIT_SECONDS) == 130
        assert "\x1b[2J" not in terminal.shown
        assert "Traceback" not in terminal.shown


def test_a_reader_that_goes_away_ends_it_quietly(client: Any, environ: dict[str, str]) -> None:
    """`… | head` is no error that anybody has to read."""
    put(client, *(make_message("conv_long", n, 0, "x" * 200_000) for n in range(3)))
    command = [*COMMAND, "show", "conv_long", "--table", TABLE]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(WAIT_SECONDS) == 141
        assert process.stderr.read() == b""
