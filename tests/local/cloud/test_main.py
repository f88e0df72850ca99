from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

import pytest

from local.cloud import main as program
from local.cloud.errors import CloudError
from local.cloud.options import read_options
from local.cloud.proof import NOT_PROVEN, Proof

if TYPE_CHECKING:
    from pathlib import Path


def test_unexpected_error_is_one_line_and_a_traceback_in_the_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person reads what broke; who mends it finds where."""

    async def break_down(*_: object) -> NoReturn:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(program, "run_demo", break_down)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with patch.dict("os.environ"):
        assert program.main([], {}) == 1
    (folder,) = tmp_path.iterdir()
    assert capsys.readouterr().err.splitlines() == [
        "make demo: RuntimeError: two lines",
        f"make demo: all logs are in {folder}",
    ]
    assert "break_down" in (folder / "traceback.log").read_text()


def test_demo_does_not_see_the_developers_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile is not asked for, and what is on loopback not of a proxy."""
    found: list[dict[str, str]] = []

    async def look(*_: object) -> NoReturn:
        found.append(dict(os.environ))
        raise CloudError("seen")

    monkeypatch.setattr(program, "run_demo", look)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with patch.dict("os.environ", {"AWS_PROFILE": "production", "NO_PROXY": "example.com"}):
        assert program.main([], {}) == 1
    (environ,) = found
    assert not [name for name in environ if name.startswith("AWS_")]
    assert environ["NO_PROXY"] == "example.com,127.0.0.1,localhost"


def test_options_that_are_none_end_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing mistake is answered with what there is."""
    with pytest.raises(SystemExit) as end:
        read_options(["--tasks", "virtual"], {})
    assert end.value.code == 2
    assert "processes" in capsys.readouterr().err


def test_proof_shows_what_was_seen_and_what_cannot_be() -> None:
    """Nobody takes the emulator for AWS: the second table is always there."""
    proof, stream = Proof(), io.StringIO()
    proof.add("the stacks deploy", "4 of them")
    proof.show(stream)
    said = stream.getvalue()
    assert "the stacks deploy   4 of them" in said
    assert all(what in said for what, _ in NOT_PROVEN)
