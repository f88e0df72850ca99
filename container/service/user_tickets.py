"""Who speaks: the ticket that the token endpoint signed for a user comes back in a request header.

It checks the ticket when the conversation begins, and tells the session. A ticket is a JWT with
HS256: `iss` as below, `aud` the engine's id, `sub` the user, `exp` in epoch seconds; its key is
derived from the secret that the engine's header carries.
"""

from __future__ import annotations

import hmac
import logging
import time
from typing import TYPE_CHECKING, Any

from service.engine_id import read_engine_id
from speech_engine.tokens import is_signature, open_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from speech_engine import SpeechEngineSession

    Handler = Callable[..., Any]

HEADER = "x-speech-engine-user"
_ISSUER = "speech-engine-token-endpoint"
_KEY_LABEL = b"speech-engine user ticket v1"

logger = logging.getLogger("service.conversation")


class UserTickets:
    """Sets `session.user` before the agent's `on_init` runs, if the ticket is good.

    Without a ticket, or with one that is not good, the conversation goes on with an unknown user.
    """

    def __init__(
        self,
        secrets: Callable[[], Sequence[str]],
        agent: Mapping[str, Handler],
        *,
        engine_id_header: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`secrets` gives the values of the header secret that are good now."""
        self._secrets = secrets
        self._agent = agent
        self._engine_id_header = engine_id_header
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """The agent's handlers, with the check in front of the first."""
        return {**self._agent, "on_init": self._on_init}

    def _on_init(self, conversation_id: str, session: SpeechEngineSession) -> object:
        ticket = session.request_headers.get(HEADER, "").strip()
        if ticket:
            try:
                session.user = self._read(ticket, read_engine_id(session, self._engine_id_header))
            except ValueError as error:
                logger.warning(
                    "user ticket refused",
                    extra={"conversation_id": conversation_id, "reason": str(error)},
                )
        handler = self._agent.get("on_init")
        return handler(conversation_id, session) if handler else None

    def _read(self, ticket: str, engine_id: str | None) -> str:
        """The user of a good ticket. Raises ValueError with a reason that quotes none of it."""
        signed, signature, claims = open_token(ticket)
        keys = [_derive_key(secret) for secret in self._secrets()]
        if not any(is_signature(signature, signed, key) for key in keys):
            raise ValueError("not signed with this environment's secret")
        if claims.get("iss") != _ISSUER or engine_id is None or claims.get("aud") != engine_id:
            raise ValueError("made for something else")
        expires_at, user = claims.get("exp"), claims.get("sub")
        if type(expires_at) is not int or expires_at <= self._clock():
            raise ValueError("expired")
        if not isinstance(user, str) or not user:
            raise ValueError("names no user")
        return user


def _derive_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _KEY_LABEL, "sha256")
