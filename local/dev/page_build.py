"""The built page of `make dev`: made when somebody asks for it, and again after an edit."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT_SECONDS = 60.0


class PageBuildError(Exception):
    """The page can't be built; the message is one line."""


class PageBuild:
    """Keeps `dist` of the folder `web` as new as its sources."""

    def __init__(self, web: Path, *, packages: Path) -> None:
        self._web = web
        self._packages = packages
        self._turn = asyncio.Lock()

    @property
    def files(self) -> Path:
        """Where the built page is."""
        return self._web / "dist"

    @property
    def can_serve(self) -> bool:
        """Whether there is a page, or what is needed to build one."""
        return self._find_node() is not None or (self.files / "index.html").is_file()

    async def refresh(self) -> None:
        """Build unless `dist` is newer than every source. Raises PageBuildError."""
        async with self._turn:
            node = self._find_node()
            if node is not None and self._is_stale():
                await self._build(node)

    def _find_node(self) -> str | None:
        return shutil.which("node") if (self._packages / "esbuild").is_dir() else None

    def _is_stale(self) -> bool:
        built = self.files / "index.html"
        if not built.is_file():
            return True
        sources = [file for file in self._web.iterdir() if file.is_file()]
        sources += (self._web / "src").iterdir()
        return max(file.stat().st_mtime for file in sources) > built.stat().st_mtime

    async def _build(self, node: str) -> None:
        process = await asyncio.create_subprocess_exec(
            node, str(self._web / "build.mjs"), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
            raise PageBuildError(f"the page does not build: {lines[0] if lines else 'no output'}")
