from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from local.platform.conversation.tasks import Tasks
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    import pytest


async def test_a_failing_task_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a background task ends the conversation instead of vanishing."""
    failures: list[str] = []
    tasks = Tasks(lambda: failures.append("failed"))

    async def fail() -> None:
        raise ValueError("bug")

    tasks.spawn(fail())
    await until(lambda: failures)
    assert failures == ["failed"]
    assert "bug" in caplog.text


async def test_cancelling_waits_until_every_task_has_ended() -> None:
    """Cancelled tasks are over afterwards and count as no failure."""
    failures: list[str] = []
    ended: list[str] = []
    tasks = Tasks(lambda: failures.append("failed"))

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("ended")

    tasks.spawn(wait())
    tasks.spawn(wait())
    await asyncio.sleep(0)
    await tasks.cancel_all()
    assert ended == ["ended", "ended"]
    assert failures == []
