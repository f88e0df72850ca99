"""What the demo looks at from outside: site, token endpoint, transcript, leftovers.

Every function asks once or waits a little; it returns what was seen, and raises CloudError when it
is not as promised.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from functions.transcripts.reader import DayRange, TranscriptReader
from local.cloud.errors import CloudError

if TYPE_CHECKING:
    from functions.transcripts.reader import Conversation
    from local.cloud.deployed import Deployed

_TRANSCRIPT_SECONDS = 10.0
# That of environments/local.toml, which leaves the default.
_INDEX_SHARDS = 4
_A_DAY = timedelta(days=1)
_POLL_SECONDS = 0.2
_REQUEST_SECONDS = 30.0
BOOTSTRAP_STACK = "CDKToolkit"
_BOOTSTRAP_PREFIX = "cdk-"
# What may cost money while it is there: client, action, the list in its answer, what names each.
_KINDS = (
    ("dynamodb", "list_tables", "TableNames", "", "table"),
    ("secretsmanager", "list_secrets", "SecretList", "Name", "secret"),
    ("s3", "list_buckets", "Buckets", "Name", "bucket"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName", "load balancer"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", "log group"),
    ("lambda", "list_functions", "Functions", "FunctionName", "function"),
    ("ecs", "list_clusters", "clusterArns", "", "cluster"),
)


def expect(what: str, seen: object, promised: object) -> None:
    """Raise CloudError with both unless they are equal."""
    if seen != promised:
        raise CloudError(f"{what} is {seen}, not {promised}")


def read_site(deployed: Deployed, bucket: str) -> dict[str, Any]:
    """Return the site's `config.json`, if the page is beside it."""
    s3 = deployed.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    if not {"index.html", "config.json"} <= set(keys):
        raise CloudError(f"the site's bucket holds {', '.join(keys) or 'nothing'}")
    config: dict[str, Any] = json.load(s3.get_object(Bucket=bucket, Key="config.json")["Body"])
    return config


async def ask_token_api(endpoint: str, token_url: str, path: str) -> dict[str, str]:
    """Ask the HTTP API behind `token_url` for `path`, at the address it has in the emulator."""
    api_id = (urlsplit(token_url).hostname or "").partition(".")[0]
    url = f"{endpoint}/_aws/execute-api/{api_id}/$default{path}"
    async with httpx.AsyncClient(trust_env=False, timeout=_REQUEST_SECONDS) as http:
        answer = await http.get(url)
    if not answer.is_success:
        raise CloudError(f"GET {path} answered {answer.status_code}: {answer.text[:200]}")
    body: dict[str, str] = answer.json()
    return body


async def read_transcript(
    deployed: Deployed, table: str, conversation: str, *, messages: int
) -> Conversation:
    """Wait until a conversation is in the table, ended and listed among today's; return it."""
    reader = TranscriptReader(deployed.client("dynamodb"), table, shards=_INDEX_SHARDS)
    deadline = time.monotonic() + _TRANSCRIPT_SECONDS
    while True:
        found = await asyncio.to_thread(_find, reader, conversation)
        seen = 0 if found is None else len(found.messages)
        # The head is written at the start, and again after the last message.
        has_ended = found is not None and found.head is not None and found.head.ended_at is not None
        if found is not None and has_ended and seen >= messages:
            return found
        if time.monotonic() > deadline:
            end = "its end" if has_ended else "no end"
            raise CloudError(f"the table has {seen} of {messages} messages and {end}")
        await asyncio.sleep(_POLL_SECONDS)


def _find(reader: TranscriptReader, conversation: str) -> Conversation | None:
    today = datetime.now(UTC).date()
    listed = {head.conversation_id for head in reader.list_all(DayRange(today - _A_DAY, today))}
    if conversation not in listed:
        return None
    return reader.read(conversation)


async def wait_for_enter() -> None:
    """Wait until a person enters a line; where nobody can, until this task is cancelled."""
    loop = asyncio.get_running_loop()
    entered = asyncio.Event()
    # Files can't be watched.
    if not sys.stdin.isatty():
        await entered.wait()
    loop.add_reader(0, entered.set)
    try:
        await entered.wait()
    finally:
        loop.remove_reader(0)


def find_leftovers(deployed: Deployed) -> list[str]:
    """Return what is still there after everything was destroyed, but for the bootstrap's own."""
    found = [f"stack {name}" for name in deployed.stacks() if name != BOOTSTRAP_STACK]
    for service, action, key, name, kind in _KINDS:
        answer = getattr(deployed.client(service), action)()
        names = [each if isinstance(each, str) else each[name] for each in answer[key]]
        found += [f"{kind} {each}" for each in names if not each.startswith(_BOOTSTRAP_PREFIX)]
    return found
