from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelRefused
from tests.agents.providers.bedrock_account import SECRET, TOKEN, make
from tests.agents.providers.candidates import collect
from tests.agents.providers.candidates import serve_bedrock as serve

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("aws_account")


@pytest.fixture
def _without_keys(aws_account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)


def write_profile(folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    profile = folder / "config"
    profile.write_text(f"[default]\n{line}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))


@pytest.mark.usefixtures("_without_keys")
async def test_bedrock_asks_as_the_role_of_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the credentials come from the address that ECS gives it."""
    credentials = {"AccessKeyId": "AKIDROLE", "SecretAccessKey": SECRET, "Token": TOKEN}
    body = json.dumps({**credentials, "Expiration": "2100-01-01T00:00:00Z"}).encode()

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    role = await asyncio.start_server(give, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{role.sockets[0].getsockname()[1]}/role"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    async with role, serve() as candidate, aclosing(candidate.open()) as model:
        await collect(model)
    assert "Credential=AKIDROLE/" in candidate.server.requests[0].headers["authorization"]


@pytest.mark.usefixtures("_without_keys")
async def test_bedrock_may_get_its_credentials_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A source of credentials that fails now is not the same as none."""
    write_profile(tmp_path, monkeypatch, "credential_process = false")
    async with serve() as candidate, aclosing(candidate.open()) as model:
        with pytest.raises(ModelError, match="credentials can't be fetched now") as caught:
            await model.check()
    assert not isinstance(caught.value, ModelRefused)


@pytest.mark.usefixtures("_without_keys")
async def test_bedrock_names_the_credentials_that_are_missing() -> None:
    """Without any credentials nothing is sent, and the line says where they come from."""
    async with serve() as candidate, aclosing(candidate.open()) as model:
        with pytest.raises(ModelRefused, match=r"bedrock/test-model.*credentials.*role"):
            await model.check()
    assert candidate.server.requests == []


async def test_bedrock_names_the_variable_of_a_missing_region() -> None:
    """A region is needed before anything is dialled."""
    with pytest.raises(ModelRefused, match=r"bedrock/test-model needs a region: set AWS_REGION"):
        make("http://127.0.0.1:1", region=None)


async def test_bedrock_takes_the_region_of_the_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On a laptop the region may stand where the AWS CLI has put it."""
    write_profile(tmp_path, monkeypatch, "region = eu-north-1")
    async with serve() as candidate, aclosing(make(candidate.server.url, region=None)) as model:
        await collect(model)
    assert "/eu-north-1/bedrock/" in candidate.server.requests[0].headers["authorization"]


async def test_bedrock_refuses_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong AWS_PROFILE is one line too."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ModelRefused, match="credentials"):
        make("http://127.0.0.1:1", region=None)


@pytest.mark.parametrize("settings", [{"base_url": "nowhere"}, {"region": "not a region"}])
async def test_bedrock_refuses_an_address_that_is_none(settings: dict[str, str]) -> None:
    """An endpoint or a region in a wrong form is refused with the variables to look at."""
    async with aclosing(make("http://127.0.0.1:1", **settings)) as model:
        with pytest.raises(ModelRefused, match="AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
            await model.check()
