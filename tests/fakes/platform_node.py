"""Node programs that use ElevenLabs' JavaScript packages, run with a limit and always ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE_SECONDS = 25.0


def require_node() -> str:
    """Return Node's path, or skip: `make setup` provides the packages."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "@elevenlabs").is_dir():
        pytest.skip("needs Node and the packages of `make setup`")
    return node


async def run_node(script: Path, *arguments: str, seconds: float = NODE_SECONDS) -> Any:
    """Run a script, and return the JSON it prints on its last line."""
    process = await asyncio.create_subprocess_exec(
        require_node(), str(script), *arguments, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    return json.loads(out.decode().strip().splitlines()[-1])
