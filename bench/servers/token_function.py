"""This project's token function, called with an HTTP API's event as Lambda calls it.

It reads the API key from Secrets Manager itself, so that this is part of its cost. On loopback it
would need no certificate authorities; the official SDK loads some always, so here it does too.
"""

from __future__ import annotations

import json
from typing import Any

from bench.servers.first_token import report
from functions.token.exchange import load_authorities
from functions.token.handler import handler

EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "GET /api/token",
    "rawPath": "/api/token",
    "rawQueryString": "",
    "headers": {"accept": "*/*", "host": "api.example.com", "x-forwarded-proto": "https"},
    "requestContext": {
        "http": {
            "method": "GET",
            "path": "/api/token",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "bench",
        },
        "requestId": "bench",
        "stage": "$default",
    },
    "isBase64Encoded": False,
}

if __name__ == "__main__":
    load_authorities()
    result = handler(EVENT, None)  # type: ignore[arg-type]
    report(json.loads(result["body"]).get("token", ""))
