"""Owns what is said about the machine and the compared versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from bench.contestants import ROOT

PYTHON_PACKAGES = (
    "elevenlabs",
    "websockets",
    "uvloop",
    "pyjwt",
    "pydantic",
    "fastapi",
    "mangum",
    "flask",
)
NODE_PACKAGES = ("@elevenlabs/elevenlabs-js", "ws")


def describe_machine() -> dict[str, str]:
    """Return names and versions worth printing beside a result."""
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load average": f"{os.getloadavg()[0]:.2f}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "node": _node_version(),
        **{name: _python_package(name) for name in PYTHON_PACKAGES},
        **{name: _node_package(name) for name in NODE_PACKAGES},
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _node_version() -> str:
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.strip()


def _python_package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _node_package(name: str) -> str:
    manifest = ROOT / "node_modules" / name / "package.json"
    if not manifest.exists():
        return "none"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])
