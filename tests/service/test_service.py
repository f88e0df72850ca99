"""The service as its operators meet it: a process, its port, its log and its exit code."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed

from tests.service.logged_process import WAIT_SECONDS, clean_environ
from tests.service.service_process import (
    API_KEY,
    ServiceProcess,
    begin_conversation,
    hear,
    run_service,
    say,
)

if TYPE_CHECKING:
    from pathlib import Path

# An LLM provider's real client; only what would be the provider's answer is made up.
QUICKSTART = """
import json
import httpx
from openai import AsyncOpenAI

EVENTS = [
    {"type": "response.output_text.delta", "delta": "Good "},
    {"type": "response.output_text.delta", "delta": "evening"},
    {"type": "response.completed"},
]
BODY = "".join(f"event: {e['type']}\\ndata: {json.dumps(e)}\\n\\n" for e in EVENTS)
PROVIDER = httpx.MockTransport(
    lambda request: httpx.Response(
        200, text=BODY, headers={"content-type": "text/event-stream"}
    )
)
openai = AsyncOpenAI(api_key="sk_test_x", http_client=httpx.AsyncClient(transport=PROVIDER))
said = []

async def on_init(conversation_id, session):
    said.append(conversation_id)

async def on_transcript(transcript, session):
    stream = await openai.responses.create(
        model="gpt-4o",
        input=[{"role": m.role.replace("agent", "assistant"), "content": m.content}
               for m in transcript],
        stream=True,
    )
    await session.send_response(stream)

async def on_close(session):
    said.append(f"closed {session.conversation_id}")
    print(json.dumps({"event": "quickstart", "said": said}), flush=True)

async def on_error(error, session):
    print(json.dumps({"event": "quickstart failed", "error": repr(error)}), flush=True)
