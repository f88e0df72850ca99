from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.browsers import run_chromium
from tests.fakes.web_pages import build_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built once."""
    return build_page(tmp_path_factory.mktemp("page") / "dist")


@pytest.fixture(scope="session")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a browser that all tests share."""
    with run_chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address
