from __future__ import annotations

import asyncio
import sys

import pytest

from service.lifecycle import StartError, new_event_loop


@pytest.mark.parametrize(("choice", "library"), [("auto", "uvloop"), ("on", "uvloop")])
def test_event_loop_is_the_fast_one_where_installed(choice: str, library: str) -> None:
    """With uvloop installed it is used, unless it is switched off."""
    loop = new_event_loop(choice)
    assert type(loop).__module__.startswith(library)
    loop.close()


def test_event_loop_may_be_the_standard_one() -> None:
    """`off` means asyncio's own loop."""
    loop = new_event_loop("off")
    assert isinstance(loop, asyncio.SelectorEventLoop)
    loop.close()


def test_event_loop_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where uvloop is missing, `auto` does without, and `on` refuses with the remedy."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_event_loop("auto")
    assert isinstance(loop, asyncio.SelectorEventLoop)
    loop.close()
    with pytest.raises(StartError, match="uvloop is not installed; install it"):
        new_event_loop("on")
