"""What must hold between the transcript log's settings, and between them and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings.environment import Environment

# The log driver's buffer, which takes them when a task ends, is four times as large; both are full
# at such moments only, and leave the server, its packages and conversations a third of the task.
_BUFFERS_IN_MEMORY = 8
# What every client of an identity provider may ask for:
# https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims
_EVERYBODYS_SCOPES = {"openid", "profile", "email", "address", "phone", "offline_access"}


def _words_leave_with_their_transcript(environment: Environment) -> Iterator[str]:
    # A transcript that can't be stored is printed into the log, from which it can be restored.
    days, transcripts = environment.service.log_days, environment.transcripts
    if transcripts.text == "keep" and days > transcripts.days:
        yield (
            f"service.log_days is {days}, longer than transcripts.days ({transcripts.days});"
            " lower it, since a log may hold what a table could not take"
        )


def _a_buffer_fits_into_the_task(environment: Environment) -> Iterator[str]:
    buffer, memory = environment.transcripts.buffer_mib, environment.service.memory_mib
    if buffer * _BUFFERS_IN_MEMORY > memory:
        yield (
            f"transcripts.buffer_mib is {buffer}, more than a task of {memory} MiB has room for;"
            f" give {memory // _BUFFERS_IN_MEMORY} or less, or raise service.memory_mib"
        )


def _patterns_are_looked_for(environment: Environment) -> Iterator[str]:
    transcripts = environment.transcripts
    if transcripts.redaction_patterns and transcripts.redaction == "off":
        yield (
            "transcripts.redaction_patterns are looked for with redaction alone; set"
            ' transcripts.redaction = "redact", or take them out'
        )


def _readers_are_few(environment: Environment) -> Iterator[str]:
    transcripts, jwt = environment.transcripts, environment.token.jwt
    scope = transcripts.api_scope
    if not transcripts.api:
        if scope:
            yield (
                "transcripts.api_scope is for the read API; set transcripts.api = true, or take"
                " it out"
            )
        return
    if jwt is None:
        yield "transcripts.api needs to know who asks; add [token.jwt], or take it out"
    if scope is None:
        yield (
            "transcripts.api_scope is missing; name the scope of those who may read every"
            " conversation, such as transcripts:read"
        )
    elif scope in _EVERYBODYS_SCOPES or (jwt and scope in jwt.scopes):
        yield (
            f"transcripts.api_scope is {scope!r}, which whoever talks may have; name one of its"
            " own, such as transcripts:read"
        )


TRANSCRIPT_RULES: tuple[Callable[[Environment], Iterator[str]], ...] = (
    _words_leave_with_their_transcript,
    _a_buffer_fits_into_the_task,
    _patterns_are_looked_for,
    _readers_are_few,
)
