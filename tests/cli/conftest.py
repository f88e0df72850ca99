from __future__ import annotations

import pytest

from tests.fakes.environments import FROZEN


@pytest.fixture(autouse=True)
def _frozen_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """What commands do with `dev` and `prod` is checked on those that no fork edits."""
    monkeypatch.setattr("infra.settings.load.ENVIRONMENTS", FROZEN)
