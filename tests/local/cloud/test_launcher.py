from __future__ import annotations

import re
from pathlib import Path

from local.cloud.launcher import EMULATOR_VERSION

LOCKED = Path(__file__).resolve().parents[3] / "requirements" / "cloud.txt"


def test_patches_fit_the_emulator_that_is_locked() -> None:
    """They reach inside: another release needs another look at each of them."""
    assert re.findall(r"^ministack==(\S+)", LOCKED.read_text(), re.MULTILINE) == [EMULATOR_VERSION]
