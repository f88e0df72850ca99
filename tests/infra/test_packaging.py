from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from infra import packaging
from infra.packaging import (
    CHECKOUT,
    PackagingError,
    Platform,
    find_page,
    own_platform,
    shipped_platforms,
    stage_function,
)
from tests.fakes.environments import FROZEN

if TYPE_CHECKING:
    from collections.abc import Iterator

LAMBDA = Platform(python="3.13", architecture="arm64")
# What the AWS SDK consists of: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
LAMBDA_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
# Where an ELF file names its machine, and ARM's number there: man 5 elf
ELF_MACHINE = slice(18, 20)
AARCH64 = (183).to_bytes(2, "little")


def make_checkout(folder: Path, files: dict[str, str]) -> Path:
    """A checkout with functions of the test's own."""
    for name, text in {"functions/__init__.py": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def make_lock(folder: Path) -> str:
    """A lock file's text that names one wheel with a module, a test and a command."""
    wheel = folder / "greeting-1.0-py3-none-any.whl"
    files = {
        "greeting/__init__.py": "def main() -> None: ...\n",
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:main\n",
        "greeting-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"greeting @ {wheel.as_uri()} --hash=sha256:{digest}\n"


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def token() -> dict[str, bytes]:
    """The token function's own folder, out of the packages that `make setup` fetched."""
    return contents(stage_function("token", LAMBDA))


@pytest.fixture
def private_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_packaging_stages_the_same_bytes_in_another_checkout(tmp_path: Path) -> None:
    """The same sources and lock file make the same folder, wherever the checkout is."""
    lock = make_lock(tmp_path)
    files = {"functions/hello/handler.py": "import greeting\n", "requirements/hello.txt": lock}
    first = stage_function("hello", LAMBDA, checkout=make_checkout(tmp_path / "one", files))
    second = stage_function("hello", LAMBDA, checkout=make_checkout(tmp_path / "two/deep", files))
    assert first.name == second.name
    assert contents(first) == contents(second)
    assert sorted(contents(first)) == [
        "functions/__init__.py",
        "functions/hello/handler.py",
        "greeting-1.0.dist-info/METADATA",
        "greeting-1.0.dist-info/WHEEL",
        "greeting-1.0.dist-info/entry_points.txt",
        "greeting/__init__.py",
    ]


def test_packaging_takes_packages_for_the_functions_platform(token: dict[str, bytes]) -> None:
    """Every compiled module is for ARM and for the Python of the runtime."""
    compiled = {name: data for name, data in token.items() if ".so" in Path(name).suffixes}
    assert compiled
    assert {data[ELF_MACHINE] for data in compiled.values()} == {AARCH64}
    assert all("cpython-313-aarch64" in name for name in compiled)


def test_packaging_leaves_out_what_is_not_the_functions(token: dict[str, bytes]) -> None:
    """No other function, no SDK of the runtime's own, no bytecode, no script, no test."""
    packages = {name.split("/")[0] for name in token}
    assert {name.split("/")[1] for name in token if name.startswith("functions/")} == {
        "__init__.py",
        "token",
    }
    assert not packages & {"bin", "boto3", "botocore", "tests", "__pycache__"}
    assert not [name for name in token if name.endswith((".pyc", "/RECORD", "/INSTALLER"))]


@pytest.mark.parametrize("name", ["engine", "key_gate", "origin_access"])
def test_packaging_adds_the_packages_that_a_function_imports(name: str) -> None:
    """A custom resource's folder holds the shared plumbing and no installed package."""
    staged = contents(stage_function(name, LAMBDA))
    assert {path.split("/")[0] for path in staged} == {"functions"}
    assert {path.split("/")[1] for path in staged} == {"__init__.py", "custom_resource", name}


@pytest.mark.parametrize("name", ["token", "engine", "key_gate", "origin_access"])
def test_packaging_stages_all_that_a_function_imports(name: str, tmp_path: Path) -> None:
    """Beside the folder a handler needs the standard library and what Lambda's runtime has."""
    for module in LAMBDA_RUNTIME:
        (tmp_path / module).symlink_to(Path(sysconfig.get_path("purelib")) / module)
    paths = [str(stage_function(name, own_platform())), str(tmp_path)]
    program = f"import sys; sys.path += {paths!r}; import functions.{name}.handler"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_packaging_finds_what_is_imported_by_what_is_imported(tmp_path: Path) -> None:
    """Imports are followed, in each of their forms, to modules and to packages."""
    files = {
        "functions/hello/handler.py": "from functions.one import thing\n",
        "functions/one/__init__.py": "import functions.two\n",
        "functions/two.py": "from functions import three\n",
        "functions/three/__init__.py": "",
        "functions/other/__init__.py": "",
        "functions/hello/__pycache__/handler.pyc": "",
    }
    staged = stage_function("hello", LAMBDA, checkout=make_checkout(tmp_path, files))
    assert sorted(contents(staged)) == [
        "functions/__init__.py",
        "functions/hello/handler.py",
        "functions/one/__init__.py",
        "functions/three/__init__.py",
        "functions/two.py",
    ]


def test_packaging_gives_changed_sources_another_folder(tmp_path: Path) -> None:
    """A folder once made is never changed: other input makes another one."""
    checkout = make_checkout(tmp_path, {"functions/hello/handler.py": "a = 1\n"})
    before = stage_function("hello", LAMBDA, checkout=checkout)
    (checkout / "functions/hello/handler.py").write_text("a = 2\n", encoding="utf-8")
    after = stage_function("hello", LAMBDA, checkout=checkout)
    assert before != after
    assert contents(before)["functions/hello/handler.py"] == b"a = 1\n"
    assert contents(after)["functions/hello/handler.py"] == b"a = 2\n"


@pytest.mark.usefixtures("private_umask")
def test_packaging_lets_lambda_read_what_a_careful_umask_made(
    tmp_path: Path,
) -> None:
    """Lambda runs the files as another user, so a developer's own umask must not travel."""
    files = {"functions/hello/handler.py": "", "requirements/hello.txt": make_lock(tmp_path)}
    staged = stage_function("hello", LAMBDA, checkout=make_checkout(tmp_path / "checkout", files))
    modes = {path.stat().st_mode & 0o777 for path in staged.rglob("*") if path.is_file()}
    assert modes == {0o644}
    folders = [staged, *(path for path in staged.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o755}


def test_packaging_fetches_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages of an unchanged lock file are not fetched again when only the sources change."""
    files = {"functions/hello/handler.py": "", "requirements/hello.txt": make_lock(tmp_path)}
    checkout = make_checkout(tmp_path / "checkout", files)
    stage_function("hello", LAMBDA, checkout=checkout)

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("fetched again")

    monkeypatch.setattr(packaging, "_install", refuse)
    (checkout / "functions/hello/handler.py").write_text("b = 1\n", encoding="utf-8")
    assert "greeting/__init__.py" in contents(stage_function("hello", LAMBDA, checkout=checkout))


def test_packaging_accepts_what_another_process_finished_first(tmp_path: Path) -> None:
    """Two processes that make the same folder both get it."""
    folder = tmp_path / "functions" / "hello"

    def fill(unfinished: Path) -> None:
        folder.mkdir()
        (folder / "handler.py").write_text("theirs", encoding="utf-8")
        (unfinished / "handler.py").write_text("ours", encoding="utf-8")

    assert packaging._make_once(folder, fill) == folder
    assert contents(tmp_path / "functions") == {"hello/handler.py": b"theirs"}


def test_packaging_says_in_one_line_that_the_network_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages that can't be fetched: one line with the remedy, and nothing half made."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    lock = f"greeting==1.0 --hash=sha256:{'0' * 64}\n"
    files = {"functions/hello/handler.py": "", "requirements/hello.txt": lock}
    checkout = make_checkout(tmp_path / "checkout", files)
    with pytest.raises(PackagingError) as failure:
        stage_function("hello", LAMBDA, checkout=checkout)
    assert str(failure.value).startswith(
        "cannot fetch requirements/hello.txt for python3.13-arm64: "
    )
    assert str(failure.value).endswith("check the network, then run make setup")
    assert "\n" not in str(failure.value)
    assert not list((checkout / ".build" / "packages").iterdir())


def test_packaging_says_in_one_line_that_uv_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter without uv is named, with the command that mends it."""
    files = {"functions/hello/handler.py": "", "requirements/hello.txt": make_lock(tmp_path)}
    checkout = make_checkout(tmp_path / "checkout", files)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PackagingError, match=r"has no uv, .*; run make setup$"):
        stage_function("hello", LAMBDA, checkout=checkout)


def test_packaging_names_a_package_that_does_not_exist(tmp_path: Path) -> None:
    """A function that imports what is not there is refused before it is deployed."""
    files = {"functions/hello/handler.py": "import functions.nothing\n"}
    with pytest.raises(PackagingError, match=r"hello needs functions\.nothing, which does not"):
        stage_function("hello", LAMBDA, checkout=make_checkout(tmp_path, files))


def test_packaging_says_in_one_line_that_the_page_is_not_built(tmp_path: Path) -> None:
    """A site without files is not deployed: the command that builds them is named."""
    with pytest.raises(PackagingError, match=r"^web/dist is missing; run make setup$"):
        find_page(checkout=tmp_path)


def test_packaging_leaves_out_an_environment_with_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One broken file is a line, and holds up no other; without any that is good it ends."""
    broken = tmp_path / "broken.toml"
    broken.write_text("[service]\ntasks = 0\n")
    good = str(FROZEN / "dev.toml")
    assert shipped_platforms([str(broken), good]) == shipped_platforms([good])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"packaging: left out: {broken}: ")
    with pytest.raises(SystemExit, match="no environment can be used"):
        shipped_platforms([str(broken)])


def test_packaging_needs_no_network_after_setup() -> None:
    """What `make setup` calls finds everything fetched for every shipped environment."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.packaging"],
        cwd=CHECKOUT,
        env={**os.environ, "UV_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
