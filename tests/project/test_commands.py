"""The commands that people and CI type: make targets and `.ci/run`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHONY = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
TARGETS = PHONY[1].split() if PHONY else []
DOCUMENTED = ["bench", "check", "clean", "dev", "fmt", "help", "lock", "setup", "system"]


def run_make(*arguments: str) -> str:
    """Run make as from a fresh shell and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    make = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return make.stdout


def run_ci_with(make_script: str, folder: Path) -> tuple[int, list[str]]:
    """Run `.ci/run` with a make of our own; return exit status and the targets it was asked for."""
    log = folder / "calls"
    make = folder / "make"
    make.write_text(f'#!/bin/sh\necho "$CI $*" >> {log}\n{make_script}\n')
    make.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "CI": ""}
    ci = subprocess.run([ROOT / ".ci" / "run"], env=environment, check=False, timeout=60)
    return ci.returncode, log.read_text().splitlines()


def readme_test_command() -> str:
    """Return the command that the README gives for passing every test."""
    found = re.search(r"^(make \S+) .*# .*\btest", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert found
    return found[1]


def test_make_without_target_prints_help() -> None:
    """Bare `make` is `make help`."""
    assert run_make() == run_make("help")


@pytest.mark.parametrize("target", sorted({*TARGETS, *DOCUMENTED, "talk", "test"}))
def test_make_help_lists_target(target: str) -> None:
    """Every target that a person may type has one line in `make help`, and is phony."""
    assert target in TARGETS
    lines = [line for line in run_make("help").splitlines() if line.split()[1] == target]
    assert len(lines) == 1
    assert len(lines[0].split()) > 2


def test_make_dev_needs_no_node() -> None:
    """`make dev` does not wait for Node packages."""
    plan = run_make("--dry-run", "--always-make", "dev")
    assert "-m local.dev" in plan
    assert "npm" not in plan


def test_make_system_runs_twice() -> None:
    """`make system` can be repeated and says what it did."""
    assert run_make("system").strip()
    assert run_make("system").strip()


def test_ci_calls_the_readme_commands(tmp_path: Path) -> None:
    """CI runs what the README tells people to run and the longest tests, with CI=true."""
    status, calls = run_ci_with("exit 0", tmp_path)
    assert status == 0
    assert calls == [
        "true system",
        f"true {readme_test_command().removeprefix('make ')}",
        "true long",
        "true demo",
    ]


def test_ci_fails_when_the_tests_fail(tmp_path: Path) -> None:
    """A failing target makes CI fail with its status."""
    status, calls = run_ci_with('[ "$1" != test ] || exit 3', tmp_path)
    assert status == 3
    assert calls[-1] == "true test"


def run_speechctl(program: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the checkout's `speechctl` from `folder`."""
    return subprocess.run(
        [program, *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=60
    )


def test_speechctl_runs_from_any_folder(tmp_path: Path) -> None:
    """It finds its packages and modules by itself, also through a link."""
    link = tmp_path / "speechctl"
    link.symlink_to(ROOT / "speechctl")
    done = run_speechctl(link, "--help", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: speechctl ")


def test_speechctl_before_set_up_says_what_to_do(tmp_path: Path) -> None:
    """In a fresh clone it is one line and not a missing interpreter."""
    copy = tmp_path / "speechctl"
    shutil.copy(ROOT / "speechctl", copy)
    done = run_speechctl(copy, "--help", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"speechctl: nothing is set up yet; run make setup in {tmp_path}\n"
