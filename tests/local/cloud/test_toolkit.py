from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.errors import CloudError
from local.cloud.toolkit import Toolkit, find_reason

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


def make_toolkit(
    folder: Path, script: str, told: list[tuple[str, int, int]] | None = None
) -> Toolkit:
    """A toolkit whose CDK CLI is a shell script."""
    program = folder / "node_modules" / ".bin" / "cdk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    heard = told if told is not None else []
    return Toolkit(
        checkout=folder,
        folder=folder,
        variables=VARIABLES,
        on_progress=lambda *event: heard.append(event),
    )


async def test_toolkit_tells_how_far_a_stack_is(tmp_path: Path) -> None:
    """Events of the CLI become a stack's name and two numbers; the rest is for the log."""
    event = "Site |  3/17 | 3:06:53 PM | CREATE_COMPLETE      | AWS::S3::Bucket | Files (Files1)"
    told: list[tuple[str, int, int]] = []
    toolkit = make_toolkit(tmp_path, f'echo "{event}"; echo other', told)
    await toolkit.deploy("Site")
    assert told == [("Site", 3, 17)]
    assert "other" in toolkit.log.read_text()


async def test_toolkit_keeps_the_developers_aws_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No profile and no key of the person who runs it reaches the CLI."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-one")
    toolkit = make_toolkit(tmp_path, "env")
    await toolkit.bootstrap("111122223333", "eu-central-1")
    seen = toolkit.log.read_text()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:1" in seen
    assert f"CDK_HOME={tmp_path}" in seen
    assert "production" not in seen
    assert "a-real-one" not in seen


async def test_toolkit_says_in_one_line_why_it_failed(tmp_path: Path) -> None:
    """The reason comes from the CLI's output, and the log's path with it."""
    failed = "Api | 3/9 | 3:06 PM | CREATE_FAILED | Custom::Engine | Engine (Engine1) 422: no voice"
    toolkit = make_toolkit(tmp_path, f'echo "{failed}"; echo "more"; exit 1')
    with pytest.raises(CloudError) as failure:
        await toolkit.deploy()
    assert str(failure.value) == (
        "cdk deploy: Custom::Engine Engine (Engine1) 422: no voice; the full log is"
        f" {tmp_path / 'cdk.log'}"
    )


async def test_toolkit_names_the_command_that_installs_it(tmp_path: Path) -> None:
    """Without the CLI a person is told what to run."""
    toolkit = make_toolkit(tmp_path, "")
    (tmp_path / "node_modules" / ".bin" / "cdk").unlink()
    with pytest.raises(CloudError, match="run make setup"):
        await toolkit.destroy()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "it said nothing"),
        (["", "  first  ", "last"], "first"),
        (
            ["Site: fail: docker login exited", "‣ AggregateError:"],
            "Site: fail: docker login exited",
        ),
        (["note", "❌  Site failed: no such bucket"], "Site failed: no such bucket"),
    ],
)
def test_reason_is_the_most_telling_line(lines: list[str], reason: str) -> None:
    """What failed first comes before what followed from it."""
    assert find_reason(lines) == reason
