from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

IMAGES = Path(__file__).resolve().parents[3] / "local" / "cloud" / "images"
ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [IMAGES / program, *arguments],
        env={**os.environ, **variables},
        input="password",
        capture_output=True,
        check=False,
        text=True,
        timeout=10,
    )


@pytest.fixture
def engine(tmp_path: Path) -> dict[str, str]:
    """A Docker client that prints what it is asked for."""
    client = tmp_path / "docker"
    client.write_text('#!/bin/sh\necho "$@"\n')
    client.chmod(0o755)
    return {
        "CLOUD_DOCKER": str(client),
        "CLOUD_REGISTRY": "127.0.0.1:4566",
        "CLOUD_BUILD_OPTIONS": "--network=host --secret=id=ca",
    }


def test_without_an_engine_no_image_is_there_and_all_can_be_published() -> None:
    """The CDK asks, builds, tags and pushes as ever, and nothing happens."""
    assert run("none.sh", "inspect", "image").returncode == 1
    for command in ("login", "build", "tag", "push"):
        assert run("none.sh", command).returncode == 0


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        (["build", "--tag", "image", "."], "build --network=host --secret=id=ca --tag image ."),
        (["tag", "image", f"{ECR}/assets:1"], "tag image 127.0.0.1:4566/assets:1"),
        (["push", f"{ECR}/assets:1"], "push --quiet 127.0.0.1:4566/assets:1"),
        (["inspect", "image"], "inspect image"),
        (["login", ECR], ""),
    ],
)
def test_with_an_engine_images_go_to_the_registry_on_loopback(
    engine: dict[str, str], asked: list[str], done: str
) -> None:
    """The engine's own client does what the CDK asks, and nobody logs in to AWS."""
    ran = run("engine.sh", *asked, **engine)
    assert (ran.returncode, ran.stdout.strip()) == (0, done)
