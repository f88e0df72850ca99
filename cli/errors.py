"""What commands raise for mistakes that their user can mend."""

from __future__ import annotations


class CommandError(Exception):
    """The command can't go on; the message is one line with the reason and the remedy."""

    exit_code = 1


class UsageError(CommandError):
    """What was asked for can't be: the command line itself has to change."""

    exit_code = 2