"""
HEAVY = {"boto3", "elevenlabs", "fastapi", "httpx", "pydantic", "rich", "starlette", "uvicorn"}


def write_agent(folder: Path, source: str) -> Path:
    (folder / "agent.py").write_text(source)
    return folder


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=WAIT_SECONDS) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_service_answers_with_the_default_agent() -> None:
    """With a key alone it listens on loopback and the agent that comes with it echoes."""
    with ServiceProcess() as service, service.connect() as platform:
        assert service.address.startswith("ws://127.0.0.1:")
        begin_conversation(platform)
        say(platform, "good morning")
        assert hear(platform) == "You said: good morning"


def test_service_logs_a_conversation() -> None:
    """Start, turn and end of a conversation are one line each, with ids, counts and times."""
    with ServiceProcess() as service:
        with service.connect(X_Speech_Engine_Id="seng_test") as platform:
            begin_conversation(platform, "conv_7")
            say(platform, "one two three", event_id=26)
            hear(platform)
            platform.send(json.dumps({"type": "close"}))
            ended = service.wait_for("conversation ended")
        started, turn = service.wait_for("conversation started"), service.wait_for("turn ended")
        for event in (started, turn, ended):
            assert (event["conversation_id"], event["engine_id"]) == ("conv_7", "seng_test")
        assert (turn["event_id"], turn["outcome"], turn["chunks"]) == (26, "complete", 5)
        assert 0 <= turn["first_chunk_ms"] <= turn["duration_ms"]
        assert (ended["turns"], ended["close_code"]) == (1, 1000)
        assert ended["duration_seconds"] > 0


def test_service_logs_a_conversation_that_ends_at_once() -> None:
    """Begin and end in one breath are still told in order, a second begin is not told again."""
    with ServiceProcess() as service:
        with service.connect() as platform:
            begin_conversation(platform)
            begin_conversation(platform)
            platform.send(json.dumps({"type": "close"}))
            service.wait_for("conversation ended")
        told = [json.loads(line)["event"] for line in service.lines if "conversation" in line]
        assert told == ["conversation started", "conversation ended"]


def test_service_logs_no_engine_id_that_is_none() -> None:
    """A header that has not the shape of an id is left out of the log."""
    with ServiceProcess() as service, service.connect(X_Speech_Engine_Id="seng {x}") as platform:
        begin_conversation(platform)
        assert "engine_id" not in service.wait_for("conversation started")


def test_service_logs_no_transcripts(tmp_path: Path) -> None:
    """What people say stays out of the log at every level, also when it makes the agent fail."""
    agent = write_agent(
        tmp_path,
        "async def on_transcript(transcript, session):\n"
        "    await session.send_response('heard ' + transcript[-1].content)\n"
        "    raise ValueError(transcript[-1].content)\n",
    )
    with ServiceProcess(agent, SPEECH_ENGINE_LOG_LEVEL="debug") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5")
            assert hear(platform) == "heard Rose Street 5"
            error = service.wait_for("error in conversation")
            service.wait_for("turn ended")
        service.send_signal()
        assert service.wait() == 0
        assert error["error_type"] == "ValueError"
        assert error["conversation_id"] == "conv_test"
        assert "agent.py" in error["traceback"]
        assert "Rose" not in "".join(service.lines + service.errors)


def test_service_logs_transcripts_when_switched_on() -> None:
    """The explicit switch puts both voices into the log, and a warning at its start."""
    with ServiceProcess(SPEECH_ENGINE_DEBUG_TRANSCRIPTS="on") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "Rose Street 5")
            hear(platform)
            service.wait_for("turn ended")
        warning = "transcripts are logged: SPEECH_ENGINE_DEBUG_TRANSCRIPTS is on"
        assert service.wait_for(warning)["level"] == "warning"
        assert service.wait_for("turn started")["transcript"][0]["content"] == "Rose Street 5"


def test_service_logs_a_late_first_chunk(tmp_path: Path) -> None:
    """A turn that sends nothing for the given time is told before the platform asks again."""
    agent = write_agent(
        tmp_path,
        "import asyncio\n"
        "async def on_transcript(transcript, session):\n"
        "    await asyncio.sleep(60)\n",
    )
    settings = {"SPEECH_ENGINE_FIRST_CHUNK_SECONDS": "0.05"}
    with ServiceProcess(agent, **settings) as service, service.connect() as platform:
        begin_conversation(platform)
        say(platform, "hello", event_id=3)
        assert service.wait_for("first chunk late")["event_id"] == 3


def test_service_calls_all_handlers_of_the_agent(tmp_path: Path) -> None:
    """The agent's own handlers run besides the log's, plain ones and coroutines."""
    agent = write_agent(
        tmp_path,
        "async def on_transcript(transcript, session):\n"
        "    raise RuntimeError\n"
        "async def on_init(conversation_id, session):\n"
        '    print(\'{"event": "own init"}\', flush=True)\n'
        "def on_error(exc, session):\n"
        '    print(\'{"event": "own error"}\', flush=True)\n'
        "def on_close(session):\n"
        '    print(\'{"event": "own close"}\', flush=True)\n',
    )
    with ServiceProcess(agent) as service, service.connect() as platform:
        begin_conversation(platform)
        say(platform, "hello")
        service.wait_for("own error")
        platform.send(json.dumps({"type": "close"}))
        service.wait_for("own close")
        assert service.events("own init")


def test_service_takes_the_agent_that_is_named(tmp_path: Path) -> None:
    """A module and its function can be chosen; a plain function's result is the answer."""
    write_agent(tmp_path, "def reply(transcript, session):\n    return 'from a thread'\n")
    named = {"SPEECH_ENGINE_AGENT": "agent:reply"}
    with ServiceProcess(tmp_path, **named) as service, service.connect() as platform:
        begin_conversation(platform)
        say(platform, "hello")
        assert hear(platform) == "from a thread"


def test_service_runs_quickstart_handlers(tmp_path: Path) -> None:
    """Handlers in the official quickstart's shape, with an LLM client's stream, work as pasted."""
    agent = write_agent(tmp_path, QUICKSTART)
    with ServiceProcess(agent) as service, service.connect() as platform:
        begin_conversation(platform, "conv_q")
        say(platform, "hello")
        assert hear(platform) == "Good evening"
        platform.send(json.dumps({"type": "close"}))
        assert service.wait_for("quickstart")["said"] == ["conv_q", "closed conv_q"]


def test_service_refuses_strangers_and_says_so() -> None:
    """A wrong key gets 401 and one log line with the reason."""
    with ServiceProcess() as service:
        assert service.knock("sk_test_other") == 401
        refused = service.wait_for("connection refused")
        assert refused["status"] == 401
        assert "signature mismatch" in refused["reason"]


def test_service_log_survives_a_flood_of_strangers() -> None:
    """Of many refusals few reach the log."""
    with ServiceProcess() as service:
        for _ in range(60):
            assert status_of(f"{service.http_address}/ws") == 401
        service.send_signal()
        service.wait()
        assert 20 <= len(service.events("connection refused")) < 40


