from __future__ import annotations

from typing import Any

import httpx
import pytest

from local.platform import JumpingClock, Platform
from tests.fakes.platform_clients import TEXT_ONLY, raw_client
from tests.fakes.platform_engines import echo, official_engine, stub_engine
from tests.fakes.platform_waiting import until

CLOSED_PORT_URL = "ws://127.0.0.1:1/ws"


async def get(platform: Platform, path: str, **query: Any) -> Any:
    """Ask the REST interface with the platform's key."""
    headers = {"xi-api-key": platform.api_key}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{platform.url}{path}", params=query, headers=headers)
    return answer.json()


async def signed_url(platform: Platform, engine_id: str, **query: Any) -> str:
    """Fetch a signed URL as a back end would."""
    path = "/v1/convai/conversation/get-signed-url"
    return str((await get(platform, path, agent_id=engine_id, **query))["signed_url"])


async def test_an_unknown_engine_is_refused_readably() -> None:
    """The socket opens and closes at once with 1008 and a sentence."""
    async with Platform() as platform:
        url = f"{platform.ws_url}/v1/convai/conversation?agent_id=seng_none"
        async with raw_client(platform, url=url) as client:
            code, reason = await client.closed()
    assert code == 1008
    assert reason is not None
    assert "does not exist" in reason


@pytest.mark.parametrize(
    ("offered", "chosen"), [(("convai",), "convai"), (("bearer.x", "convai"), "convai"), ((), None)]
)
async def test_the_convai_subprotocol_is_selected_when_offered(
    offered: tuple[str, ...], chosen: str | None
) -> None:
    """Browsers fail the handshake unless it is; others offer none."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, subprotocols=offered) as client,
    ):
        assert client.connection.subprotocol == chosen


async def test_a_signed_url_opens_an_engine_that_demands_one() -> None:
    """With `enable_auth` the plain address is refused and the signed one works."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(ws_url=url, auth={"enable_auth": True})
        async with raw_client(platform, engine) as client:
            code, reason = await client.closed()
        assert (code, "signed URL" in str(reason)) == (1008, True)
        signed = await signed_url(platform, engine.id)
        async with raw_client(platform, url=signed) as client:
            await client.type_text("hello")
            await client.next("agent_response")


async def test_a_token_opens_an_engine_as_bearer_subprotocol() -> None:
    """JavaScript's `authorization` option arrives as a subprotocol."""
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, auth={"enable_auth": True})
        token = (await get(platform, "/v1/convai/conversation/token", agent_id=engine.id))["token"]
        offered = ("convai", f"bearer.{token}")
        async with raw_client(platform, engine, subprotocols=offered) as client:
            await client.next("conversation_initiation_metadata")


async def test_a_signed_url_with_a_conversation_id_works_once() -> None:
    """The conversation gets the promised id; a second start is refused."""
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url)
        url = await signed_url(platform, engine.id, include_conversation_id=True)
        async with raw_client(platform, url=url) as client:
            event = await client.next("conversation_initiation_metadata")
        async with raw_client(platform, url=url) as client:
            code, _ = await client.closed()
    assert event["conversation_initiation_metadata_event"]["conversation_id"] in url
    assert code == 1008


async def test_a_signed_url_expires_after_fifteen_minutes() -> None:
    """A late start is refused with a reason."""
    clock = JumpingClock()
    async with Platform(clock=clock) as platform, stub_engine() as stub:
        url = await signed_url(platform, platform.create_engine(ws_url=stub.url).id)
        await clock.advance(15 * 60 + 1)
        async with raw_client(platform, url=url) as client:
            assert await client.closed() == (1008, "The signed URL has expired")


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ({"agent": {"first_message": "Hi"}}, "first_message"),
        ({"agent": {"prompt": {"prompt": "Be rude"}}}, "prompt"),
        ({"tts": {"voice_id": "v"}}, "voice_id"),
    ],
)
async def test_a_refused_override_closes_with_1008_and_names_the_field(
    override: dict[str, Any], named: str
) -> None:
    """What the engine does not allow ends the conversation before it begins."""
    async with Platform() as platform, stub_engine() as stub:
        initiation = {"conversation_config_override": override}
        async with raw_client(platform, stub.url, initiation=initiation) as client:
            code, reason = await client.closed()
        assert stub.connections == []
    assert (code, reason) == (1008, f"Override for field '{named}' is not allowed by config.")


async def test_empty_overrides_are_no_overrides() -> None:
    """Clients send empty blocks and nulls with every conversation."""
    override = {"agent": {"first_message": None}, "tts": {}, "conversation": {"text_only": True}}
    async with Platform() as platform, stub_engine() as stub:
        initiation = {"conversation_config_override": override}
        async with raw_client(platform, stub.url, initiation=initiation) as client:
            await client.next("conversation_initiation_metadata")


