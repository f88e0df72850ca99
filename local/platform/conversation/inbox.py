"""What a client's frames ask for, once the conversation is under way.

Reads no socket; frames that ask for nothing are passed over.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from local.platform.conversation.client import MalformedFrameError

if TYPE_CHECKING:
    from local.platform.conversation.dialogue import Dialogue
    from local.platform.conversation.ears import Ears
    from local.platform.conversation.pings import ClientPings
    from local.platform.conversation.record import Record
    from local.platform.json_types import JsonObject


class Inbox:
    """Acts on frames; `ears` is None in a text conversation.

    `tool_results` holds the results of client tools by call id, `contextual_updates` the texts.
    """

    def __init__(
        self, *, dialogue: Dialogue, ears: Ears | None, pings: ClientPings, record: Record
    ) -> None:
        self.tool_results: dict[str, JsonObject] = {}
        self.contextual_updates: list[str] = []
        self._dialogue = dialogue
        self._ears = ears
        self._pings = pings
        self._record = record
        self._actions: dict[str, Callable[[JsonObject], Awaitable[None]]] = {
            "user_message": self._take_message,
            "multimodal_message": self._take_multimodal,
            "pong": self._take_pong,
            "client_tool_result": self._take_tool_result,
            "contextual_update": self._take_context,
            "feedback": self._take_feedback,
        }

    async def take(self, frame: JsonObject) -> None:
        """Act on one frame. Raises `MalformedFrameError`."""
        if "user_audio_chunk" in frame:
            await self._take_audio(frame)
        elif (action := self._actions.get(str(frame.get("type")))) is not None:
            await action(frame)

    async def _take_audio(self, frame: JsonObject) -> None:
        if self._ears is None:
            return
        try:
            audio = base64.b64decode(str(frame["user_audio_chunk"]), validate=True)
        except binascii.Error as error:
            raise MalformedFrameError("audio is not base64") from error
        said = self._ears.hear(
            audio,
            quiet=self._dialogue.is_quiet(),
            agent_speaking=self._dialogue.is_agent_speaking(),
        )
        if said is not None:
            await self._dialogue.say(said, typed=False)

    async def _take_message(self, frame: JsonObject) -> None:
        await self._dialogue.say(str(frame.get("text") or ""), typed=True)

    async def _take_multimodal(self, frame: JsonObject) -> None:
        message = frame.get("text")
        await self._take_message(message if isinstance(message, dict) else {})

    async def _take_pong(self, frame: JsonObject) -> None:
        self._pings.take_pong(frame)

    async def _take_tool_result(self, frame: JsonObject) -> None:
        self.tool_results[str(frame.get("tool_call_id"))] = frame

    async def _take_context(self, frame: JsonObject) -> None:
        self.contextual_updates.append(str(frame.get("text", "")))

    async def _take_feedback(self, frame: JsonObject) -> None:
        self._record.votes[str(frame.get("score"))] += 1
