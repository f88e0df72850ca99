"""Which table a command is about, and the way to it: an environment's stack, or a table's name.

With AWS_ENDPOINT_URL in the environment it may be a table of an AWS on this machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.environment import add_environment_argument, read_environment
from cli.errors import CommandError, UsageError
from cli.stacks.account import Account, open_account, readable_errors
from cli.transcripts.days import read_number
from functions.transcripts.failures import TableDenied, TranscriptError
from functions.transcripts.reader import TranscriptReader
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse

    import boto3

    from infra.settings.transcripts import Transcripts

_STACK, _OUTPUT = "Foundation", "TranscriptTable"
_MOST_SHARDS = 100
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS, _CONNECTIONS = 5, 20, 8, 16
_ABSENT = "ResourceNotFoundException"
_DENIED = "AccessDeniedException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A transcript table. Without an environment, `account` is None and settings are defaults."""

    client: Any
    table: str
    reader: TranscriptReader
    settings: Transcripts
    account: Account | None = None


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how a table is named."""
    add_environment_argument(parser)
    parser.add_argument("--table", metavar="NAME", help="a table by name, instead of a stack's")
    parser.add_argument("--shards", metavar="N", help="transcripts.shards, for a table by name")


@contextmanager
def opened_place(arguments: argparse.Namespace) -> Iterator[Place]:
    """The table that the arguments name; what goes wrong there is one line. Raises CommandError."""
    with readable_errors():
        place = _open(arguments)
        with readable_table_errors(place.table):
            yield place


@contextmanager
def readable_table_errors(table: str) -> Iterator[None]:
    """Turn the reader's errors, and a table that isn't there, into one line."""
    from botocore.exceptions import ClientError

    try:
        yield
    except TranscriptError as error:
        raise CommandError(make_visible(f"{error}{_remedy(error)}")) from None
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _ABSENT:
            raise
        raise CommandError(f"there is no transcript table {table} here ({_ABSENT})") from None


def _remedy(error: TranscriptError) -> str:
    if not isinstance(error, TableDenied):
        return ""
    if error.code == _DENIED:
        return "; it takes dynamodb:Query on the table and its index; or set AWS_PROFILE to others"
    return "; renew the credentials (`aws sso login`), or set AWS_PROFILE to others"


def _open(arguments: argparse.Namespace) -> Place:
    import boto3

    from infra.settings.transcripts import Transcripts

    if not (arguments.environment or arguments.table):
        raise UsageError("which table? name an environment (-e dev), or a table (--table NAME)")
    account = session = None
    if arguments.environment:
        account = open_account(read_environment(arguments.environment))
        session = account.session
    table = arguments.table or _find_table(account)
    settings = account.environment.transcripts if account else Transcripts()
    if arguments.shards is not None:
        shards = read_number("--shards", arguments.shards, _MOST_SHARDS)
        settings = settings.model_copy(update={"shards": shards})
    client = _connect(session or boto3.Session(region_name=os.environ.get("AWS_REGION")))
    reader = TranscriptReader(client, table, shards=settings.shards)
    return Place(client=client, table=table, reader=reader, settings=settings, account=account)


def _find_table(account: Account | None) -> str:
    assert account is not None
    name = account.environment.name
    try:
        return account.outputs(_STACK)[_OUTPUT]
    except KeyError:
        raise CommandError(
            f"{account.stack_name(_STACK)} has no transcript table in {account.place()};"
            f" deploy it: make deploy ENV={name}"
        ) from None


def _connect(session: boto3.Session) -> Any:
    from botocore.config import Config
    from botocore.exceptions import NoCredentialsError

    if session.get_credentials() is None:
        raise NoCredentialsError
    limits = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
    )
    try:
        return session.client("dynamodb", config=limits)
    except ValueError as error:
        # The SDK's own word for an endpoint that is no URL.
        raise CommandError(
            f"AWS can't be asked: {error}; mend AWS_ENDPOINT_URL, or unset it"
        ) from None
