"""The DynamoDB table of the transcript log. The only module that knows boto3.

boto3 takes a while to import: a `DynamoTable` is made where that holds up nobody.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.transcripts.entries import Entry

MOST_ITEMS = 25
"""What one BatchWriteItem call takes; no key may be in it twice."""

# The writer waits and tries again by itself, and can be told to stop waiting.
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 5.0
_ATTEMPTS = 1
_REFUSALS = frozenset({"ValidationException", "SerializationException"})
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_BUSY = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
    }
)
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)


class ItemRefused(Exception):
    """The table will never take these items as they are. Its message is a code, no text."""


class TableUnavailable(Exception):
    """The table took nothing now. Its message is a code, no text."""


class TableBusy(TableUnavailable):
    """The table has no capacity now."""


class CredentialsRefused(TableUnavailable):
    """The table may take it from a new `DynamoTable`, which looks for credentials anew."""


class DynamoTable:
    """Writes batches of items; `region` None leaves the choice to the AWS configuration."""

    def __init__(self, name: str, region: str | None = None) -> None:
        import boto3
        from botocore.config import Config

        self._name = name
        self._body = b""
        # A session of its own: that of the module would keep credentials that have expired.
        self._client: Any = boto3.session.Session().client(
            "dynamodb",
            region_name=region,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"total_max_attempts": _ATTEMPTS},
                parameter_validation=False,
            ),
        )
        # The entries are encoded: botocore's own way from items to a body takes twice the time.
        # https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
        events = self._client.meta.events
        events.register("before-call.dynamodb.BatchWriteItem", self._set_body)

    def write(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write up to `MOST_ITEMS`; returns those that the table had no capacity for.

        Raises ItemRefused and TableUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        puts = b",".join(entry.put for entry in entries)
        self._body = b'{"RequestItems":{%b:[%b]}}' % (json.dumps(self._name).encode(), puts)
        try:
            answer = self._client.batch_write_item(RequestItems={self._name: []})
        except ClientError as error:
            raise _translate(str(error.response.get("Error", {}).get("Code"))) from None
        except BotoCoreError as error:
            name = type(error).__name__
            kind = CredentialsRefused if "Credential" in name or "Token" in name else None
            raise (kind or TableUnavailable)(name) from None
        finally:
            self._body = b""
        return _find_unprocessed(answer.get("UnprocessedItems", {}).get(self._name, []), entries)

    def _set_body(self, params: dict[str, Any], **_: object) -> None:
        params["body"] = self._body


def _translate(code: str) -> Exception:
    if code in _REFUSALS:
        return ItemRefused(code)
    if code in _BUSY:
        return TableBusy(code)
    return CredentialsRefused(code) if code in _CREDENTIALS else TableUnavailable(code)


def _find_unprocessed(requests: Sequence[dict[str, Any]], entries: Sequence[Entry]) -> list[Entry]:
    items = [request["PutRequest"]["Item"] for request in requests]
    keys = {(item["conversation"]["S"], item["item"]["S"]) for item in items}
    return [entry for entry in entries if entry.key in keys]
