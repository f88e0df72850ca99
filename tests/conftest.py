"""How tests run: coroutines under asyncio with a time limit, and no skips in CI.

Knows nothing of the code under test.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

LIMIT_SECONDS = 30.0

# Examples share two cores with the other workers: how long one takes says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of the tests: asyncio's own, or with TEST_LOOP=uvloop the image's."""
    if os.environ.get("TEST_LOOP") != "uvloop":
        return None
    import uvloop

    return uvloop.new_event_loop


def run_limited(
    test: Callable[..., Coroutine[Any, Any, None]], seconds: float
) -> Callable[..., None]:
    """Return a plain function that runs `test` on a fresh loop and cancels it after `seconds`.

    The runner cancels every task that the test left behind, also when it failed.
    """

    async def run_until_limit(**arguments: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(**arguments)

    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run_until_limit(**arguments))

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Turn an `async def` test, also one that Hypothesis feeds, into a plain function."""
    if isinstance(item, pytest.Function):
        marker = item.get_closest_marker("limit")
        seconds = float(marker.args[0]) if marker else LIMIT_SECONDS
        fed = getattr(item.obj, "hypothesis", None)
        if fed is not None and inspect.iscoroutinefunction(fed.inner_test):
            fed.inner_test = run_limited(fed.inner_test, seconds)
        elif inspect.iscoroutinefunction(item.obj):
            item.obj = run_limited(item.obj, seconds)
    return (yield)


def fail_if_skipped_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure when the environment says CI=true; xfail is not a skip."""
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"a skip is a failure in CI: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Apply the CI rule to single tests."""
    report = yield
    fail_if_skipped_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Apply the CI rule to whole modules (`importorskip`, module-level skips)."""
    report = yield
    fail_if_skipped_in_ci(report)
    return report
