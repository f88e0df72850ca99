"""`speechctl transcripts` as a person runs it: a program, an exit code and lines.

Knows which environment it is about, and nothing of what is in the table.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.cloud.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# A developer's own keys, profiles and addresses lead elsewhere.
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "NO_PROXY", "no_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speechctl:
    """The command of a checkout, told of an environment file; `variables` lead to its AWS."""

    checkout: Path
    environment: Path
    variables: Mapping[str, str]

    async def run(self, *arguments: str) -> str:
        """Run one subcommand; returns its standard output. Raises CloudError when it fails."""
        code, output, errors = await self._run(arguments)
        if code:
            raise CloudError(f"speechctl transcripts {' '.join(arguments)}: {errors}")
        return output

    async def refuse(self, *arguments: str) -> str:
        """Run one that must fail; returns its one line. Raises CloudError when it does not."""
        code, output, errors = await self._run(arguments)
        if not code or output or len(errors.splitlines()) != 1:
            told = f"ended with {code}, not with one line: {output}{errors}"
            raise CloudError(f"speechctl transcripts {' '.join(arguments)} {told}")
        return errors.strip()

    async def _run(self, arguments: tuple[str, ...]) -> tuple[int, str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "cli", "transcripts", *arguments, "-e", str(self.environment)),
            cwd=self.checkout,
            env={**kept, **self.variables, "PYTHONPATH": "container:."},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C reaches the demo alone, which ends it.
            start_new_session=True,
        )
        try:
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, output.decode(), errors.decode(errors="replace")
