from __future__ import annotations

import time

import jwt
import pytest

from functions.token.ticket import ISSUER, derive_key
from local.platform import Platform
from tests.fakes.secrets_manager import SecretStore
from tests.fakes.token_endpoint import API_KEY, Endpoint, deploy

USER = {"sub": "auth0|ada", "scope": "talk"}


@pytest.fixture
def endpoint(secrets: SecretStore, platform: Platform) -> Endpoint:
    engine = platform.create_engine(ws_url="wss://example.com/ws", auth={"enable_auth": True})
    return deploy(secrets, platform.url, engine_id=engine.id)


def test_token_is_the_platforms(endpoint: Endpoint) -> None:
    """The browser gets the platform's own conversation token, under `token`, and nothing else."""
    reply = endpoint.get("/api/token")
    assert (reply.status, set(reply.content)) == (200, {"token"})
    claims = jwt.decode(reply.content["token"], options={"verify_signature": False})
    assert claims["video"]["room"].startswith("conv_")


@pytest.mark.parametrize("name", ["Ada", "Ada%20Lovelace", "%E5%B0%8F%E6%98%8E", "a%26b%3Dc%2B"])
def test_participant_name_reaches_the_platform(endpoint: Endpoint, name: str) -> None:
    """Whatever a person is called arrives letter for letter."""
    token = endpoint.get("/api/token", f"participant_name={name}").content["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    wanted = {
        "Ada%20Lovelace": "Ada Lovelace",
        "%E5%B0%8F%E6%98%8E": "小明",
        "a%26b%3Dc%2B": "a&b=c+",
    }
    assert claims["sub"] == wanted.get(name, name)


@pytest.mark.parametrize("name", ["", "x" * 101, "a%0D%0Ab", "%00"])
def test_participant_name_has_bounds(endpoint: Endpoint, name: str) -> None:
    """Empty, endless and control characters are refused, without repeating them."""
    reply = endpoint.fail("/api/token", f"participant_name={name}")
    assert reply.status == 422
    assert "participant_name" in reply.content["detail"]
    assert "xxx" not in reply.text


def test_signed_url_is_the_platforms(endpoint: Endpoint, platform: Platform) -> None:
    """The browser gets the WebSocket URL, under `signedUrl`, and nothing else."""
    reply = endpoint.get("/api/signed-url")
    assert set(reply.content) == {"signedUrl"}
    assert reply.content["signedUrl"].startswith(f"{platform.ws_url}/v1/convai/conversation?")


def test_health_needs_nothing() -> None:
    """It answers although no variable is set and no secret can be read."""

    def refuse() -> None:
        raise AssertionError("health asked for the issuer")

    assert Endpoint(refuse).get("/api/health").content == {"status": "ok"}  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/api/tokens", "/api/token/", "/docs", "/openapi.json"])
def test_unknown_address_is_a_problem(endpoint: Endpoint, path: str) -> None:
    """Nothing but the three routes is there, the framework's documentation least of all."""
    assert endpoint.fail(path).status == 404


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "DELETE"])
def test_other_method_is_a_problem(endpoint: Endpoint, method: str) -> None:
    """The refusal names the one method that is served (RFC 9110, section 15.5.6)."""
    reply = endpoint.fail(method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/api/token", "/api/signed-url"])
def test_ticket_says_who_the_user_is(secrets: SecretStore, platform: Platform, path: str) -> None:
    """With a secret and a known user both routes add a ticket, for this engine and for a while."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create('{"current": "header-secret"}')
    variables = {"USER_TICKET_SECRET": arn, "USER_TICKET_SECONDS": "60"}
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, **variables)
    ticket = endpoint.get(path, claims=USER).content["userTicket"]
    key = derive_key("header-secret")
    claims = jwt.decode(ticket, key, algorithms=["HS256"], audience=engine.id, issuer=ISSUER)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (USER["sub"], 60)
    assert abs(claims["iat"] - time.time()) < 60


def test_ticket_needs_a_known_user(secrets: SecretStore, platform: Platform) -> None:
    """Without a JWT there is nobody to write a ticket for."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create("header-secret")
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, USER_TICKET_SECRET=arn)
    for claims in (None, {}, {"sub": ""}):
        assert set(endpoint.get("/api/token", claims=claims).content) == {"token"}
    assert secrets.count_reads(arn) == 0


def test_ticket_needs_a_secret(endpoint: Endpoint) -> None:
    """Where no ticket secret is set, a known user gets a token as everybody does."""
    assert set(endpoint.get("/api/token", claims=USER).content) == {"token"}


def test_key_is_read_once(secrets: SecretStore, platform: Platform) -> None:
    """One read serves many requests."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create(API_KEY)
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, ELEVENLABS_API_KEY_SECRET=arn)
    for _ in range(3):
        assert endpoint.get("/api/token").status == 200
    assert secrets.count_reads(arn) == 1


def test_key_is_read_again_when_it_is_old(secrets: SecretStore, platform: Platform) -> None:
    """A cache of no length keeps nothing."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create(API_KEY)
    variables = {"ELEVENLABS_API_KEY_SECRET": arn, "KEY_CACHE_SECONDS": "0"}
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, **variables)
    for _ in range(2):
        assert endpoint.get("/api/token").status == 200
    assert secrets.count_reads(arn) == 2


def test_rotated_key_is_noticed_at_once(secrets: SecretStore, platform: Platform) -> None:
    """When the known key is refused, its successor is read and used within the same request."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create("sk_test_outdated")
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, ELEVENLABS_API_KEY_SECRET=arn)
    assert endpoint.fail().content["code"] == "key_refused"
    secrets.put(arn, f'{{"current": "{API_KEY}"}}')
    before = secrets.count_reads(arn)
    assert endpoint.get("/api/token").status == 200
    assert secrets.count_reads(arn) == before + 1


def test_refused_key_is_not_tried_twice(secrets: SecretStore, platform: Platform) -> None:
    """A secret that has not changed is read once more, and the request is given up."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    arn = secrets.create("sk_test_outdated")
    endpoint = deploy(secrets, platform.url, engine_id=engine.id, ELEVENLABS_API_KEY_SECRET=arn)
    assert endpoint.fail().status == 502
    assert secrets.count_reads(arn) == 2
