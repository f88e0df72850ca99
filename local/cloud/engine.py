"""The Docker engine that runs tasks as containers, where one answers.

Owns how it is found, how its containers reach the emulator, and that nothing of this run stays in
it. Knows nothing of tasks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from local.cloud.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_HOST = "unix:///var/run/docker.sock"
_ANSWER_SECONDS = 10.0
_CLEAN_SECONDS = 60.0
_PIPE_BYTES = 65536
# The emulator labels its containers with the address that it serves on.
_OWNER_LABEL = "ministack.instance"


class Engine:
    """An engine that answers. `gateway` is this machine's address on the containers' network."""

    def __init__(self, client: str, environ: Mapping[str, str], gateway: str) -> None:
        self._client = client
        self._environ = dict(environ)
        self._gateway = gateway
        self._server: asyncio.Server | None = None

    @property
    def variables(self) -> dict[str, str]:
        """Return what a Docker client needs to find the engine."""
        return dict(self._environ)

    async def relay(self, port: int) -> str:
        """Let containers reach a loopback port of this machine; returns the address for them.

        Only they do: the address is the bridge's own.
        """

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer), contextlib.suppress(OSError):
                near_reader, near_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_copy(reader, near_writer), _copy(near_reader, writer))

        self._server = await asyncio.start_server(pass_on, self._gateway, 0)
        return f"http://{self._gateway}:{self._server.sockets[0].getsockname()[1]}"

    async def containers(self, owner: str) -> list[str]:
        """Return the containers of one emulator, stopped ones too."""
        return await self._list("ps", "--all", "--filter", f"label={_OWNER_LABEL}={owner}")

    async def close(self, *, owner: str, registry: str) -> None:
        """Remove what one emulator left: its containers, and the images named after `registry`."""
        if self._server is not None:
            self._server.close()
        containers = await self.containers(owner)
        if containers:
            await self._run("rm", "--force", "--volumes", *containers)
        images = await self._list("image", "ls", "--filter", f"reference={registry}/*")
        if images:
            await self._run("image", "rm", "--force", *images)

    async def _list(self, *command: str) -> list[str]:
        return sorted(set((await self._run(*command, "--quiet")).split()))

    async def _run(self, *command: str) -> str:
        return await _ask(self._client, self._environ, *command, seconds=_CLEAN_SECONDS)


async def find_engine(environ: Mapping[str, str]) -> Engine | str:
    """Return the engine that answers, or one line that says why no container can run."""
    client = environ.get("CLOUD_DOCKER", "docker")
    own = {name: value for name, value in environ.items() if name.startswith("DOCKER_")}
    own = {"DOCKER_HOST": _DEFAULT_HOST, "DOCKER_BUILDKIT": "1", **_config(environ), **own}
    template = "{{(index .IPAM.Config 0).Gateway}}"
    question = ("network", "inspect", "bridge", "--format", template)
    try:
        gateway = (await _ask(client, own, *question, seconds=_ANSWER_SECONDS)).strip()
    except CloudError:
        return "no Docker engine answers"
    if not _is_own_address(gateway):
        return "the Docker engine runs on another machine"
    return Engine(client, own, gateway)


async def _ask(client: str, environ: Mapping[str, str], *command: str, seconds: float) -> str:
    """Run the client and return its output. Raises CloudError."""
    try:
        process = await asyncio.create_subprocess_exec(
            client,
            *command,
            env={"PATH": os.environ.get("PATH", os.defpath), **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C reaches the demo alone, which still needs the engine to clean up.
            start_new_session=True,
        )
    except OSError as error:
        raise CloudError(f"{client} can't be run: {error.strerror}") from None
    try:
        output, errors = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        raise CloudError(f"docker {command[0]} took longer than {seconds:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CloudError(f"docker {command[0]}: {errors.decode(errors='replace').strip()}")
    return output.decode()


def _config(environ: Mapping[str, str]) -> dict[str, str]:
    """Return where the client finds plugins and logins, which it looks up at home."""
    return {"DOCKER_CONFIG": f"{environ['HOME']}/.docker"} if "HOME" in environ else {}


def _is_own_address(address: str) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind((address, 0))
        return bool(address)
    return False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_PIPE_BYTES):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
