from __future__ import annotations

import io

import pytest

from local.cloud.progress import Progress


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_step_tells_its_time() -> None:
    """A step is named when it begins, and timed when it ends."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock)
    with progress.step("Deploy"):
        clock.now += 2.5
    assert stream.getvalue().splitlines() == ["   0.0 s  Deploy …", "   2.5 s    done in 2.5 s"]


def test_step_that_fails_is_not_done() -> None:
    """Nobody reads of a success that was none."""
    stream = io.StringIO()
    with pytest.raises(ValueError, match="broken"), Progress(stream, Clock()).step("Deploy"):
        raise ValueError("broken")
    assert "done" not in stream.getvalue()


def test_stack_is_told_now_and_then_and_at_its_end() -> None:
    """Of hundreds of events a person sees one every two seconds, and the last."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock)
    for done in range(1, 21):
        clock.now += 0.25
        progress.stack("Site", done, 20)
    told = [line.split(": ")[1] for line in stream.getvalue().splitlines()]
    assert told == ["8 of 20 resources", "16 of 20 resources", "20 of 20 resources"]


def test_lines_to_copy_stand_alone() -> None:
    """What a person pastes into a shell has no time before it, and a blank line on each side."""
    stream = io.StringIO()
    Progress(stream, Clock()).show("export A=1", "export B=2")
    assert stream.getvalue() == "\nexport A=1\nexport B=2\n\n"
