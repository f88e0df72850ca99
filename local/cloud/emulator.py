"""The emulator as a child process: its own environment, a port of the kernel's choice, a clean end.

Owns where it listens and what it is told. Knows nothing of what is deployed to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from local.cloud.errors import CloudError
from local.cloud.readiness import is_ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "127.0.0.1"
_HEALTH_PATH = "/_ministack/health"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.1
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose cloud it is. Credentials that an AWS would refuse."""

    number: str
    region: str

    def variables(self, endpoint: str) -> dict[str, str]:
        """Return what AWS SDKs and the CDK read, and nothing that leads to a real account."""
        return {
            "AWS_ENDPOINT_URL": endpoint,
            # The emulator takes the access key's digits for the account.
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


class Emulator:
    """Serves at `endpoint` between `start` and `stop`; the address is known before.

    `folder` is for its log and its temporary files; `python` is that of the emulator's environment.
    """

    def __init__(
        self,
        *,
        folder: Path,
        python: Path,
        checkout: Path,
        account: Account,
    ) -> None:
        self._folder = folder
        self._python = python
        self._checkout = checkout
        self._account = account
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self._process: asyncio.subprocess.Process | None = None
        self.port: int = self._listener.getsockname()[1]
        self.log = folder / "emulator.log"

    @property
    def endpoint(self) -> str:
        """Return what AWS SDKs take for `AWS_ENDPOINT_URL`."""
        return f"http://{HOST}:{self.port}"

    @property
    def registry(self) -> str:
        """Return the name of its image registry."""
        return f"{HOST}:{self.port}"

    async def start(self, variables: Mapping[str, str]) -> None:
        """Start it with more `variables`, and wait until it answers. Raises CloudError."""
        if not self._python.is_file():
            raise CloudError(f"{self._python} is missing; run make demo, which makes it")
        with self._listener, self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._python,
                "-m",
                "local.cloud.launcher",
                str(self._listener.fileno()),
                env={**self._environ(), **variables},
                cwd=self._folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(self._listener.fileno(),),
                start_new_session=True,
            )
        await self._wait_until_healthy()

    async def stop(self) -> None:
        """End it with all its workers; may be called twice, or without a start."""
        self._listener.close()
        if self._process is None:
            return
        process, self._process = self._process, None
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        # The functions' workers are in its session: none outlives it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def _environ(self) -> dict[str, str]:
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return {
            **kept,
            **self._account.variables(self.endpoint),
            "PYTHONPATH": str(self._checkout),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(temporary),
            "HOME": str(temporary),
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": self._account.number,
            "MINISTACK_REGION": self._account.region,
            "BIND_HOST": HOST,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "MINISTACK_HOSTNAME": HOST,
            # Unless it is given an engine, it must not find the developer's own.
            "DOCKER_HOST": f"unix://{temporary}/none.sock",
        }

    async def _wait_until_healthy(self) -> None:
        assert self._process is not None
        try:
            async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient(trust_env=False) as http:
                while not await is_ready(http, self.endpoint + _HEALTH_PATH):
                    if self._process.returncode is not None:
                        raise CloudError(f"the emulator did not start; see {self.log}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise CloudError(
                f"the emulator did not answer within {_START_SECONDS:g} s; see {self.log}"
            ) from None
