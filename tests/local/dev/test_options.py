from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.dev.options import CONTAINER, PLATFORM_URL, OptionError, read_options

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"ELEVENLABS_API_KEY": "sk_test_dev"}


def test_options_have_fixed_ports() -> None:
    """Without any wish the addresses are those of the documentation."""
    options = read_options([], {})
    assert (options.server_port, options.simulator_port, options.page_port) == (3001, 8400, 8401)
    assert (options.agent_folder, options.ws_path) == (CONTAINER, "/ws")
    assert options.public_ws_url is None


def test_options_take_ports_from_both_sides() -> None:
    """The command line comes before the environment, and empty variables count for nothing."""
    environ = {"PORT": "4001", "SIMULATOR_PORT": "4002"}
    assert read_options([], environ).server_port == 4001
    assert read_options(["--port", "0"], environ).server_port == 0
    assert read_options(["--simulator-port", "5"], environ).simulator_port == 5
    assert read_options(["--page-port", "6"], {"PAGE_PORT": "4003"}).page_port == 6
    assert read_options([], {"PAGE_PORT": "4003"}).page_port == 4003
    assert read_options([], {"PORT": "", "SIMULATOR_PORT": " "}).simulator_port == 8400


@pytest.mark.parametrize("port", ["x", "-1", "65536", "3001.0"])
def test_options_refuse_what_is_no_port(port: str) -> None:
    """The error names the variable and the range."""
    with pytest.raises(OptionError, match=r"PORT is .*; give a whole number from 0 to 65535"):
        read_options([], {"PORT": port})


def test_options_resolve_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders may be given relative to where the command runs."""
    monkeypatch.chdir(tmp_path)
    arguments = ["--agent-folder", "mine", "--state-file", "s.json"]
    options = read_options(arguments, {})
    assert (options.agent_folder, options.state_file) == (tmp_path / "mine", tmp_path / "s.json")


@pytest.mark.parametrize(
    ("url", "checked", "path"),
    [
        ("wss://x.example", "wss://x.example/ws", "/ws"),
        ("wss://x.example/", "wss://x.example/ws", "/ws"),
        ("wss://x.example:8443/talk", "wss://x.example:8443/talk", "/talk"),
    ],
)
def test_options_complete_the_public_address(url: str, checked: str, path: str) -> None:
    """The server listens at the path at which the platform will knock."""
    options = read_options([], {**KEY, "PUBLIC_WS_URL": url})
    assert (options.public_ws_url, options.ws_path) == (checked, path)
    assert options.base_url == PLATFORM_URL


@pytest.mark.parametrize(
    "url", ["ws://x.example/ws", "https://x.example", "wss://", "wss://x.example/ws?a=1", "x"]
)
def test_options_refuse_an_address_that_cannot_work(url: str) -> None:
    """The platform dials TLS addresses only; anything else is told before an engine is made."""
    with pytest.raises(OptionError, match="PUBLIC_WS_URL is "):
        read_options([], {**KEY, "PUBLIC_WS_URL": url})


def test_options_want_a_key_for_the_real_platform() -> None:
    """A public address without a key is refused with what is missing."""
    with pytest.raises(OptionError, match="needs ELEVENLABS_API_KEY"):
        read_options([], {"PUBLIC_WS_URL": "wss://x.example/ws"})


def test_options_never_show_the_key() -> None:
    """Options can be printed without giving the key away."""
    environ = {**KEY, "PUBLIC_WS_URL": "wss://x.example/ws"}
    assert "sk_test" not in repr(read_options([], environ))
