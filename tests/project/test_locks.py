"""Lock files: complete, consistent, and silent about where packages were fetched from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
GROUPS: dict[str, list[str | dict[str, str]]] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text()
)["dependency-groups"]
LOCKED = sorted(set(GROUPS) - {"agent"})
PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = [*PYTHON_LOCKS, ROOT / "package-lock.json"]
PLACE = re.compile(r"://|\b[\w-]+\.(?:com|dev|io|net|org)\b|--(?:extra-)?index|--find-links")
PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
NEVER_IN_THE_IMAGE = {"aws-cdk-lib", "boto3-stubs", "cdk-nag", "constructs", "jsii", "moto", "ruff"}


def read_pins(lock: Path) -> dict[str, str]:
    """Return name → version of one requirements file."""
    return dict(PIN.findall(lock.read_text()))


def direct_requirements(group: str) -> list[Requirement]:
    """Return what a group of pyproject.toml names, included groups too."""
    found: list[Requirement] = []
    for entry in GROUPS[group]:
        if isinstance(entry, str):
            found.append(Requirement(entry))
        else:
            found.extend(direct_requirements(entry["include-group"]))
    return found


def direct_names(*groups: str) -> set[str]:
    """Return the canonical names of what these groups ask for."""
    return {canonicalize_name(need.name) for group in groups for need in direct_requirements(group)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_host(lock: Path) -> None:
    """A lock file holds no URL, no host and no index option."""
    assert PLACE.findall(lock.read_text()) == []


def test_package_lock_has_integrity_but_no_resolved() -> None:
    """Every Node package is pinned by its hash alone."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert fetched
    assert [name for name, entry in fetched.items() if "resolved" in entry] == []
    assert [name for name, entry in fetched.items() if "integrity" not in entry] == []


def test_every_group_has_its_lock() -> None:
    """`make lock` writes one file for each group that is installed by itself, and nothing else."""
    assert [lock.stem for lock in PYTHON_LOCKS] == LOCKED


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.stem)
def test_python_lock_pins_every_line_with_a_hash(lock: Path) -> None:
    """Each requirement is an exact version followed by at least one hash."""
    entries = re.sub(r"\\\n\s*", "", lock.read_text()).splitlines()
    unpinned = [
        entry
        for entry in entries
        if not entry.startswith("#") and not (PIN.match(entry) and "--hash=sha256:" in entry)
    ]
    assert unpinned == []


@pytest.mark.parametrize("group", LOCKED)
def test_python_lock_is_fresh(group: str) -> None:
    """What a group asks for in pyproject.toml is locked, in a version it allows."""
    pins = read_pins(ROOT / "requirements" / f"{group}.txt")
    stale = [
        str(need)
        for need in direct_requirements(group)
        if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]
    assert stale == []


# The emulator has an environment of its own, for it pins its AWS SDK exactly.
@pytest.mark.parametrize("group", sorted(set(LOCKED) - {"cloud", "dev", "uv"}))
def test_python_locks_agree_on_versions(group: str) -> None:
    """A smaller group holds only what the full one holds, in the same versions."""
    everything = read_pins(ROOT / "requirements" / "dev.txt")
    assert read_pins(ROOT / "requirements" / f"{group}.txt").items() <= everything.items()


def test_container_lock_has_no_tools() -> None:
    """What the image installs holds nothing that only development, tests or CDK need."""
    tools = NEVER_IN_THE_IMAGE
    if not GROUPS["agent"]:  # else the agent's packages may need what some tool needs
        tools = tools | direct_names("dev") - direct_names("container")
        assert {"pytest", "elevenlabs", "fastapi", "ruff"} <= tools
    assert set(read_pins(ROOT / "requirements" / "container.txt")) & tools == set()


def test_local_lock_has_all_that_the_server_needs() -> None:
    """`make dev` runs the server with any of its settings, a transcript table among them."""
    needed = read_pins(ROOT / "requirements" / "container.txt")
    assert needed.items() <= read_pins(ROOT / "requirements" / "local.txt").items()
