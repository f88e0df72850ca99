"""The transcript log: what is stored, for how long, what is taken out of it, and who may read it.

Rules between these fields and others are in `transcript_rules`.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from infra.settings.locales import Locale
from infra.settings.section import UNFIT, Section, shaped

_LONGEST_PATTERN = 1000
# Of all together: what the agent is told has to fit into the task definition beside them.
_PATTERNS_BYTES = 8 * 1024
OWN_KINDS = ("card", "iban", "email", "phone", "national_id")
"""What the server looks for by itself; a pattern of such a name would take its place."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
# https://datatracker.ietf.org/doc/html/rfc6749#section-3.3
_SCOPE = shaped(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}", "one scope, such as transcripts:read")
# Signs without a meaning of their own, and what the server's expressions must not have.
_PLAIN = re.compile(r"\\.|\[\^?\]?(\\.|[^\]\\])*\]", re.DOTALL)
_ENDLESS = re.compile(r"[*+]|\{\d*,\}|\(\?[^:]")


def _unfit(remedy: str) -> PydanticCustomError:
    return PydanticCustomError(UNFIT, "{remedy}", {"remedy": remedy})


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise _unfit("a name of small letters, digits and _, such as order")
    if name in OWN_KINDS:
        raise _unfit("a name that is no kind of its own, such as order")
    return name


def _check_pattern(text: str) -> str:
    try:
        is_sound = re.compile(text).fullmatch("") is None and text.isprintable()
    except re.error:
        is_sound = False
    if not is_sound or len(text) > _LONGEST_PATTERN:
        raise _unfit("a regular expression such as 'ORD-[0-9]{6}'")
    if _ENDLESS.search(_PLAIN.sub("", text)):
        raise _unfit("an expression with bounded repetitions alone, such as 'ORD-[0-9]{1,12}'")
    # CloudFormation would take it for an order to put something else in its place:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    if "{{resolve:" in text:
        raise _unfit("an expression without {{resolve:, which CloudFormation would act on")
    return text


def _check_size(patterns: dict[str, str]) -> dict[str, str]:
    if len(json.dumps(patterns)) > _PATTERNS_BYTES:
        raise _unfit(f"at most {_PATTERNS_BYTES} bytes in all")
    return patterns


Pattern = Annotated[str, AfterValidator(_check_pattern)]
PatternName = Annotated[str, AfterValidator(_check_name)]


class Transcripts(Section):
    """The transcript log. Days until an item expires; `drop` stores everything but the words."""

    days: Annotated[int, Field(ge=1, le=3653)] = 30
    text: Literal["keep", "drop"] = "keep"
    shards: Annotated[int, Field(ge=1, le=100)] = 4
    buffer_mib: Annotated[int, Field(ge=1, le=256)] = 32
    redaction: Literal["off", "redact"] = "redact"
    redaction_locales: Annotated[list[Locale], Field(min_length=1, max_length=20)] = Field(
        default_factory=lambda: ["en_US"]
    )
    redaction_patterns: Annotated[
        dict[PatternName, Pattern], Field(max_length=20), AfterValidator(_check_size)
    ] = Field(default_factory=dict)
    archive: bool = False
    api: bool = False
    api_scope: Annotated[str, _SCOPE] | None = None
