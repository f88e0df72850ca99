"""What the endpoint asks of ElevenLabs: credentials with which a browser starts a conversation.

https://elevenlabs.io/docs/eleven-agents/customization/authentication
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.token.exchange import Request
from functions.token.patience import read_retry_after

if TYPE_CHECKING:
    from functions.token.exchange import Answer
    from functions.token.patience import Deadline

# Hosts behind a content network like to know who calls.
_HEADERS = {"Accept": "application/json", "User-Agent": "speech-engine-on-aws"}
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")


class Refused(Exception):
    """ElevenLabs answered with an error; `code` is its name for it, or empty."""

    def __init__(self, status: int, code: str, retry_after_seconds: float | None) -> None:
        super().__init__(f"ElevenLabs answered {status} {code}".rstrip())
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class Unreadable(Exception):
    """ElevenLabs answered something else than its documentation says."""


@dataclass(frozen=True, slots=True)
class Platform:
    """ElevenLabs' REST interface, at a base URL."""

    url: str
    engine_id: str

    def issue_token(self, key: str, participant_name: str | None, deadline: Deadline) -> str:
        """Return a conversation token, good for ten minutes."""
        query = {"agent_id": self.engine_id}
        if participant_name is not None:
            query["participant_name"] = participant_name
        return self._get("token", query, key, "token", deadline)

    def sign_url(self, key: str, deadline: Deadline) -> str:
        """Return a WebSocket URL on which a conversation can be started for fifteen minutes."""
        return self._get(
            "get-signed-url", {"agent_id": self.engine_id}, key, "signed_url", deadline
        )

    def _get(
        self, path: str, query: dict[str, str], key: str, wanted: str, deadline: Deadline
    ) -> str:
        url = f"{self.url}/v1/convai/conversation/{path}?{urlencode(query)}"
        answer = deadline.send(Request("GET", url, {**_HEADERS, "xi-api-key": key}))
        content = _read_json(answer)
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, _read_code(content), read_retry_after(answer))
        value = content.get(wanted) if isinstance(content, dict) else None
        if not isinstance(value, str) or not value:
            raise Unreadable(f"the answer has no {wanted}")
        return value


def _read_json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _read_code(content: Any) -> str:
    """Return the machine-readable name of an error; older answers have it under `status`.

    https://elevenlabs.io/docs/developers/resources/errors
    """
    detail = content.get("detail") if isinstance(content, dict) else None
    if not isinstance(detail, dict):
        return ""
    code = str(detail.get("code") or detail.get("status") or "")
    return code if _CODE.fullmatch(code) else ""
