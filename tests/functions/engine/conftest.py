from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.moto_account import open_account

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    """The account that holds the function's secrets."""
    with open_account():
        yield
