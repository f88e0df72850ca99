"""Standard output as a whole: how a command ends that can't write, or that nobody reads."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a shell shows for a program that SIGPIPE ended.
_READER_GONE = 141
# How the write of a descriptor fails; https://man7.org/linux/man-pages/man2/write.2.html
_WRITE_ERRORS = {
    errno.EBADF,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENOSPC,
    errno.EPIPE,
}


@contextmanager
def checked_output() -> Iterator[None]:
    """Everything inside has been written at the end. Raises CommandError, SystemExit."""
    # Python's own form of a descriptor that the shell has closed.
    if sys.stdout is None:
        raise CommandError("can't write: standard output is closed")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        # Files are opened by name, and their errors have it.
        if error.filename is not None or error.errno not in _WRITE_ERRORS:
            raise
        _drop_output()
        if isinstance(error, BrokenPipeError):
            raise SystemExit(_READER_GONE) from None
        raise CommandError(f"can't write: {error.strerror}") from None


def _drop_output() -> None:
    """Lead what is still to be written nowhere: Python flushes once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
