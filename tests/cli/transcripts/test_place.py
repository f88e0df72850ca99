from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest

from cli.stacks.account import Account
from cli.transcripts import place
from infra.settings import load_environment
from tests.fakes.aws_account import FakeAws, FakeStack
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import make_head, put

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program

STACK = "SpeechEngine-dev-Foundation"


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
    """Without an environment or a table there is one line that says how to name one."""
    speechctl("list", table=None).assert_refused("-e dev", "--table NAME")


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


@pytest.mark.parametrize("url", ["nonsense", "http://["])
def test_an_endpoint_that_is_no_url_is_one_line(
    speechctl: Program, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A mistyped AWS_ENDPOINT_URL is named."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    speechctl("list").assert_refused("mend AWS_ENDPOINT_URL")


class OneAccount(FakeAws):
    """The stacks are made up, the table is moto's."""

    def __init__(self, client: Any, outputs: dict[str, str]) -> None:
        super().__init__({STACK: FakeStack(outputs=outputs)} if outputs else {})
        self._dynamodb = client

    def client(self, name: str, **_: Any) -> Any:  # type: ignore[override]
        return self._dynamodb if name == "dynamodb" else self

    def get_credentials(self) -> object:
        return object()

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


def use_account(monkeypatch: pytest.MonkeyPatch, aws: OneAccount) -> None:
    account: Any = Account(aws, load_environment("dev"))  # type: ignore[arg-type]
    monkeypatch.setattr(place, "open_account", lambda _: account)


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
