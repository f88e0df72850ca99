from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest

from cli.transcripts import place
from tests.cli.transcripts.account import STACK, OneAccount, use_account
from tests.fakes.dynamo import REGION, TABLE
from tests.fakes.transcript_items import make_head, put

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program


class Answer(NamedTuple):
    """As much of an HTTP answer as botocore looks at."""

    status_code: int


def refuse(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have AWS refuse every call, with this error code."""
    connect = place._connect

    def connect_refused(session: Any) -> Any:
        client = connect(session)
        error = {"Error": {"Code": code, "Message": f"{code} for you"}}
        client.meta.events.register("before-call", lambda **_: (Answer(400), error))
        return client

    monkeypatch.setattr(place, "_connect", connect_refused)


def test_a_table_has_to_be_named(speechctl: Program) -> None:
    """Without an environment or a table, one line says how to name one, and the code is 2."""
    speechctl("list", table=None).assert_refused("-e dev", "--table NAME", code=2)


def test_a_wrong_table_is_one_line(speechctl: Program) -> None:
    """A table that isn't there, or whose name can't be, is named in one line by each command."""
    for arguments in (("list",), ("show", "a"), ("tail", "a"), ("export", "a"), ("delete", "a")):
        speechctl(*arguments, table="nowhere").assert_refused("no transcript table nowhere")


@pytest.mark.parametrize("arguments", [("list",), ("show", "a"), ("export", "--days", "1")])
def test_a_missing_permission_is_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Who may not read is told what it takes."""
    refuse(monkeypatch, "AccessDeniedException")
    speechctl(*arguments).assert_refused("no permission", "dynamodb:Query")


def test_expired_credentials_are_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has to sign in again is told how."""
    refuse(monkeypatch, "ExpiredTokenException")
    speechctl("list").assert_refused("aws sso login")


def test_missing_credentials_are_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has no credentials is told where they come from."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "Session", boto3.session.Session)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    speechctl("list").assert_refused("no AWS credentials")


def test_the_region_of_a_table_is_aws_region(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table by name is looked for where AWS_REGION says; without any region that is told."""
    assert client
    monkeypatch.setattr(boto3, "Session", boto3.session.Session)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_REGION", REGION)
    assert speechctl("list", "--day", "today").code == 0
    monkeypatch.delenv("AWS_REGION")
    speechctl("list").assert_refused("no AWS region; set AWS_REGION")


@pytest.mark.parametrize("url", ["nonsense", "http://["])
def test_an_endpoint_that_is_no_url_is_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A mistyped AWS_ENDPOINT_URL is named."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    speechctl("list").assert_refused("mend AWS_ENDPOINT_URL")


def test_an_environment_names_its_table(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With -e the table is the one that the stack says."""
    put(client, make_head("conv_a"))
    use_account(monkeypatch, OneAccount(client, {"TranscriptTable": TABLE}))
    listed = speechctl("list", "-e", "dev", "--day", "2026-11-21", "--json", table=None)
    assert len(listed.document["conversations"]) == 1


def test_an_environment_without_a_table_is_one_line(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who hasn't deployed yet is told how."""
    use_account(monkeypatch, OneAccount(client, {}))
    speechctl("list", "-e", "dev", table=None).assert_refused("make deploy ENV=dev", STACK)


def test_an_unknown_environment_is_told(speechctl: Program) -> None:
    """A name without a file is refused before AWS is asked."""
    ended = speechctl("list", "-e", "no-such", table=None)
    assert (ended.code, ended.out) == (1, "")
    assert "no-such" in ended.err
