from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from local.dev.page_build import PageBuild, PageBuildError
from tests.fakes.platform_node import ROOT, require_node

if TYPE_CHECKING:
    from pathlib import Path

COPY = """import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
const dist = new URL("dist/", import.meta.url);
mkdirSync(dist, { recursive: true });
writeFileSync(new URL("index.html", dist), readFileSync(new URL("src/app.js", import.meta.url)));
"""


def make_build(folder: Path, script: str = COPY) -> PageBuild:
    """Return the build of a page of one file."""
    require_node()
    (folder / "src").mkdir()
    (folder / "src" / "app.js").write_text("first")
    (folder / "build.mjs").write_text(script)
    return PageBuild(folder, packages=ROOT / "node_modules")


async def test_page_is_built_when_asked_for_and_after_an_edit(tmp_path: Path) -> None:
    """The first look builds, the next does not, and an edit is seen at the next look."""
    build = make_build(tmp_path)
    built, source = build.files / "index.html", tmp_path / "src" / "app.js"
    await build.refresh()
    assert built.read_text() == "first"
    built.write_text("untouched")
    await build.refresh()
    assert built.read_text() == "untouched"
    source.write_text("second")
    later = built.stat().st_mtime + 10
    os.utime(source, (later, later))
    await build.refresh()
    assert built.read_text() == "second"


async def test_page_that_does_not_build_is_one_line(tmp_path: Path) -> None:
    """The builder's first words are kept."""
    build = make_build(tmp_path, "console.log('no such module\\nand more'); process.exit(1);")
    with pytest.raises(PageBuildError, match=r"^the page does not build: no such module$"):
        await build.refresh()


async def test_page_without_packages_is_served_as_it_was_built(tmp_path: Path) -> None:
    """Without Node's packages an older page still serves; without any there is none."""
    build = PageBuild(tmp_path, packages=tmp_path / "none")
    assert not build.can_serve
    build.files.mkdir()
    (build.files / "index.html").write_text("old")
    await build.refresh()
    assert build.can_serve
