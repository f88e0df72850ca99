from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest

from local.cloud.errors import CloudError
from local.cloud.speechctl import Speechctl
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    from pathlib import Path

TELLS = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
FAILS = "import sys; print('no such thing', file=sys.stderr); sys.exit(1)"
BREAKS = "raise ValueError('two lines at least')"
WAITS = "import os, time; print(os.getpid(), file=open('pid', 'w'), flush=True); time.sleep(600)"


def make_speechctl(folder: Path, program: str) -> Speechctl:
    """The command of a checkout whose `cli` is this program."""
    (folder / "cli").mkdir()
    (folder / "cli" / "__main__.py").write_text(program)
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    return Speechctl(checkout=folder, environment=folder / "local.toml", variables=variables)


async def test_speechctl_is_told_the_environment_and_the_way_to_its_aws(tmp_path: Path) -> None:
    """It is the program of the checkout, asked for transcripts of the environment file."""
    speechctl = make_speechctl(tmp_path, TELLS)
    arguments, environ = json.loads(await speechctl.run("show", "conv_1"))
    assert arguments == ["transcripts", "show", "conv_1", "-e", str(tmp_path / "local.toml")]
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


async def test_speechctl_does_not_see_the_developers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key or a profile of the person who runs it would lead to somebody else's account."""
    names = {"AWS_PROFILE", "ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL", "HTTPS_PROXY"}
    for name in names:
        monkeypatch.setenv(name, "a-real-one")
    _, environ = json.loads(await make_speechctl(tmp_path, TELLS).run("list"))
    assert not names & environ.keys()


async def test_speechctl_does_not_get_the_demos_ctrl_c(tmp_path: Path) -> None:
    """A terminal's signal is for the demo, which else would take its own end for a failure."""
    session = await make_speechctl(tmp_path, "import os; print(os.getsid(0))").run("list")
    assert int(session) != os.getsid(0)


async def test_speechctl_that_fails_is_quoted(tmp_path: Path) -> None:
    """The run ends with the command and its own words."""
    with pytest.raises(CloudError, match="speechctl transcripts show conv_1: no such thing"):
        await make_speechctl(tmp_path, FAILS).run("show", "conv_1")


async def test_speechctl_refuses_in_one_line(tmp_path: Path) -> None:
    """What must fail gives its line."""
    assert await make_speechctl(tmp_path, FAILS).refuse("show", "conv_1") == "no such thing"


@pytest.mark.parametrize("program", ["", BREAKS])
async def test_speechctl_that_does_not_refuse_in_one_line_is_told(
    tmp_path: Path, program: str
) -> None:
    """Neither success nor a traceback is a refusal."""
    with pytest.raises(CloudError, match=r"show conv_1 ended with [01], not"):
        await make_speechctl(tmp_path, program).refuse("show", "conv_1")


async def test_speechctl_ends_with_who_runs_it(tmp_path: Path) -> None:
    """A Ctrl-C in the middle leaves no process behind."""
    running = asyncio.create_task(make_speechctl(tmp_path, WAITS).run("tail"))
    file = tmp_path / "pid"
    await until(lambda: file.exists() and file.read_text().endswith("\n"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
