from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.dev import main
from local.dev.options import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def test_page_that_cannot_be_built_is_told_as_the_readme_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a fresh checkout the page is not there yet; both say which command makes it."""
    monkeypatch.setattr(main, "WEB", tmp_path)
    monkeypatch.setattr(main, "ROOT", tmp_path)
    platform: Any = None
    async with main._page(0, platform, "engine") as page:
        assert page == "none yet: run make setup, which needs Node 20 or newer"
    (told,) = [
        line
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.endswith("open the page that make dev names")
    ]
    assert "after make setup" in told
