"""A token server as ElevenLabs' quickstart has it: Flask, the official SDK, the key in a variable.

Its WSGI application is called as a function, so that no web server's cost is counted.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from elevenlabs.client import ElevenLabs
from flask import Flask, Response, jsonify

from bench.servers.first_token import report

if TYPE_CHECKING:
    from collections.abc import Iterable

app = Flask(__name__)
client = ElevenLabs(api_key=os.environ["ELEVENLABS_API_KEY"], base_url=os.environ["ELEVENLABS_URL"])


@app.get("/api/token")
def give_token() -> Response:
    """Return a conversation token."""
    engine_id = os.environ["SPEECH_ENGINE_ID"]
    response = client.conversational_ai.conversations.get_webrtc_token(agent_id=engine_id)
    return jsonify({"token": response.token})


def call(path: str) -> Iterable[bytes]:
    """Send one GET to the application."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return app(environ, lambda _status, _headers, _error=None: lambda _data: None)


if __name__ == "__main__":
    import json

    report(json.loads(b"".join(call("/api/token")))["token"])
