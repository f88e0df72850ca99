"""What can go wrong when transcripts are read. Messages are for people and quote no transcript."""

from __future__ import annotations

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_DENIED = frozenset(
    {
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
_BUSY = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Keys are checked before a query: what the table then calls invalid is the table itself.
_WRONG = frozenset({"ResourceNotFoundException", "ValidationException"})


class TranscriptError(Exception):
    """Reading failed; the message says in one line why."""


class InvalidRequest(TranscriptError):
    """What was asked for can't be: a day, a cursor, a limit or an id of the wrong form."""


class UnknownConversation(TranscriptError):
    """The table has nothing of it that hasn't expired."""


class ConversationTooLong(TranscriptError):
    """A conversation is longer than the caller takes."""


class TableError(TranscriptError):
    """The table didn't answer; `code` is AWS's name for the reason."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


class TableDenied(TableError):
    """The credentials don't allow it, or are no longer good."""


class TableWrong(TableError):
    """There is no such table, or it isn't the transcript log's."""


class TableBusy(TableError):
    """The table, or the account, has no capacity for it now."""


class TableUnavailable(TableError):
    """Anything else that may pass."""


def describe(table: str, code: str) -> TableError:
    """Return the failure that AWS's error `code` is, for the table of that name."""
    if code in _DENIED:
        return TableDenied(f"no permission to read table {table}", code)
    if code in _WRONG:
        return TableWrong(f"there is no transcript table {table} here", code)
    if code in _BUSY:
        return TableBusy(f"table {table} is too busy", code)
    return TableUnavailable(f"table {table} does not answer", code)
