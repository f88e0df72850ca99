"""What goes wrong where a person can do something about it."""

from __future__ import annotations


class CloudError(Exception):
    """The embedded cloud can't go on; the message is one line: what is wrong, and what to do."""
