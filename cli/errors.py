"""What commands raise for mistakes that their user can mend."""

from __future__ import annotations


class CommandError(Exception):
    """The command can't go on; the message is one line with the reason and the remedy."""
