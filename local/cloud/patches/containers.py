"""Containers that are what their task definition says, and that reach the emulator.

The emulator pulls from a host name that only AWS has, passes on none of a task's limits, and tells
the container an address and a way to credentials that AWS SDKs refuse. Without effect where no
engine is given.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

# ruff: noqa: SLF001 - a patch reaches inside
from __future__ import annotations

import copy
import os
from typing import Any

REGISTRY_VARIABLE = "CLOUD_REGISTRY"
ENDPOINT_VARIABLE = "CLOUD_TASK_ENDPOINT"
_CPU_UNITS = 1024
_REFUSED_BY_SDKS = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN")


def add() -> None:
    """Wrap how a task's containers are started."""
    endpoint, registry = os.environ.get(ENDPOINT_VARIABLE), os.environ.get(REGISTRY_VARIABLE)
    if not endpoint or not registry:
        return
    from ministack.core.responses import get_region  # type: ignore[import-not-found]
    from ministack.services import ecs  # type: ignore[import-not-found]

    start, describe = ecs._start_task_worker, ecs._build_run_kwargs

    def start_nearby(task: Any, definition: dict[str, Any], *more: Any) -> None:
        start(task, _pull_from(registry, definition), *more)

    def describe_all(container: dict[str, Any], definition: dict[str, Any], *more: Any) -> Any:
        options = describe(container, definition, *more)
        environment = {**options["environment"], **_credentials(endpoint, get_region())}
        for name in _REFUSED_BY_SDKS:
            environment.pop(name, None)
        return {**options, "environment": environment, **_limits(container, definition)}

    ecs._start_task_worker, ecs._build_run_kwargs = start_nearby, describe_all


def _pull_from(registry: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Name the registry in the place of ECR's host."""
    nearby = copy.deepcopy(definition)
    for container in nearby["containerDefinitions"]:
        host, slash, name = container["image"].partition("/")
        if ".dkr.ecr." in host:
            container["image"] = f"{registry}{slash}{name}"
    return nearby


def _credentials(endpoint: str, region: str) -> dict[str, str]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **{name: os.environ[name] for name in names},
    }


def _limits(container: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    linux = container.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    options = {
        "nano_cpus": int(definition["cpu"]) * 10**9 // _CPU_UNITS if "cpu" in definition else None,
        "mem_limit": f"{definition['memory']}m" if "memory" in definition else None,
        "read_only": bool(container.get("readonlyRootFilesystem")),
        "cap_drop": capabilities.get("drop"),
        "init": linux.get("initProcessEnabled"),
        "user": container.get("user"),
        "entrypoint": container.get("entryPoint"),
    }
    return {name: value for name, value in options.items() if value}
