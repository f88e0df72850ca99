"""A DynamoDB table on loopback that takes BatchWriteItem alone, and not always.

It speaks DynamoDB's JSON over HTTP/1.1, so that a real client writes to it, in this process or in
another. Faults come from a seed. Knows nothing of who writes.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Key = tuple[str, str]
    Stored = dict[str, str | int]

THROTTLED = "ProvisionedThroughputExceededException"
_MOST_PUTS = 25


class FaultyTable:
    """What was acknowledged, by key, and the faults that may be set at any moment.

    `throttled_share` of the requests are refused, of the others `unprocessed_share` of the items
    are left; `errors` are codes with which the next requests are answered, one each. While it
    `is_away` every connection breaks without an answer.
    """

    def __init__(
        self, *, throttled_share: float = 0.0, unprocessed_share: float = 0.0, seed: int = 1
    ) -> None:
        self.throttled_share = throttled_share
        self.unprocessed_share = unprocessed_share
        self.is_away = False
        self.errors: list[str] = []
        self.items: dict[Key, Stored] = {}
        self.answers: Counter[str] = Counter()
        self.signed_by: list[str] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def of(self, conversation: str) -> list[Stored]:
        """A conversation's items in the order of their keys."""
        with self._lock:
            found = [item for key, item in self.items.items() if key[0] == conversation]
        return sorted(found, key=lambda item: str(item["item"]))

    def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to one request."""
        with self._lock:
            code = self._find_error()
            self.answers[code or "taken"] += 1
            if code:
                return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}"}
            ((table, requests),) = json.loads(body)["RequestItems"].items()
            if len(requests) > _MOST_PUTS:
                return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ValidationException"}
            left = [request for request in requests if not self._take(request)]
            return 200, {"UnprocessedItems": {table: left} if left else {}}

    def _find_error(self) -> str | None:
        if self.errors:
            return self.errors.pop(0)
        return THROTTLED if self._random.random() < self.throttled_share else None

    def _take(self, request: dict[str, Any]) -> bool:
        if self._random.random() < self.unprocessed_share:
            return False
        values = request["PutRequest"]["Item"]
        item = {n: int(v["N"]) if "N" in v else v["S"] for n, v in values.items()}
        self.items[values["conversation"]["S"], values["item"]["S"]] = item
        return True


@contextmanager
def listening(table: FaultyTable) -> Iterator[str]:
    """The table behind an address for AWS_ENDPOINT_URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One write for head and body: two would wait for an acknowledgement in between.
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if table.is_away:
                self.close_connection = True
                return
            credential = self.headers["Authorization"].partition("Credential=")[2]
            table.signed_by.append(credential.partition("/")[0])
            status, answer = table.answer(body)
            data = json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
