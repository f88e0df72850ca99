from __future__ import annotations

import os

import pytest

from tests.fakes.stacks import StackShelf


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> StackShelf:
    """Templates of environments, synthesized once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return StackShelf((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stacks")
