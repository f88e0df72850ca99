from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from local.cloud import checks
from local.cloud.checks import ask_token_api, read_site, read_transcript
from local.cloud.errors import CloudError
from tests.fakes.web_answers import answer

if TYPE_CHECKING:
    from local.cloud.deployed import Deployed


@dataclass
class Account:
    """S3 and DynamoDB with what a test puts into them."""

    files: dict[str, str] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)

    def client(self, _: str) -> Account:
        return self

    def list_objects_v2(self, **_: str) -> dict[str, Any]:
        return {"Contents": [{"Key": key} for key in self.files]} if self.files else {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "site"
        return {"Body": io.StringIO(self.files[Key])}

    def query(self, **_: object) -> dict[str, Any]:
        return {"Items": self.items}


def deployed(account: Account) -> Deployed:
    return cast("Deployed", account)


def test_site_is_its_page_and_its_configuration() -> None:
    """Both are in the bucket, and the configuration can be read."""
    account = Account(files={"index.html": "<html>", "config.json": '{"engineId": "seng_1"}'})
    assert read_site(deployed(account), "site") == {"engineId": "seng_1"}


@pytest.mark.parametrize("files", [{}, {"index.html": "<html>"}])
def test_site_that_is_not_whole_is_told(files: dict[str, str]) -> None:
    """What is in the bucket is said, so that a person sees what is missing."""
    with pytest.raises(CloudError, match=r"the site's bucket holds (nothing|index\.html)"):
        read_site(deployed(Account(files=files)), "site")


async def test_token_api_is_asked_at_its_address_in_the_emulator() -> None:
    """The API's id leads there, whatever host name AWS would give it."""
    with answer(200, '{"token": "abc"}') as (endpoint, paths):
        url = "https://a1b2.execute-api.eu-central-1.amazonaws.com/api/token"
        assert await ask_token_api(endpoint, url, "/api/token") == {"token": "abc"}
    assert paths == ["/_aws/execute-api/a1b2/$default/api/token"]


async def test_token_api_that_refuses_is_quoted() -> None:
    """Status and words of the endpoint reach the person."""
    with (
        answer(503, '{"detail": "no key"}') as (endpoint, _),
        pytest.raises(CloudError, match=r"GET /api/token answered 503: .*no key"),
    ):
        await ask_token_api(endpoint, "https://a1b2.example/api/token", "/api/token")


def conversation_items(**head: dict[str, str]) -> list[dict[str, Any]]:
    """A head and one message, as they stand in the table."""
    at = {"S": "2026-11-21T10:00:00.000Z"}
    named = {"conversation": {"S": "conv_1"}, "started_at": at, "at": at, "role": {"S": "user"}}
    return [
        {**named, "item": {"S": "head"}, **head},
        {**named, "item": {"S": "message#000000000001#0000"}},
    ]


async def test_transcript_is_read_as_it_was_written() -> None:
    """The conversation comes with its head and its messages, once it is listed."""
    account = Account(items=conversation_items(ended_at={"S": "2026-11-21T10:01:00.000Z"}))
    found = await read_transcript(deployed(account), "table", "conv_1", messages=1)
    assert found.head is not None
    assert [(message.event_id, message.role) for message in found.messages] == [(1, "user")]


async def test_transcript_is_waited_for_until_the_conversation_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A head without an end is still to be written again: what is read then would change."""
    monkeypatch.setattr(checks, "_TRANSCRIPT_SECONDS", 0.0)
    account = Account(items=conversation_items())
    with pytest.raises(CloudError, match="the table has 1 of 1 messages and no end"):
        await read_transcript(deployed(account), "table", "conv_1", messages=1)


async def test_transcript_that_stays_short_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while the table has what it has, and the run fails."""
    monkeypatch.setattr(checks, "_TRANSCRIPT_SECONDS", 0.0)
    with pytest.raises(CloudError, match="the table has 0 of 4 messages"):
        await read_transcript(deployed(Account()), "table", "conv_1", messages=4)
