from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.token.patience import _LUCK
from tests.fakes.http_api import http_event
from tests.fakes.token_endpoint import API_KEY

if TYPE_CHECKING:
    from local.platform import Platform
    from tests.fakes.secrets_manager import SecretStore

ROOT = Path(__file__).parents[3]
# Imports the function in an empty environment, as the phase before a snapshot; then sets the
# variables, as after a restore, and answers the event.
PROGRAM = """
import json, os, socket, sys, threading
seen = []
watched = ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen")
sys.addaudithook(lambda name, _: seen.append(name) if name in watched else None)
from functions.token.handler import handler
at_import = list(seen)
threads = threading.active_count()
given = json.load(sys.stdin)
os.environ.update(given["environ"])
result = handler(given["event"], None)
heavy = [name for name in sys.modules if name in given["heavy"]]
print(json.dumps([at_import, threads, result, sorted(set(seen)), heavy]))
"""
HEAVY = [
    "boto3",
    "botocore",
    "requests",
    "httpx",
    "jwt",
    "cryptography",
    "anyio._backends._asyncio",
]


def run(environ: dict[str, str], event: dict[str, Any]) -> Any:
    given = json.dumps({"environ": environ, "event": event, "heavy": HEAVY})
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    bare = {**kept, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=given,
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    *logged, last = done.stdout.splitlines()
    return logged, *json.loads(last)


def test_snapshot_holds_nothing_of_the_environment(
    secrets: SecretStore, platform: Platform
) -> None:
    """Import reads no variable and opens no connection; a restored function then works at once."""
    engine = platform.create_engine(ws_url="wss://example.com/ws")
    environ = {
        **secrets.environ,
        "ELEVENLABS_URL": platform.url,
        "ELEVENLABS_API_KEY_SECRET": secrets.create(API_KEY),
        "SPEECH_ENGINE_ID": engine.id,
    }
    _, at_import, threads, result, later, heavy = run(environ, http_event("/api/token"))
    assert (at_import, threads) == ([], 1)
    assert result["statusCode"] == 200
    assert set(json.loads(result["body"])) == {"token"}
    assert "socket.connect" in later
    assert heavy == []


def test_unset_function_explains_itself() -> None:
    """Without variables a request ends in a problem, and one line tells the operator which."""
    logged, _, _, result, later, _ = run({}, http_event("/api/token"))
    assert result["statusCode"] == 500
    assert result["headers"]["cache-control"] == "no-store"
    (line,) = logged
    assert "ELEVENLABS_URL is missing" in json.loads(line)["cause"]
    assert later == []


def test_restored_functions_differ_in_luck() -> None:
    """The generator of pauses has no state that a snapshot could hold."""
    assert _LUCK.getrandbits(64) != _LUCK.getrandbits(64)
    assert type(_LUCK).__name__ == "SystemRandom"
