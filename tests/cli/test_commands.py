from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.__main__ import COMMANDS, main
from cli.errors import CommandError, UsageError
from tests.service.logged_process import WAIT_SECONDS, clean_environ

if TYPE_CHECKING:
    import argparse


class Writing:
    """A command that writes to standard output."""

    SUMMARY = "writes"

    def __init__(self, text: str) -> None:
        self._text = text

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """It has none."""

    def run(self, arguments: argparse.Namespace) -> int:
        sys.stdout.write(self._text)
        return 0


class Failing:
    """A command that can't do its work."""

    SUMMARY = "fails"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--hard", action="store_true")

    def run(self, arguments: argparse.Namespace) -> int:
        raise self._error


def test_commands_tell_a_mistake_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a user can mend is one line on standard error and exit code 1."""
    monkeypatch.setitem(COMMANDS, "fail", Failing(CommandError("no luck; try again")))
    assert main(["fail", "--hard"]) == 1
    assert capsys.readouterr().err == "speechctl fail: no luck; try again\n"


def test_commands_end_quietly_on_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C at any moment is no traceback."""
    monkeypatch.setitem(COMMANDS, "fail", Failing(KeyboardInterrupt()))
    assert main(["fail"]) == 130
    assert capsys.readouterr().err == ""


def test_commands_tell_a_wrong_command_line_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can't be asked for is one line too, and exit code 2, as for an unknown option."""
    monkeypatch.setitem(COMMANDS, "fail", Failing(UsageError("no such day")))
    assert main(["fail"]) == 2
    assert capsys.readouterr().err == "speechctl fail: no such day\n"


@pytest.mark.parametrize("length", [1, 100_000])
def test_commands_tell_that_output_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], length: int
) -> None:
    """A full disk is one line and exit code 1, whether a write or the last flush finds out."""
    monkeypatch.setitem(COMMANDS, "write", Writing("x" * length))
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["write"]) == 1
    assert capsys.readouterr().err == "speechctl write: can't write: No space left on device\n"


def test_commands_tell_that_output_is_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any standard output nothing is begun."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["cost"]) == 1
    assert capsys.readouterr().err == "speechctl: can't write: standard output is closed\n"


def test_commands_leave_other_failures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of something else is not taken for standard output's."""
    monkeypatch.setitem(COMMANDS, "fail", Failing(FileNotFoundError(2, "No such file", "x")))
    with pytest.raises(FileNotFoundError):
        main(["fail"])


@pytest.mark.parametrize("arguments", [[], ["no-such-command"]])
def test_commands_name_the_choice(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a known command the usage is shown, with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: speechctl" in capsys.readouterr().err


def test_commands_explain_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has a line for every command."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for name, command in COMMANDS.items():
        assert f"{name} {command.SUMMARY}" in shown


def test_commands_load_the_official_client_late() -> None:
    """The slow import of the client waits until somebody talks."""
    program = "import sys, cli.__main__; print('elevenlabs' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    )
    assert ended.stdout == "False\n"
