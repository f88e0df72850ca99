"""A Docker engine of one's own, without a service manager and without touching the firewall.

It has its own bridge, data, socket and process, all gone at the end. Containers reach only the
machine itself, and are reached from it at their own addresses.
https://docs.docker.com/reference/cli/dockerd/
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes import debian_python

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(__file__).resolve().parents[2] / ".build"
# Debian's client builds by itself; others on the PATH may need a plugin for that.
_CLIENT = Path("/usr/bin/docker")
_PROGRAMS = ("dockerd", "containerd", "mmdebstrap", "ip")
_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_COMMAND_SECONDS = 240.0


def why_no_engine() -> str | None:
    """Why no engine can be started here, in one line; None where it can."""
    if os.geteuid() != 0:
        return "a Docker engine of the tests' own needs root"
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    missing += [] if _CLIENT.exists() else [str(_CLIENT)]
    if missing:
        return f"no {', '.join(missing)}; `make system` installs what the fullest tests use"
    return None


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """How to use a running engine."""

    host: str
    gateway: str
    folder: Path
    client: Path = _CLIENT

    @property
    def environ(self) -> dict[str, str]:
        """What a Docker client needs in its environment."""
        return {
            "DOCKER_HOST": self.host,
            "DOCKER_BUILDKIT": "1",
            "DOCKER_CONFIG": str(self.folder / "config"),
        }

    @property
    def build_flags(self) -> tuple[str, ...]:
        """What `docker build` needs besides: the machine's network, and the CAs it trusts."""
        secret = f"--secret=id=ca-bundle,src={_CA_BUNDLE}"
        return ("--network=host", *([secret] if _CA_BUNDLE.exists() else []))

    def run(self, *arguments: str, seconds: float = _COMMAND_SECONDS) -> str:
        """Run the client; returns its output. Raises AssertionError with its errors."""
        done = subprocess.run(
            [self.client, *arguments],
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()


@contextmanager
def docker_engine() -> Iterator[DockerEngine]:
    """Run an engine that has `python:3.13-slim`; `why_no_engine` has to be None."""
    with ExitStack() as undo:
        # Short, since the path of a Unix socket may have 107 bytes.
        folder = Path(tempfile.mkdtemp(prefix="docker-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        _mount_memory(folder, undo)
        bridge, gateway = _add_bridge(undo)
        engine = DockerEngine(f"unix://{folder}/docker.sock", gateway, folder)
        undo.callback(_stop, _start(folder, bridge, engine))
        _wait_until_up(engine)
        undo.callback(_remove_containers, engine)
        archive = debian_python.make_archive(CACHE)
        path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
        engine.run("import", "--change", f"ENV {path}", str(archive), debian_python.NAME)
        yield engine


def _mount_memory(folder: Path, undo: ExitStack) -> None:
    """Have the engine's data in memory: layers are tens of thousands of small files."""
    _run("mount", "-t", "tmpfs", "-o", "size=3g,mode=700", "tmpfs", str(folder))
    # Recursively: networks of the machine itself leave a mount in there.
    undo.callback(_run, "umount", "--recursive", str(folder))


def _add_bridge(undo: ExitStack) -> tuple[str, str]:
    """A bridge and its address; the kernel's own number for it keeps two engines apart."""
    bridge = f"docker-{secrets.token_hex(4)}"  # 15 characters, the most
    _run("ip", "link", "add", "name", bridge, "type", "bridge")
    undo.callback(_run, "ip", "link", "delete", bridge)
    number = socket.if_nametoindex(bridge)
    gateway = f"10.{200 + number // 256 % 50}.{number % 256}.1"
    _run("ip", "address", "add", f"{gateway}/24", "dev", bridge)
    _run("ip", "link", "set", bridge, "up")
    return bridge, gateway


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=10)


def _start(folder: Path, bridge: str, engine: DockerEngine) -> subprocess.Popen[bytes]:
    switches_off = ("iptables", "ip-forward", "ip-masq", "userland-proxy")
    command = [
        "dockerd",
        f"--host={engine.host}",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/run",
        f"--pidfile={folder}/pid",
        f"--bridge={bridge}",
        "--ip=127.0.0.1",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        *(f"--{name}=false" for name in switches_off),
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _wait_until_up(engine: DockerEngine) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            engine.run("version")
        except AssertionError:
            log = (engine.folder / "log").read_text()
            assert time.monotonic() < deadline, f"no Docker engine: {log[-2000:]}"
            time.sleep(0.1)
        else:
            return


def _remove_containers(engine: DockerEngine) -> None:
    containers = engine.run("ps", "--all", "--quiet").split()
    if containers:
        engine.run("rm", "--force", "--volumes", *containers)


def _stop(dockerd: subprocess.Popen[bytes]) -> None:
    dockerd.terminate()
    try:
        dockerd.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        dockerd.kill()
        dockerd.wait()