def test_service_ends_the_previous_key_at_its_moment() -> None:
    """During a rotation both keys open; from `previous_until` on the old one does not."""
    until = time.time() + 5
    keys = {"current": API_KEY, "previous": "sk_test_previous", "previous_until": until}
    with ServiceProcess(ELEVENLABS_API_KEY=json.dumps(keys)) as service:
        assert service.knock("sk_test_previous") == 101
        while time.time() < until + WAIT_SECONDS and service.knock("sk_test_previous") == 101:
            time.sleep(0.05)
        assert until <= time.time() < until + WAIT_SECONDS
        assert service.knock() == 101


def test_service_demands_the_secret_header() -> None:
    """Where a header is configured, a signed token alone does not open."""
    settings = {
        "SPEECH_ENGINE_HEADER_NAME": "X-Origin-Secret",
        "SPEECH_ENGINE_HEADER_SECRET": "sk_test_header",
    }
    with ServiceProcess(**settings) as service:
        assert service.knock(X_Origin_Secret="sk_test_header") == 101
        assert service.knock() == 401
        assert service.knock(X_Origin_Secret="sk_test_other") == 401


def test_service_warns_without_authentication() -> None:
    """Without authentication it needs no key, lets anybody in, and warns in its log."""
    off = {"ELEVENLABS_API_KEY": "", "SPEECH_ENGINE_DISABLE_AUTH": "accept-anyone"}
    with ServiceProcess(**off) as service:
        warning = service.wait_for(
            "authentication is disabled: anyone who reaches the port is let in"
        )
        assert warning["level"] == "warning"
        assert service.knock("sk_test_whatever") == 101
        service.send_signal()
        assert service.wait() == 0
        assert service.errors == []


def test_service_answers_health_checks() -> None:
    """Both health routes answer on the port of the conversations."""
    with ServiceProcess() as service:
        assert status_of(f"{service.http_address}/healthz") == 200
        assert status_of(f"{service.http_address}/readyz") == 200


def test_service_tells_a_port_in_use() -> None:
    """A port that is taken is one line and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_service(ELEVENLABS_API_KEY=API_KEY, SPEECH_ENGINE_PORT=port)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line == (
        f"service: 127.0.0.1:{port}: can't listen there: Address already in use;"
        " choose another address"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_service_tells_an_address_that_is_not_its_own(host: str) -> None:
    """A host that can't be listened on is one line and exit code 1."""
    ended = run_service(ELEVENLABS_API_KEY=API_KEY, SPEECH_ENGINE_HOST=host)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"service: {host}:3001: can't listen there: ")


def test_service_tells_all_bad_settings() -> None:
    """Mistakes in the environment are a line each and exit code 2, without any traceback."""
    ended = run_service(SPEECH_ENGINE_PORT="x", SPEECH_ENGINE_LOG_LEVEL="y")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert [line.split()[1] for line in ended.stderr.splitlines()] == [
        "SPEECH_ENGINE_PORT",
        "SPEECH_ENGINE_LOG_LEVEL",
        "ELEVENLABS_API_KEY",
    ]


def test_service_tells_a_broken_agent(tmp_path: Path) -> None:
    """A syntax error in the agent is one line with file and line number, and exit code 2."""
    ended = run_service(write_agent(tmp_path, "def on_transcript(\n"), ELEVENLABS_API_KEY=API_KEY)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("service: agent 'agent' has a syntax error: agent.py line 1")


