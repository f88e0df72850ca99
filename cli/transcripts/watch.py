"""What is new in the log since one last looked: conversations that begin, speak and end.

It asks the reader and remembers what it has told; it neither waits nor writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from functions.transcripts.failures import UnknownConversation
from functions.transcripts.reader import DayRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from functions.transcripts.reader import Conversation, Head, Message, TranscriptReader

# What began earlier, and is open still, is taken for the remains of a task that was killed.
LOOK_BACK_SECONDS = 3 * 3600
# Clocks differ, and the table may have been away for a task: so far before the newest is looked
# once more.
_OVERLAP_SECONDS = 600
# Items that had to be retried come after the end.
_LOOKS_AFTER_END = 3
_PAGE = 100

Kind: TypeAlias = Literal["began", "message", "heard", "ended", "deleted"]


@dataclass(frozen=True, slots=True)
class News:
    """One thing that has happened. `message` is set for messages and for what was heard of one."""

    kind: Kind
    conversation_id: str
    head: Head | None = None
    message: Message | None = None

    def as_json(self) -> dict[str, object]:
        """One JSON object."""
        more: dict[str, object] = {}
        if self.message:
            more = {"message": self.message.as_json()}
        elif self.head:
            more = self.head.as_json()
        return {"event": self.kind, "conversation_id": self.conversation_id, **more}


@dataclass(slots=True)
class _Watched:
    told: dict[tuple[int, int], str | None] = field(default_factory=dict)
    looks_after_end: int = 0


class Watch:
    """Looks at all conversations that go on, or only at `ids`."""

    def __init__(
        self, reader: TranscriptReader, clock: Callable[[], float], ids: Sequence[str] = ()
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._watched = {conversation_id: _Watched() for conversation_id in ids}
        self._finds_new = not ids
        self._known: dict[str, str] = {}
        self._began_at = clock()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return not self._finds_new and not self._watched

    def look(self) -> Iterator[News]:
        """Yield what is new. Raises TableError; the next look then makes up for it."""
        if self._finds_new:
            yield from self._find_new()
        for conversation_id in list(self._watched):
            yield from self._look_at(conversation_id)

    def _find_new(self) -> Iterator[News]:
        for head in self._list_recent():
            if head.conversation_id in self._known:
                continue
            is_old = head.started_at < _format(self._began_at)
            is_over = is_old and head.ended_at is not None
            # What was said before somebody looked is for `show`.
            skipped = self._read(head.conversation_id) if is_old and not is_over else ()
            self._known[head.conversation_id] = head.started_at
            if not is_over:
                self._watched[head.conversation_id] = _Watched(
                    {(each.event_id, each.index): each.heard for each in skipped}
                )
                yield News("began", head.conversation_id, head)

    def _list_recent(self) -> list[Head]:
        """The conversations that may not be known yet, oldest first."""
        newest = max(self._known.values(), default="")
        now = datetime.fromtimestamp(self._clock(), UTC)
        oldest = _format(now.timestamp() - LOOK_BACK_SECONDS)
        if newest:
            began = datetime.fromisoformat(newest).timestamp()
            oldest = max(oldest, _format(began - _OVERLAP_SECONDS))
        self._known = {one: at for one, at in self._known.items() if at >= oldest or at == newest}
        days = DayRange(now.date() - timedelta(days=1), now.date())
        heads: list[Head] = []
        cursor: str | None = None
        while True:
            page = self._reader.list_page(days, limit=_PAGE, cursor=cursor)
            heads += [head for head in page.heads if head.started_at >= oldest]
            cursor = page.cursor
            if cursor is None or (page.heads and page.heads[-1].started_at < oldest):
                return heads[::-1]

    def _read(self, conversation_id: str) -> Sequence[Message]:
        try:
            return self._reader.read(conversation_id).messages
        except UnknownConversation:
            return ()

    def _look_at(self, conversation_id: str) -> Iterator[News]:
        watched = self._watched[conversation_id]
        try:
            conversation = self._reader.read(conversation_id)
        except UnknownConversation:
            del self._watched[conversation_id]
            yield News("deleted", conversation_id)
            return
        yield from self._tell_new(watched, conversation)
        if conversation.head and conversation.head.ended_at:
            watched.looks_after_end += 1
            if _is_whole(conversation) or watched.looks_after_end > _LOOKS_AFTER_END:
                del self._watched[conversation_id]
                yield News("ended", conversation_id, conversation.head)

    def _tell_new(self, watched: _Watched, conversation: Conversation) -> Iterator[News]:
        has_ended = conversation.head is not None and conversation.head.ended_at is not None
        for message in conversation.messages:
            key = (message.event_id, message.index)
            if key not in watched.told:
                if message.missing_parts and not has_ended:
                    continue
                yield News("message", conversation.conversation_id, message=message)
            elif message.heard != watched.told[key]:
                yield News("heard", conversation.conversation_id, message=message)
            watched.told[key] = message.heard


def _is_whole(conversation: Conversation) -> bool:
    head = conversation.head
    return head is not None and head.messages == len(conversation.messages)


def _format(epoch_seconds: float) -> str:
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
