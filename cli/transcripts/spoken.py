"""How a conversation and its messages look as lines of text, for `show` and `tail`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.transcripts.output import count
from local.dev.visible import make_lines_visible, make_visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from functions.transcripts.reader import Conversation, Head, Message

_ROLE_STYLES = {"user": "bold green", "agent": "bold cyan"}
_NO_WORDS = "(words are not stored)"
_DIM = "dim"
# Of the time, and of a role: what a text's further lines are indented by.
_TIME, _ROLE = 12, 5


def tell_conversation(conversation: Conversation) -> Text:
    """The whole conversation; lines end with a line feed but for the last."""
    from rich.text import Text

    blocks = [Text(make_visible(conversation.conversation_id), style="bold")]
    if conversation.head:
        blocks += [Text(line, style=_DIM) for line in _tell_head(conversation.head)]
    blocks.append(Text())
    blocks += [tell_message(message) for message in conversation.messages]
    if not conversation.messages:
        blocks.append(Text("no messages", style=_DIM))
    return Text("\n").join(blocks)


def tell_message(message: Message) -> Text:
    """One message with what is known of it, on as many lines as it has."""
    from rich.text import Text

    words = [_NO_WORDS] if message.text is None else make_lines_visible(message.text)
    role = make_visible(message.role)
    lines = [
        Text.assemble(
            (f"{make_visible(message.at[11:23]):<{_TIME}}", _DIM),
            "  ",
            (f"{role:<{_ROLE}}", _ROLE_STYLES.get(message.role, "bold")),
            "  ",
            (words[0], _DIM if message.text is None else ""),
        )
    ]
    indent = " " * (_TIME + _ROLE + 4)
    lines += [Text(indent + line) for line in words[1:]]
    if message.heard is not None:
        heard = make_lines_visible(message.heard)
        lines += [
            Text(indent + line, style="yellow") for line in (f"heard: {heard[0]}", *heard[1:])
        ]
    facts = list(_list_facts(message))
    if facts:
        lines.append(Text(f"{indent}[{', '.join(facts)}]", style=_DIM))
    return Text("\n").join(lines)


def _tell_head(head: Head) -> list[str]:
    ended = f"to {head.ended_at} ({head.ending or 'ended'})" if head.ended_at else "(open)"
    names = ("agent", "environment", "engine_id", "user", "turns", "messages", "close_code")
    facts = [f"{name} {value}" for name in names if (value := getattr(head, name)) is not None]
    return [make_visible(f"{head.started_at} {ended}"), make_visible(", ".join(facts))]


def _list_facts(message: Message) -> Iterator[str]:
    chunks, missing = message.chunks, message.missing_parts
    facts = (
        ("{}", message.outcome),
        ("first words {} ms", message.first_chunk_ms),
        ("in all {} ms", message.duration_ms),
        ("{}", None if chunks is None else count(chunks, "chunk")),
        ("{}", message.model),
        ("redacted: {}", ", ".join(message.redacted) or None),
        ("from the {}'s record", message.as_json().get("source")),
        ("{} of the text missing", count(missing, "part") if missing else None),
    )
    for form, value in facts:
        if value is not None:
            yield form.format(make_visible(str(value)))