async def test_dynamic_variables_fill_the_request_headers() -> None:
    """What the client sends as a variable reaches the server as the engine's header."""
    headers = {"x-user": {"variable_name": "user"}}
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, request_headers=headers)
        initiation = {**TEXT_ONLY, "dynamic_variables": {"user": "ada"}, "user_id": "u1"}
        async with raw_client(platform, engine, initiation=initiation) as client:
            await client.next("conversation_initiation_metadata")
            conversation = await platform.next_conversation()
    assert stub.headers[0]["x-user"] == "ada"
    record = conversation.record.describe()
    assert record["user_id"] == "u1"
    assert record["conversation_initiation_client_data"]["dynamic_variables"] == {"user": "ada"}


async def test_a_missing_dynamic_variable_is_named() -> None:
    """The conversation does not start and the reason says which variable is missing."""
    headers = {"x-user": {"variable_name": "user"}}
    async with Platform() as platform:
        engine = platform.create_engine(ws_url=CLOSED_PORT_URL, request_headers=headers)
        async with raw_client(platform, engine) as client:
            code, reason = await client.closed()
    assert (code, str(reason).endswith("user")) == (1008, True)


async def test_an_unreachable_engine_ends_the_call_readably() -> None:
    """Nobody listens: the client gets 1011 and why, the record says failed."""
    async with Platform() as platform, raw_client(platform, CLOSED_PORT_URL) as client:
        code, reason = await client.closed()
        conversation = next(iter(platform.conversations.values()))
        record = await get(platform, f"/v1/convai/conversations/{conversation.id}")
    assert code == 1011
    assert str(reason).startswith("Could not connect to the Speech Engine")
    assert (record["status"], record["metadata"]["error"]["code"]) == ("failed", 1011)


async def test_an_engine_that_refuses_the_token_is_named_as_such() -> None:
    """A server with another key answers 401, and the client hears of it."""
    async with (
        Platform() as platform,
        official_engine("sk_test_other") as url,
        raw_client(platform, url) as client,
    ):
        code, reason = await client.closed()
    assert code == 1011
    assert reason == "Could not connect to the Speech Engine: the server answered HTTP 401"


async def test_an_on_premises_frame_may_precede_the_initiation() -> None:
    """Frames before the initiation are passed over."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, initiation=None) as client,
    ):
        await client.send("enclave_setup_config")
        await client.send("conversation_initiation_client_data", **TEXT_ONLY)
        await client.next("conversation_initiation_metadata")


async def test_a_client_that_talks_nonsense_is_refused() -> None:
    """A first frame that is no JSON closes with 1008."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, initiation=None) as client,
    ):
        await client.connection.send("nonsense")
        code, reason = await client.closed()
    assert (code, reason) == (1008, "Invalid message received: a frame is not JSON")


async def test_the_concurrency_limit_of_an_engine_is_kept() -> None:
    """A conversation too many is refused; one that ended makes room."""
    async with Platform() as platform, stub_engine() as stub:
        limits = {"agent_concurrency_limit": 1}
        engine = platform.create_engine(ws_url=stub.url, call_limits=limits)
        async with raw_client(platform, engine) as first:
            await first.next("conversation_initiation_metadata")
            async with raw_client(platform, engine) as second:
                code, reason = await second.closed()
        assert (code, "limit" in str(reason)) == (1008, True)
        ended = next(iter(platform.conversations.values())).ended
        await until(ended.is_set)
        async with raw_client(platform, engine) as third:
            await third.next("conversation_initiation_metadata")


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "https://127.0.0.1", "http://[::1]:80"]
)
async def test_pages_from_this_machine_are_welcome(origin: str) -> None:
    """A browser on a loopback page starts a conversation."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, origin=origin) as client,
    ):
        await client.next("conversation_initiation_metadata")


@pytest.mark.parametrize(
    "origin",
    ["https://example.com", "http://localhost.example.com", "http://127.0.0.1.example.com"],
)
async def test_pages_from_elsewhere_are_refused(origin: str) -> None:
    """A page on the internet cannot start a conversation on the developer's account."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, origin=origin) as client,
    ):
        code, reason = await client.closed()
    assert (code, "this machine only" in str(reason)) == (1008, True)


async def test_a_client_that_says_nothing_is_let_go() -> None:
    """Without a first frame the socket is closed after ten seconds."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url, initiation=None) as client,
    ):
        await client.connection.ping()
        await clock.advance(9)
        assert client.connection.close_code is None
        await clock.advance(2)
        code, reason = await client.closed()
    assert (code, reason) == (1008, "No conversation_initiation_client_data was received")


async def test_a_client_that_leaves_at_the_door_leaves_no_trace() -> None:
    """Closing before the first frame starts no conversation and dials nobody."""
    async with Platform() as platform, stub_engine() as stub:
        async with raw_client(platform, stub.url, initiation=None):
            pass
        async with raw_client(platform, stub.url) as client:
            await client.next("conversation_initiation_metadata")
    assert len(platform.conversations) == 1
    assert len(stub.connections) == 1
