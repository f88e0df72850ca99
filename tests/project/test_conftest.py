"""The project's own test runner: coroutines, time limits, and no skips in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 25  # less than the 30 s that a test has without a limit of its own

SKIPPED = 'import pytest\ndef test_browser() -> None:\n    pytest.skip("no browser")\n'
MARKED = 'import pytest\n@pytest.mark.skip(reason="no browser")\ndef test_page() -> None: ...\n'
MODULE = 'import pytest\npytest.skip("no browser", allow_module_level=True)\n'
EXPECTED = "import pytest\n@pytest.mark.xfail\ndef test_bug() -> None:\n    assert False\n"
SLOW = (
    "import asyncio, pytest\n@pytest.mark.limit(0.05)\nasync def test_slow() -> None:\n"
    "    await asyncio.Event().wait()\n"
)
WRONG = "async def test_wrong() -> None:\n    assert 1 == 2\n"
FED = (
    "import asyncio\nfrom hypothesis import given, strategies as st\n"
    "@given(st.integers())\nasync def test_fed(number: int) -> None:\n"
    "    await asyncio.sleep(0)\n    assert number < 1000\n"
)
RIGHT = (
    "import asyncio, pytest\n@pytest.mark.parametrize('step', [0])\n"
    "async def test_right(step: float) -> None:\n    await asyncio.sleep(step)\n"
)


def run_pytest(folder: Path, source: str, ci: str = "") -> tuple[int, str]:
    """Run one test module under the project's conftest; return exit status and output."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_it.py").write_text(source)
    options: list[str | Path] = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        folder,
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:xdist", "-p", "no:cov", folder],
        cwd=folder,
        env=os.environ | {"CI": ci},
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    return run.returncode, run.stdout


@pytest.mark.parametrize("source", [SKIPPED, MARKED, MODULE])
def test_skip_in_ci_is_a_failure(tmp_path: Path, source: str) -> None:
    """With CI=true a skipped test or module fails and gives its reason."""
    status, output = run_pytest(tmp_path, source, ci="true")
    assert status != 0
    assert "a skip is a failure in CI" in output
    assert "no browser" in output


def test_skip_elsewhere_is_allowed(tmp_path: Path) -> None:
    """Without CI=true a skip stays a skip."""
    status, output = run_pytest(tmp_path, SKIPPED)
    assert status == 0
    assert "1 skipped" in output


def test_expected_failure_in_ci_is_allowed(tmp_path: Path) -> None:
    """An xfail is no skip, also in CI."""
    status, output = run_pytest(tmp_path, EXPECTED, ci="true")
    assert status == 0
    assert "1 xfailed" in output


def test_async_test_runs(tmp_path: Path) -> None:
    """An `async def` test, also a parametrized one, runs on a loop."""
    status, output = run_pytest(tmp_path, RIGHT)
    assert status == 0
    assert "1 passed" in output


@pytest.mark.parametrize(
    ("source", "reason"),
    [(SLOW, "TimeoutError"), (WRONG, "assert 1 == 2"), (FED, "assert 1000 < 1000")],
)
def test_async_test_can_fail(tmp_path: Path, source: str, reason: str) -> None:
    """A coroutine that hangs, asserts wrongly or meets a bad example fails its test."""
    status, output = run_pytest(tmp_path, source)
    assert status == 1
    assert reason in output
