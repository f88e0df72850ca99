"""Finds what is deployed beside the container; stages functions without Docker.

Owns the content of a function's folder: locked packages for the function's own platform, the
function's package and the packages of `functions` it imports. The same input gives the same folder
on every machine. Knows nothing of the CDK. `python -m infra.packaging` fetches the packages for
all environments and for the embedded cloud of this machine.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import platform as machine
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra.settings import SettingsError, environment_names, load_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CHECKOUT = Path(__file__).parents[1]
# manylinux2014 asks for less of the C library than any Python runtime of Lambda has:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_MACHINES = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
_SOURCES_LEFT_OUT = ("__pycache__", "*.pyc", ".*")
# Written by the installer for its own use: paths of this machine, and their checksums.
_INSTALLER_FILES = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_*.json")


class PackagingError(Exception):
    """A function can't be staged; the message says why and what to do, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a function runs on; `python` is a minor version such as 3.13."""

    python: str
    architecture: Literal["arm64", "x86_64"]

    def __str__(self) -> str:
        return f"python{self.python}-{self.architecture}"


def own_platform() -> Platform:
    """Return what the embedded cloud runs functions on: this machine and this Python."""
    is_arm = machine.machine().lower() in {"arm64", "aarch64"}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Platform(python=version, architecture="arm64" if is_arm else "x86_64")


def stage_function(name: str, platform: Platform, *, checkout: Path = CHECKOUT) -> Path:
    """Return the folder that holds function `name`, made under `.build` unless it is there.

    Raises PackagingError when packages have to be fetched and can't be.
    """
    sources = sorted(_needed_sources(checkout, name))
    packages = stage_requirements(name, platform, checkout=checkout)
    digest = _digest(checkout, sources, packages.name if packages else "")

    def fill(folder: Path) -> None:
        if packages:
            shutil.copytree(packages, folder, dirs_exist_ok=True, copy_function=os.link)
        for source in sources:
            (folder / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkout / source, folder / source)

    return _make_once(checkout / ".build" / "functions" / f"{name}-{platform}-{digest}", fill)


def stage_requirements(name: str, platform: Platform, *, checkout: Path = CHECKOUT) -> Path | None:
    """Return the folder with the packages of `requirements/<name>.txt`, None without such a file.

    Raises PackagingError when they have to be fetched and can't be.
    """
    lock = Path("requirements") / f"{name}.txt"
    if not (checkout / lock).is_file():
        return None
    digest = _digest(checkout, [lock])

    def fill(folder: Path) -> None:
        _install(checkout / lock, platform, folder)
        _remove_traces(folder)

    return _make_once(checkout / ".build" / "packages" / f"{name}-{platform}-{digest}", fill)


def find_page(*, checkout: Path = CHECKOUT) -> Path:
    """Return the folder of the built browser page. Raises PackagingError without one."""
    page = checkout / "web" / "dist"
    if not (page / "index.html").is_file():
        raise PackagingError("web/dist is missing; run make setup")
    return page


def _needed_sources(checkout: Path, name: str) -> set[Path]:
    """List the files of function `name` and of the packages of `functions` it imports."""
    needed, found = [f"functions.{name}"], {Path("functions/__init__.py")}
    for package in needed:
        files = set(_sources(checkout, Path(*package.split("."))))
        if not files:
            raise PackagingError(f"functions/{name} needs {package}, which does not exist")
        found |= files
        imported = {module for file in files for module in _imports(checkout / file)}
        needed += sorted(imported - set(needed))
    return found


def _sources(checkout: Path, package: Path) -> Iterator[Path]:
    """List a package's files, or the one file of a module."""
    module = checkout / package.with_suffix(".py")
    for path in (module, *(checkout / package).rglob("*")):
        relative = path.relative_to(checkout)
        if path.is_file() and not any(map(_is_left_out, relative.parts)):
            yield relative


def _is_left_out(part: str) -> bool:
    return any(Path(part).match(pattern) for pattern in _SOURCES_LEFT_OUT)


def _imports(file: Path) -> Iterator[str]:
    """Name the packages `functions.<package>` that a Python file imports."""
    if file.suffix != ".py":
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "functions":
            modules = [f"functions.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        yield from (".".join(m.split(".")[:2]) for m in modules if m.startswith("functions."))


def _digest(checkout: Path, files: list[Path], *more: str) -> str:
    digest = hashlib.sha256()
    for part in (*more, *(file.as_posix() for file in files)):
        digest.update(f"{part}\0".encode())
    for file in files:
        digest.update(hashlib.sha256((checkout / file).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _make_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Return `folder`, filled unless it is there.

    Whoever fills it at the same time in another process makes the same: the first one counts.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    (folder.parents[1] / ".gitignore").write_text("*\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unfinished-") as scratch:
        unfinished = Path(scratch) / folder.name
        unfinished.mkdir()
        fill(unfinished)
        _make_readable(unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def _make_readable(folder: Path) -> None:
    """Let everybody read what is there: Lambda runs it as another user, whatever the umask here."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _install(lock: Path, platform: Platform, target: Path) -> None:
    if importlib.util.find_spec("uv") is None:
        raise PackagingError(f"{sys.executable} has no uv, which packs functions; run make setup")
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--color", "never"]
    command += ["--python", sys.executable, "--target", str(target), "--link-mode", "copy"]
    command += ["--python-platform", _MACHINES[platform.architecture]]
    command += ["--python-version", platform.python, "--only-binary", ":all:", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split()).removeprefix("error: ")
        raise PackagingError(
            f"cannot fetch requirements/{lock.name} for {platform}: {reason}; "
            "check the network, then run make setup"
        )


def _remove_traces(packages: Path) -> None:
    """Leave only what was in the packages: no scripts, no paths of this machine."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    (packages / ".lock").unlink(missing_ok=True)
    for pattern in _INSTALLER_FILES:
        for path in packages.glob(f"*.dist-info/{pattern}"):
            path.unlink()


def main() -> None:
    """Fetch the packages of every function for every shipped environment and this machine."""
    names = sorted(path.parent.name for path in CHECKOUT.glob("functions/*/handler.py"))
    try:
        for platform in sorted({*shipped_platforms(environment_names()), own_platform()}, key=str):
            for name in names:
                stage_requirements(name, platform)
    except PackagingError as error:
        sys.exit(f"packaging: {error}")


def shipped_platforms(names: Sequence[str]) -> set[Platform]:
    """Return what these environments run functions on; one with mistakes is told and left out.

    Whoever uses that one is told again, and stopped. Ends the program if none is left.
    """
    platforms = set()
    for name in names:
        try:
            chosen = load_environment(name).functions
        except SettingsError as error:
            sys.stderr.write(f"packaging: left out: {error}\n")
        else:
            platforms.add(Platform(python=chosen.python, architecture=chosen.architecture))
    if names and not platforms:
        sys.exit("packaging: no environment can be used; correct one of them")
    return platforms


if __name__ == "__main__":
    main()
