"""What the endpoint does: it turns the API key into something a browser may hold.

Puts the parts together; knows HTTP neither to the browser nor to ElevenLabs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.token.patience import Deadline, Patience
from functions.token.platform import Platform, Refused
from functions.token.secret import CachedSecret
from functions.token.secrets_manager import SecretsManager
from functions.token.ticket import TicketPrinter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.token.settings import Settings


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues tokens, signed URLs and user tickets. `ticket_secret` None means no tickets."""

    platform: Platform
    api_key: CachedSecret
    printer: TicketPrinter
    ticket_secret: CachedSecret | None
    patience: Patience

    def issue_token(self, participant_name: str | None, user: str | None) -> dict[str, str]:
        """Return `token`, and `userTicket` for a known user."""
        deadline = Deadline.start(self.patience)
        token = self._with_key(
            lambda key: self.platform.issue_token(key, participant_name, deadline), deadline
        )
        return {"token": token, **self._ticket_for(user, deadline)}

    def sign_url(self, user: str | None) -> dict[str, str]:
        """Return `signedUrl`, and `userTicket` for a known user."""
        deadline = Deadline.start(self.patience)
        url = self._with_key(lambda key: self.platform.sign_url(key, deadline), deadline)
        return {"signedUrl": url, **self._ticket_for(user, deadline)}

    def _with_key(self, ask: Callable[[str], str], deadline: Deadline) -> str:
        """Ask with the key that is known; if it is refused, once more with its successor."""
        key = self.api_key.get(deadline)
        try:
            return ask(key)
        except Refused as refusal:
            if refusal.status != 401:
                raise
            successor = self.api_key.replace(key, deadline)
            if successor == key:
                raise
        return ask(successor)

    def _ticket_for(self, user: str | None, deadline: Deadline) -> dict[str, str]:
        if user is None or self.ticket_secret is None:
            return {}
        secret = self.ticket_secret.get(deadline)
        return {"userTicket": self.printer.print(user, secret, time.time())}


def build_issuer(
    settings: Settings, environ: Mapping[str, str], patience: Patience | None = None
) -> Issuer:
    """Put an issuer together; nothing is read or dialled before it is asked."""
    manager = SecretsManager(environ)
    seconds = settings.key_cache_seconds
    ticket_arn = settings.ticket_secret
    return Issuer(
        Platform(settings.elevenlabs_url, settings.engine_id),
        CachedSecret(manager, settings.api_key_secret, seconds),
        TicketPrinter(settings.engine_id, settings.ticket_seconds),
        CachedSecret(manager, ticket_arn, seconds) if ticket_arn else None,
        patience or Patience(),
    )
