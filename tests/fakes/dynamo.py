"""DynamoDB as moto has it: with the transcript table in it, in this process or on a loopback port.

A program in a process of its own reaches the same table through the port: what it sends is handed
on to moto's client. Knows nothing of who writes to the table.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "transcripts"
REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@contextmanager
def dynamo() -> Iterator[Any]:
    """A table like the deployed one; yields a client."""
    with mock_aws():
        client: Any = boto3.session.Session().client("dynamodb", region_name=REGION)
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[_key("conversation", "HASH"), _key("item", "RANGE")],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("conversation", "item", "day_shard", "started_at")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_day",
                    "KeySchema": [_key("day_shard", "HASH"), _key("started_at", "RANGE")],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        yield client


def _key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


@contextmanager
def endpoint(client: Any, host: str = "127.0.0.1") -> Iterator[str]:
    """The client's DynamoDB behind an address for AWS_ENDPOINT_URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
            try:
                status, answer = 200, getattr(client, method)(**body)
                answer.pop("ResponseMetadata")
            except ClientError as error:
                status, answer = 400, {"__type": error.response["Error"]["Code"]}
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://{host}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
