from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cli.errors import CommandError
from cli.target import Target, choose_target, keep_off_proxies
from local.dev.options import PLATFORM_URL
from local.dev.state import DevState, write_state

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"ELEVENLABS_API_KEY": "sk_test_talk"}


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "dev.json"


def write(file: Path, *, requires_auth: bool) -> None:
    state = DevState(
        base_url="http://127.0.0.1:8400",
        engine_id="seng_dev",
        requires_auth=requires_auth,
        process_id=os.getpid(),
    )
    write_state(file, state)


def test_target_is_the_run_of_make_dev(state_file: Path) -> None:
    """Without further wishes the engine of make dev is meant, and no key goes to the simulator."""
    write(state_file, requires_auth=False)
    assert choose_target(KEY, state_file) == Target("http://127.0.0.1:8400", "seng_dev", None)


def test_target_of_the_real_platform_needs_the_key(state_file: Path) -> None:
    """A make dev on the real platform is talked to with the developer's key."""
    write(state_file, requires_auth=True)
    assert choose_target(KEY, state_file).api_key == "sk_test_talk"
    with pytest.raises(CommandError, match="set ELEVENLABS_API_KEY here as well"):
        choose_target({}, state_file)


def test_target_may_be_named(state_file: Path) -> None:
    """ENGINE comes before make dev; another address can be given."""
    write(state_file, requires_auth=False)
    named = choose_target({**KEY, "ENGINE": "seng_real"}, state_file)
    assert named == Target(PLATFORM_URL, "seng_real", "sk_test_talk")
    elsewhere = {"ENGINE": "seng_real", "ELEVENLABS_BASE_URL": "https://eu.example/"}
    assert choose_target(elsewhere, state_file) == Target("https://eu.example", "seng_real", None)


def test_target_missing_is_told(state_file: Path) -> None:
    """Without make dev and without an engine, both ways out are named."""
    with pytest.raises(CommandError, match=r"make dev is not running; .* ENGINE=seng_") as caught:
        choose_target({"ENGINE": " "}, state_file)
    assert "\n" not in str(caught.value)


def test_target_hides_the_key() -> None:
    """A target can be printed without giving the key away."""
    assert "sk_test" not in repr(Target("https://x.example", "seng_1", "sk_test_talk"))


def test_target_on_this_machine_uses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is left out for the simulator, and kept for the platform."""
    monkeypatch.setenv("NO_PROXY", "before")
    monkeypatch.setenv("no_proxy", "before")
    keep_off_proxies(Target("https://api.example", "seng_1"))
    assert os.environ["NO_PROXY"] == "before"
    keep_off_proxies(Target("http://127.0.0.1:8400", "seng_1"))
    assert "127.0.0.1" in os.environ["NO_PROXY"]
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"]


@pytest.mark.parametrize(
    ("base_url", "code", "told"),
    [
        ("http://127.0.0.1:8400", 1000, "run make talk again"),
        ("http://127.0.0.1:8400", 1011, "see the terminal of make dev"),
        ("https://api.elevenlabs.io", 1011, "see the log of the server"),
    ],
)
def test_target_knows_what_helps_after_an_end(base_url: str, code: int, told: str) -> None:
    """After a restart one talks again; why it failed is told where the server runs."""
    assert Target(base_url, "seng_x", None).after_end(code) == told
