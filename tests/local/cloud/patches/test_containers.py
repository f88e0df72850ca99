from __future__ import annotations

from local.cloud.patches.containers import _limits, _pull_from

ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


def test_image_of_ecr_is_pulled_from_the_registry_on_loopback() -> None:
    """Only ECR's host is replaced, in a copy: the API still tells what was deployed."""
    images = [f"{ECR}/assets:1", "python:3.13-slim"]
    definition = {"containerDefinitions": [{"image": image} for image in images]}
    nearby = _pull_from("127.0.0.1:4566", definition)
    pulled = [container["image"] for container in nearby["containerDefinitions"]]
    assert pulled == ["127.0.0.1:4566/assets:1", "python:3.13-slim"]
    assert definition["containerDefinitions"][0]["image"] == images[0]


def test_container_gets_its_tasks_limits() -> None:
    """CPU, memory, capabilities and the read-only root reach the engine."""
    container = {
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
    }
    assert _limits(container, {"cpu": "256", "memory": "512"}) == {
        "nano_cpus": 250_000_000,
        "mem_limit": "512m",
        "cap_drop": ["ALL"],
        "read_only": True,
    }


def test_container_without_limits_gets_none() -> None:
    """What a task definition leaves out is left to the engine."""
    assert _limits({}, {}) == {}
