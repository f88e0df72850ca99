from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.dev.state import DevState, read_state, remove_state, write_state

if TYPE_CHECKING:
    from pathlib import Path


def state_of(process_id: int) -> DevState:
    return DevState(
        base_url="http://127.0.0.1:1",
        engine_id="seng_1",
        requires_auth=False,
        process_id=process_id,
    )


def ended_process_id() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_state_is_found_again(tmp_path: Path) -> None:
    """What a run writes is what a reader gets, in a folder made for it."""
    file = tmp_path / "new" / "dev.json"
    write_state(file, state_of(os.getpid()))
    assert read_state(file) == state_of(os.getpid())
    assert [path.name for path in file.parent.iterdir()] == ["dev.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"base_url": "x", "more": 1}'])
def test_state_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    """A broken or foreign file is as good as none."""
    file = tmp_path / "dev.json"
    file.write_text(text)
    assert read_state(file) is None


def test_state_of_a_run_that_is_gone_is_none(tmp_path: Path) -> None:
    """A file that a killed run left behind does not lead anybody astray."""
    file = tmp_path / "dev.json"
    assert read_state(file) is None
    write_state(file, state_of(ended_process_id()))
    assert read_state(file) is None


def test_state_is_removed_by_its_own_run_only(tmp_path: Path) -> None:
    """The end of one run leaves another's state alone."""
    file = tmp_path / "dev.json"
    write_state(file, state_of(os.getppid()))
    remove_state(file)
    assert read_state(file) == state_of(os.getppid())
    write_state(file, state_of(os.getpid()))
    remove_state(file)
    assert not file.exists()