@pytest.mark.parametrize("uvloop", ["on", "off"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_service_ends_at_once_when_idle(uvloop: str, name: str) -> None:
    """A stop signal without conversations ends it with code 0, on either event loop."""
    with ServiceProcess(SPEECH_ENGINE_UVLOOP=uvloop) as service:
        service.wait_for("started")
        begun = time.monotonic()
        service.send_signal(signal.Signals[name])
        assert service.wait() == 0
        assert time.monotonic() - begun < 5
        assert service.events("stopped")
        assert service.errors == []


def test_service_ends_at_once_before_it_is_up(tmp_path: Path) -> None:
    """A signal while the agent is still being imported ends it with code 0."""
    agent = write_agent(
        tmp_path,
        'import time\nprint(\'{"event": "importing"}\', flush=True)\ntime.sleep(600)\n',
    )
    with ServiceProcess(agent) as service:
        service.wait_for("importing")
        service.send_signal()
        assert service.wait() == 0


def test_service_lets_conversations_finish() -> None:
    """After SIGTERM a live conversation goes on and new ones are refused, until it ends."""
    with ServiceProcess(SPEECH_ENGINE_STOP_GRACE_SECONDS="60") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            service.wait_for("conversation started")
            service.send_signal()
            assert service.wait_for("draining")["conversations"] == 1
            assert status_of(f"{service.http_address}/readyz") == 503
            assert status_of(f"{service.http_address}/healthz") == 200
            assert service.knock() == 503
            say(platform, "still there?")
            assert hear(platform) == "You said: still there?"
        begun = time.monotonic()
        assert service.wait() == 0
        assert time.monotonic() - begun < 5


def test_service_closes_conversations_after_the_grace() -> None:
    """A conversation that outlives the grace is closed with 1001, and the exit is clean."""
    with ServiceProcess(SPEECH_ENGINE_STOP_GRACE_SECONDS="0.2") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            service.wait_for("conversation started")
            service.send_signal()
            with pytest.raises(ConnectionClosed) as caught:
                platform.recv(timeout=WAIT_SECONDS)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001
        assert service.wait() == 0
        assert service.wait_for("conversation ended")["close_code"] == 1001


def test_service_obeys_a_second_signal() -> None:
    """A second signal ends the drain at once, with the code of a killed process."""
    with ServiceProcess() as service, service.connect() as platform:
        begin_conversation(platform)
        service.wait_for("conversation started")
        service.send_signal()
        service.wait_for("draining")
        service.send_signal()
        assert service.wait() == 128 + 15


STUBBORN = {
    "suppresses cancellation": (
        "import asyncio\n"
        "async def on_transcript(transcript, session):\n"
        "    await session.send_response('ok')\n"
        "    while True:\n"
        "        try:\n"
        "            await asyncio.sleep(600)\n"
        "        except asyncio.CancelledError:\n"
        "            pass\n"
    ),
    "blocks a thread of the default pool": (
        "import asyncio, time\n"
        "async def on_transcript(transcript, session):\n"
        "    await session.send_response('ok')\n"
        "    await asyncio.to_thread(time.sleep, 600)\n"
    ),
    "blocks a thread of its own": (
        "import threading, time\n"
        "async def on_transcript(transcript, session):\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    await session.send_response('ok')\n"
    ),
    "blocks a thread of the runtime": (
        "import time\n"
        "from speech_engine import ENDED\n"
        "def on_init(conversation_id, session):\n"
        "    pass\n"
        "def on_transcript(transcript, session):\n"
        '    print(\'{"event": "blocked"}\', flush=True)\n'
        "    time.sleep(600)\n"
    ),
}


@pytest.mark.parametrize("kind", STUBBORN)
def test_service_ends_whatever_its_agent_does(tmp_path: Path, kind: str) -> None:
    """Tasks and threads that do not end keep the process no longer than its bound; code 0."""
    agent = write_agent(tmp_path, STUBBORN[kind])
    with ServiceProcess(agent, SPEECH_ENGINE_STOP_GRACE_SECONDS="0") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "hello")
            if kind == "blocks a thread of the runtime":
                service.wait_for("blocked")
            else:
                platform.recv(timeout=WAIT_SECONDS)
            begun = time.monotonic()
            service.send_signal()
            assert service.wait() == 0
        assert time.monotonic() - begun < 10
        assert service.errors == []


def test_service_ends_although_its_loop_is_blocked(tmp_path: Path) -> None:
    """An agent that blocks the event loop for good can't keep the process: it ends with code 1."""
    agent = write_agent(
        tmp_path,
        "import time\n"
        "async def on_transcript(transcript, session):\n"
        '    print(\'{"event": "blocked"}\', flush=True)\n'
        "    time.sleep(600)\n",
    )
    with ServiceProcess(agent, SPEECH_ENGINE_STOP_GRACE_SECONDS="0") as service:
        with service.connect() as platform:
            begin_conversation(platform)
            say(platform, "hello")
            service.wait_for("blocked")
            service.send_signal()
            assert service.wait(seconds=20) == 1
        assert any("agent.py" in line for line in service.errors)


def test_service_sets_its_handlers_before_anything_heavy() -> None:
    """What is loaded before the signal handlers are set is a handful of built-in modules."""
    program = (
        "import sys; before = set(sys.modules); import service.__main__;"
        " print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    ).stdout.split()
    assert "service.signals" in loaded
    assert not {"asyncio", "logging", "typing", "speech_engine", "websockets"} & set(loaded)


def test_service_starts_lean() -> None:
    """The server starts without any library that only tools or agents need."""
    program = "import sys, service.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    ).stdout.split()
    assert "speech_engine" in loaded
    assert not HEAVY & {name.partition(".")[0] for name in loaded}
