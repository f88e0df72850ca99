"""What was said and how it ended: the record of one conversation, and the history sent upstream.

Shaped as https://elevenlabs.io/docs/api-reference/conversations/get answers. Sends nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from local.platform.clock import Clock
from local.platform.conversation.endings import Ending
from local.platform.conversation.initiation import Initiation
from local.platform.json_types import JsonObject
from local.platform.rest.models import Feedback

Role = Literal["user", "agent"]


@dataclass
class Message:
    """One item of the transcript; `original` is what an interrupted agent had meant to say."""

    role: Role
    text: str
    seconds_in_call: int
    original: str | None = None

    def describe(self) -> JsonObject:
        """Return the item as the REST interface shows it."""
        return {
            "role": self.role,
            "message": self.text,
            "original_message": self.original,
            "interrupted": self.original is not None,
            "time_in_call_secs": self.seconds_in_call,
            "tool_calls": [],
            "tool_results": [],
        }


class Record:
    """The transcript and the fate of one conversation."""

    def __init__(
        self,
        conversation_id: str,
        engine_id: str,
        engine_name: str,
        initiation: Initiation,
        clock: Clock,
    ) -> None:
        self.conversation_id = conversation_id
        self.engine_id = engine_id
        self.messages: list[Message] = []
        self.ending: Ending | None = None
        self.feedback = Feedback()
        self.votes: Counter[str] = Counter()
        self._engine_name = engine_name
        self._initiation = initiation
        self._clock = clock
        self._started_at = clock.time()
        self._ended_at: float | None = None

    def add(self, role: Role, text: str) -> Message:
        """Append what somebody said."""
        message = Message(role, text, self._seconds_in_call())
        self.messages.append(message)
        return message

    def history(self) -> list[JsonObject]:
        """Return the transcript as it goes upstream, oldest first."""
        return [{"role": message.role, "content": message.text} for message in self.messages]

    def finish(self, ending: Ending) -> None:
        """Note how the conversation ended."""
        self.ending = ending
        self._ended_at = self._clock.time()

    def describe(self) -> JsonObject:
        """Return the record as the REST interface shows it."""
        return {
            "agent_id": self.engine_id,
            "agent_name": self._engine_name,
            "conversation_id": self.conversation_id,
            "status": self._status(),
            "user_id": self._initiation.user_id,
            "transcript": [message.describe() for message in self.messages],
            "metadata": self._metadata(),
            "conversation_initiation_client_data": {
                "dynamic_variables": self._initiation.dynamic_variables,
                "user_id": self._initiation.user_id,
            },
            "has_audio": not self._initiation.text_only,
            "has_user_audio": not self._initiation.text_only,
            "has_response_audio": not self._initiation.text_only,
            "has_auxiliary_audio": False,
        }

    def _metadata(self) -> JsonObject:
        ending = self.ending
        failure = {"code": ending.close_code, "reason": ending.reason} if ending else None
        return {
            "start_time_unix_secs": int(self._started_at),
            "call_duration_secs": self._seconds_in_call(),
            "termination_reason": ending.reason if ending else "",
            "error": failure if ending and ending.failed else None,
            "text_only": self._initiation.text_only,
            "feedback": {
                "overall_score": self.feedback.feedback,
                "rating": self.feedback.rating,
                "comment": self.feedback.comment,
                "likes": self.votes["like"],
                "dislikes": self.votes["dislike"],
            },
        }

    def _status(self) -> str:
        if self.ending is None:
            return "in-progress"
        return "failed" if self.ending.failed else "done"

    def _seconds_in_call(self) -> int:
        now = self._clock.time() if self._ended_at is None else self._ended_at
        return int(now - self._started_at)
