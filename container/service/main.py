"""The composition root of the service: settings, log, agent and server are put together here."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from service.agent_module import AgentError, load_agent
from service.conversation_log import ConversationLog
from service.lifecycle import StartError, run_server
from service.log_throttle import LogThrottle
from service.logs import configure_logs, silence_libraries
from service.models import equip, open_assistant
from service.settings import Settings, read_settings
from service.transcripts.items import ItemRules
from service.transcripts.log import TranscriptLog
from service.transcripts.pipeline import TranscriptPipeline
from service.transcripts.scribe import NoRedaction, Redactor, Scribe
from service.transcripts.table import DynamoTable
from service.user_tickets import UserTickets
from service.variables import SettingsError
from speech_engine import SpeechEngineServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.assistant import Assistant
    from service.signals import StopRequest

_CANNOT_START = 1
_BAD_SETTINGS = 2
_CRASHED = 70
_AFTER_CRASH_SECONDS = 5.0

logger = logging.getLogger("service")


def main(environ: Mapping[str, str], stop: StopRequest) -> int:
    """Run the service described by `environ` until a stop signal; returns the exit code."""
    try:
        settings = read_settings(environ)
        agent, assistant = equip(load_agent(settings.agent), settings.assistant)
    except SettingsError as error:
        return _give_up(_BAD_SETTINGS, *error.problems)
    except AgentError as error:
        return _give_up(_BAD_SETTINGS, str(error))
    _set_up_logs(settings)
    pipeline = build_pipeline(settings, environ.get("AWS_REGION"))
    try:
        _serve(settings, build_server(settings, agent, pipeline), assistant, pipeline, stop)
    except AgentError as error:
        return _give_up(_BAD_SETTINGS, str(error))
    except StartError as error:
        return _give_up(_CANNOT_START, f"{settings.host}:{settings.port}: {error}")
    except Exception:
        logger.critical("crashed", exc_info=True)
        return _CRASHED
    finally:
        if pipeline is not None:
            pipeline.close(_AFTER_CRASH_SECONDS)
    return 0


def _serve(
    settings: Settings,
    server: SpeechEngineServer,
    assistant: Assistant | None,
    pipeline: TranscriptPipeline | None,
    stop: StopRequest,
) -> None:
    async def prepare() -> None:
        if assistant is not None:
            await open_assistant(assistant)
            silence_libraries()

    async def release() -> None:
        if assistant is not None:
            await assistant.aclose()

    def announce() -> None:
        _announce(settings, server, asks_models=assistant is not None)
        # Not before: boto3 takes longer to import than all the rest of the start.
        if pipeline is not None:
            pipeline.start()

    run_server(
        server,
        stop=stop,
        grace_seconds=settings.stop_grace_seconds,
        uvloop=settings.uvloop,
        prepare=prepare,
        announce=announce,
        release=release,
        finish=pipeline.close if pipeline is not None else lambda _: None,
    )


def build_pipeline(settings: Settings, region: str | None) -> TranscriptPipeline | None:
    """What writes transcripts to the table that the settings name, if they name one."""
    table = settings.transcript_table
    if table is None:
        return None
    rules = ItemRules(
        days=settings.transcript_days,
        shards=settings.transcript_shards,
        keeps_text=settings.transcript_text == "keep",
        environment=settings.environment,
        agent=settings.agent,
    )
    return TranscriptPipeline(
        lambda: Scribe(rules, _make_redactor(settings)),
        lambda: DynamoTable(table, region),
        buffer_bytes=settings.transcript_buffer_mib * 1024 * 1024,
    )


def _make_redactor(settings: Settings) -> Redactor:
    """Called in a thread: the conversations need not wait for what it imports."""
    if settings.transcript_redaction == "off" or settings.transcript_text == "drop":
        return NoRedaction()
    from service.redaction import Redactor

    locales, patterns = (
        settings.transcript_redaction_locales,
        settings.transcript_redaction_patterns,
    )
    return Redactor(locales, patterns)


def build_server(
    settings: Settings,
    agent: Mapping[str, Callable[..., Any]],
    pipeline: TranscriptPipeline | None = None,
) -> SpeechEngineServer:
    """The server as the settings want it, with the agent's handlers behind the service's."""
    key, secret = settings.api_key, settings.header_secret
    return SpeechEngineServer(
        host=settings.host,
        port=settings.port,
        path=settings.ws_path,
        # Asked at each connection, so that a previous value ends at its moment, not at a restart.
        api_key=None if key is None else lambda: key.valid_at(time.time()),
        required_header=(
            None
            if settings.header_name is None or secret is None
            else (settings.header_name, lambda: secret.valid_at(time.time()))
        ),
        debug=settings.debug_transcripts,
        disable_auth=settings.disable_auth,
        limits=settings.limits,
        **_listen(settings, agent, pipeline),
    )


def _listen(
    settings: Settings,
    agent: Mapping[str, Callable[..., Any]],
    pipeline: TranscriptPipeline | None,
) -> dict[str, Callable[..., Any]]:
    """The agent's handlers behind those of the service: the log's, the tickets', the transcripts'.

    In this order, since the transcript log wants to know who speaks.
    """
    header, secret = settings.engine_id_header, settings.header_secret
    if pipeline is not None:
        agent = TranscriptLog(pipeline.put, agent, engine_id_header=header).handlers()
    if secret is not None:
        agent = UserTickets(
            lambda: secret.valid_at(time.time()), agent, engine_id_header=header
        ).handlers()
    return ConversationLog(header, agent).handlers()


def _set_up_logs(settings: Settings) -> None:
    configure_logs(
        level=settings.log_level,
        form=settings.log_format,
        quotes_exceptions=settings.debug_transcripts,
    )
    # Callers need no key to be refused.
    logging.getLogger("speech_engine").addFilter(LogThrottle("connection refused"))
    # Said in the log instead, where somebody sees it.
    warnings.filterwarnings("ignore", "authentication is disabled", UserWarning)


def _announce(settings: Settings, server: SpeechEngineServer, *, asks_models: bool) -> None:
    host, port = server.sockets[0].getsockname()[:2]
    address = f"ws://{f'[{host}]' if ':' in host else host}:{port}{settings.ws_path}"
    logger.info(
        "started",
        extra={
            "address": address,
            "agent": settings.agent,
            "models": ", ".join(map(str, settings.assistant.models)) if asks_models else None,
            "environment": settings.environment,
            "transcript_table": settings.transcript_table,
        },
    )
    if settings.disable_auth:
        logger.warning("authentication is disabled: anyone who reaches the port is let in")
    if settings.debug_transcripts:
        logger.warning("transcripts are logged: SPEECH_ENGINE_DEBUG_TRANSCRIPTS is on")


def _give_up(exit_code: int, *problems: str) -> int:
    for problem in problems:
        print(f"service: {problem}", file=sys.stderr)  # noqa: T201 - the log may not exist yet
    return exit_code
