from __future__ import annotations

import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from functions.token.ticket import TicketPrinter, derive_key
from service.user_tickets import HEADER, UserTickets
from speech_engine import SpeechEngineSession
from tests.fakes.sockets import MockSocket
from tests.fakes.tokens import encode_segment, sign_token
from tests.service.service_process import ServiceProcess, begin_conversation, hear, say

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ["header-secret-now", "header-secret-before"]
ENGINE_ID = "seng_1"
NOW = 1_800_000_000.0


def print_ticket(engine_id: str = ENGINE_ID, secret: str = SECRETS[0], now: float = NOW) -> str:
    """A ticket as the token endpoint makes them."""
    return TicketPrinter(engine_id, 300).print("ada@example.org", secret, now)


def sign(**claims: Any) -> str:
    """A ticket with other claims than the endpoint's, signed with the right key."""
    usual = {"iss": "speech-engine-token-endpoint", "aud": ENGINE_ID, "exp": NOW + 9, "sub": "ada"}
    signed = f"{encode_segment({'alg': 'HS256'})}.{encode_segment({**usual, **claims})}"
    key = derive_key(SECRETS[0])
    return f"{signed}.{encode_segment(hmac.digest(key, signed.encode(), 'sha256'))}"


def begin(ticket: str | None, engine_id: str | None = ENGINE_ID) -> SpeechEngineSession:
    """A session after its first frame."""
    headers = {HEADER: ticket, "x-engine": engine_id}
    session = SpeechEngineSession(
        MockSocket(),
        request_headers={name: value for name, value in headers.items() if value is not None},
    )
    tickets = UserTickets(lambda: SECRETS, {}, engine_id_header="X-Engine", clock=lambda: NOW)
    tickets.handlers()["on_init"]("conv_1", session)
    return session


@pytest.mark.parametrize("secret", SECRETS)
def test_user_tickets_tell_who_speaks(secret: str) -> None:
    """A ticket of the token endpoint's names the user, also while the secret is being changed."""
    assert begin(print_ticket(secret=secret)).user == "ada@example.org"


@pytest.mark.parametrize("ticket", [None, "", "  "])
def test_user_tickets_are_optional(ticket: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """Without a ticket the user is unknown, and nobody is warned."""
    assert begin(ticket).user is None
    assert caplog.records == []


@pytest.mark.parametrize(
    ("ticket", "reason"),
    [
        ("ada", "Invalid JWT"),
        (print_ticket(secret="another-secret"), "not signed"),
        (sign_token(SECRETS[0]), "not signed"),
        (print_ticket("seng_2"), "made for something else"),
        (sign(iss="somebody"), "made for something else"),
        (print_ticket(now=NOW - 300), "expired"),
        (sign(exp=None), "expired"),
        (sign(exp=int(NOW) + 9, sub=""), "names no user"),
        (sign(exp=int(NOW) + 9, sub=["ada"]), "names no user"),
    ],
)
def test_user_tickets_refuse_what_is_not_theirs(
    ticket: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A ticket that is forged, old or another engine's leaves the user unknown, with a warning."""
    assert begin(ticket).user is None
    (record,) = caplog.records
    assert record.__dict__["reason"].startswith(reason)
    assert "ada" not in json.dumps(record.__dict__, default=str)


def test_user_tickets_need_the_engines_id() -> None:
    """Where the engine does not say which one it is, no ticket is good."""
    assert begin(print_ticket(), engine_id=None).user is None


def test_service_knows_who_speaks(tmp_path: Path) -> None:
    """An agent gets the user from a ticket that came with the connection, from the first event."""
    (tmp_path / "agent.py").write_text(
        "def on_init(conversation_id, session):\n"
        "    session.greeting = f'Hello {session.user}'\n"
        "async def on_transcript(transcript, session):\n"
        "    await session.send_response(session.greeting)\n"
    )
    with ServiceProcess(
        tmp_path,
        SPEECH_ENGINE_HEADER_NAME="X-Secret",
        SPEECH_ENGINE_HEADER_SECRET=SECRETS[0],
    ) as service:
        headers = {
            "X_Secret": SECRETS[0],
            "X_Speech_Engine_Id": ENGINE_ID,
            "X_Speech_Engine_User": print_ticket(now=time.time()),
        }
        with service.connect(**headers) as platform:
            begin_conversation(platform)
            say(platform, "hi")
            assert hear(platform) == "Hello ada@example.org"
        assert "ada" not in "".join(service.lines)
