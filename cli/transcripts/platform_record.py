"""What ElevenLabs itself has written down of a conversation, asked for over its REST interface.

https://elevenlabs.io/docs/api-reference/conversations/get
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from cli.errors import CommandError
from cli.target import LOOPBACK
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import httpx

_REQUEST_SECONDS = 20.0
_ATTEMPTS = 2
_ROLES = ("user", "agent")
# Of https://elevenlabs.io/docs/api-reference/conversations/get: the others may still change.
_FINAL = ("done", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message. `at` is in epoch seconds; `heard` is what was heard of an interrupted answer."""

    role: str
    text: str
    at: float
    heard: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One conversation that has ended. Times are epoch seconds."""

    conversation_id: str
    engine_id: str | None
    began_at: float
    ended_at: float
    messages: tuple[Said, ...]


class PlatformRecords:
    """Asks one ElevenLabs with one API key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        import httpx

        is_local = urlsplit(base_url).hostname in LOOPBACK
        transport = None if not is_local else httpx.HTTPTransport(retries=_ATTEMPTS)
        self._client = httpx.Client(
            base_url=base_url,
            headers={"xi-api-key": api_key},
            timeout=_REQUEST_SECONDS,
            transport=transport,
            trust_env=not is_local,
        )

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def read(self, conversation_id: str) -> Record:
        """Return the record. Raises CommandError, also while the conversation goes on."""
        import httpx

        name = make_visible(conversation_id)
        path = f"/v1/convai/conversations/{quote(conversation_id, safe='')}"
        try:
            answer = self._client.get(path)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise CommandError(f"ElevenLabs can't be asked for {name}: {reason}") from None
        _check_status(answer, name)
        try:
            return _parse(answer.json(), conversation_id)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CommandError(f"ElevenLabs' record of {name} has an unknown form") from None


def _check_status(answer: httpx.Response, name: str) -> None:
    match answer.status_code:
        case 200:
            return
        case 401 | 403:
            raise CommandError(
                f"ElevenLabs refused the API key for {name} ({answer.status_code});"
                " set ELEVENLABS_API_KEY to one that may read conversations"
            )
        case 404 | 422:
            raise CommandError(f"ElevenLabs has no conversation {name}")
        case code:
            raise CommandError(f"ElevenLabs answered {code} for {name}; try again later")


def _parse(body: Any, conversation_id: str) -> Record:
    if body["status"] not in _FINAL:
        status = make_visible(str(body["status"]))
        raise CommandError(
            f"ElevenLabs' record of {make_visible(conversation_id)} is not final ({status});"
            " try again when the conversation has ended"
        )
    metadata = body["metadata"]
    began_at = float(metadata["start_time_unix_secs"])
    messages = (_parse_message(entry, began_at) for entry in body["transcript"])
    return Record(
        conversation_id=conversation_id,
        engine_id=body.get("agent_id"),
        began_at=began_at,
        ended_at=began_at + float(metadata["call_duration_secs"]),
        messages=tuple(message for message in messages if message),
    )


def _parse_message(entry: Any, began_at: float) -> Said | None:
    """The message of an entry; None for one that holds tool calls or events alone."""
    shown, whole = entry.get("message"), entry.get("original_message")
    if entry["role"] not in _ROLES or not (shown or whole):
        return None
    milliseconds = entry.get("created_at_unix_ms")
    at = milliseconds / 1000 if milliseconds else began_at + float(entry["time_in_call_secs"])
    is_cut = whole is not None and whole != shown
    return Said(
        role=entry["role"],
        text=str(whole if is_cut else shown),
        at=at,
        heard=(shown or "") if is_cut else None,
    )
