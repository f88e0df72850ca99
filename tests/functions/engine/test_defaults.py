from __future__ import annotations

from typing import Any

from functions.engine.defaults import DEFAULTS, drop_unknown, lay_over, reset_removed
from local.platform.rest.models import EngineSettings


def test_defaults_are_those_of_the_simulator() -> None:
    """Both ends read the same documentation; only client authentication is this project's own."""
    target = {"ws_url": "wss://example.com/ws"}
    documented = EngineSettings.model_validate({"speech_engine": target}).model_dump(mode="json")
    own = {**DEFAULTS, "auth": documented["auth"]}
    assert lay_over(documented, own) == documented


def test_reset_removed_names_only_what_is_gone() -> None:
    """Settings that stay, change or come are no business of it."""
    old = {"name": "a", "tts": {"speed": 0.9, "stability": 0.1}, "language": "de"}
    new = {"name": "b", "tts": {"stability": 0.2}, "asr": {"keywords": ["x"]}}
    assert reset_removed(old, new) == {"tts": {"speed": 1.0}, "language": "en"}


def test_reset_removed_leaves_the_address_alone() -> None:
    """The block with address and headers is always sent whole."""
    assert reset_removed({"speech_engine": {"request_headers": {"X-A": "a"}}}, {}) == {}


def test_reset_removed_has_null_where_nothing_is_documented() -> None:
    """An undocumented setting, and one of an unknown block, come back as null."""
    old: dict[str, Any] = {"vad": {"x": 1}, "tts": {"clone_strength": 0.2}, "new_block": {"y": 1}}
    resets = reset_removed(old, {"vad": {}, "new_block": {}})
    assert resets == {"vad": {"x": None}, "tts": {"clone_strength": None}, "new_block": {"y": None}}
    assert drop_unknown(resets) == {}


def test_drop_unknown_keeps_empty_lists_and_false() -> None:
    """Only null means unknown."""
    resets = {"tts": {"supported_voices": [], "enable_phoneme_tags": False, "clone_strength": None}}
    assert drop_unknown(resets) == {"tts": {"supported_voices": [], "enable_phoneme_tags": False}}
