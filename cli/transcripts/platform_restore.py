"""`restore --from-platform`: what the table lacks, from ElevenLabs' own record."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError
from cli.stacks import api_key
from cli.transcripts.alignment import TooLong
from cli.transcripts.changes import HEAD, put_if_absent
from cli.transcripts.filling import FillRules, plan_head, plan_messages
from cli.transcripts.output import count, tell, write_json
from cli.transcripts.platform_record import PlatformRecords
from functions.transcripts.failures import InvalidRequest, UnknownConversation
from functions.transcripts.reader import check_conversation_id
from functions.transcripts.records import decode
from local.dev.visible import make_visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.transcripts.filling import Redactor
    from cli.transcripts.place import Place
    from cli.transcripts.platform_record import Record
    from functions.transcripts.reader import Conversation

_SECONDS_A_DAY = 86400
_STACK, _KEY_OUTPUT = "Foundation", "ApiKeySecretArn"


@dataclass(frozen=True, slots=True)
class _Filled:
    """What was done for one conversation."""

    messages: int
    head: bool
    unplaced: int


def fill_conversations(place: Place, ids: Sequence[str], *, as_json: bool) -> int:
    """Fill each; returns 1 when one of them could not be filled. Raises CommandError."""
    records = _connect(place, os.environ)
    if place.account is None:
        tell("without -e: words are kept, redacted for en_US; a new head expires after 30 days")
    filled: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    try:
        for conversation_id in dict.fromkeys(ids):
            try:
                done = _fill(place, records.read(check_conversation_id(conversation_id)))
            except (CommandError, InvalidRequest) as error:
                problems.append(str(error))
                tell(problems[-1])
                continue
            filled[conversation_id] = {"messages": done.messages, "head": done.head}
            if done.unplaced:
                problems.append(_tell_unplaced(conversation_id, done.unplaced))
                tell(problems[-1])
    finally:
        records.close()
    _report(filled, problems, as_json=as_json)
    return 1 if problems else 0


def _connect(place: Place, environ: Mapping[str, str]) -> PlatformRecords:
    from local.dev.options import PLATFORM_URL

    account = place.account
    key = environ.get("ELEVENLABS_API_KEY", "").strip()
    if not key and account and (arn := account.outputs(_STACK).get(_KEY_OUTPUT)):
        key = api_key.read(account.session.client("secretsmanager"), arn) or ""
    if not key:
        other_way = "" if account else ", or name the environment whose secret has it (-e dev)"
        raise CommandError(f"the ElevenLabs API key is missing; set ELEVENLABS_API_KEY{other_way}")
    host = account.environment.elevenlabs.host if account else PLATFORM_URL
    return PlatformRecords(environ.get("ELEVENLABS_BASE_URL", "").strip() or host, key)


def _fill(place: Place, record: Record) -> _Filled:
    try:
        stored: Conversation | None = place.reader.read(record.conversation_id)
    except UnknownConversation:
        stored = None
    rules = _make_rules(place, record, stored)
    try:
        filling = plan_messages(record, stored.messages if stored else (), rules)
    except TooLong:
        name = make_visible(record.conversation_id)
        raise CommandError(f"{name} lacks too much, and is too long to find out what") from None
    written = sum(put_if_absent(place.client, place.table, item) for item in filling.items)
    messages = (len(stored.messages) if stored else 0) + filling.messages
    head = plan_head(record, _read_head(place, record.conversation_id), messages, rules)
    has_head = head is not None and put_if_absent(place.client, place.table, head, "ended_at")
    return _Filled(filling.messages if written else 0, has_head, filling.unplaced)


def _make_rules(place: Place, record: Record, stored: Conversation | None) -> FillRules:
    settings, environment = place.settings, place.account.environment if place.account else None
    expires_at = int(record.began_at) + settings.days * _SECONDS_A_DAY
    if stored and stored.head and stored.head.expires_at:
        expires_at = stored.head.expires_at
    if expires_at <= time.time():
        name = make_visible(record.conversation_id)
        raise CommandError(f"{name} has expired: its {settings.days} days are over")
    about = (
        {"environment": environment.name, "agent": environment.agent.module} if environment else {}
    )
    return FillRules(
        expires_at=expires_at,
        keeps_text=settings.text == "keep" and not _lacks_words(stored),
        redactor=_make_redactor(place),
        shards=settings.shards,
        about=about,
    )


def _lacks_words(stored: Conversation | None) -> bool:
    """Whether the server stored no words, whatever the settings say here."""
    messages = stored.messages if stored else ()
    return any(message.text is None and not message.redacted for message in messages)


def _make_redactor(place: Place) -> Redactor | None:
    if place.settings.redaction == "off":
        return None
    from service.redaction import Redactor

    return Redactor(place.settings.redaction_locales, place.settings.redaction_patterns)


def _read_head(place: Place, conversation_id: str) -> dict[str, Any] | None:
    key = {"conversation": {"S": conversation_id}, "item": {"S": HEAD}}
    answer = place.client.get_item(TableName=place.table, Key=key, ConsistentRead=True)
    return decode(answer["Item"]) if "Item" in answer else None


def _tell_unplaced(conversation_id: str, messages: int) -> str:
    name = make_visible(conversation_id)
    return f"{name}: no free place for {count(messages, 'message')} between those that are stored"


def _report(filled: dict[str, dict[str, Any]], problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        write_json({"filled": filled, "problems": list(problems)})
        return
    for conversation_id, done in filled.items():
        head = ", and its end" if done["head"] else ""
        messages = count(done["messages"], "message")
        print(f"{make_visible(conversation_id)}: {messages} filled{head}")
