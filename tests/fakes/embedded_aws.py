"""An emulator of one's own with this project's patches, for tests that talk to it by boto3."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.deployed import Deployed
from local.cloud.emulator import Account, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = CHECKOUT / ".venv-cloud" / "bin" / "python"
ACCOUNT = Account(number="111122223333", region="eu-central-1")


def make_emulator(folder: Path, python: Path = PYTHON) -> Emulator:
    """An emulator that is not started yet; its files are in `folder`."""
    return Emulator(folder=folder, python=python, checkout=CHECKOUT, account=ACCOUNT)


@contextmanager
def embedded_aws(folder: Path) -> Iterator[Deployed]:
    """Run an emulator; yields its account."""
    with asyncio.Runner() as runner:
        emulator = make_emulator(folder)
        try:
            runner.run(emulator.start({}))
            yield Deployed(ACCOUNT, emulator.endpoint)
        finally:
            runner.run(emulator.stop())
