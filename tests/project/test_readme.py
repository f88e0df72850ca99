"""README and docs: the first screen, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST_SCREEN_LINES = 30
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("command", ["make demo", "make dev", "make talk", "make test"])
def test_readme_first_screen_gives_command(command: str) -> None:
    """A person finds the commands without scrolling."""
    first_screen = (ROOT / "README.md").read_text().splitlines()[:FIRST_SCREEN_LINES]
    assert any(line.startswith(command) for line in first_screen)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_links_lead_to_files(page: Path) -> None:
    """Every relative link of a page points at something in the repository."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []
