"""The arguments of a tool call on their way back to a model that wants an object, not its text."""

from __future__ import annotations

import json


def parse_arguments(text: str) -> dict[str, object]:
    """Return the object that a model wrote; an empty one for text that is none.

    A call that was cut off is answered with its error, and has to be told with something.
    """
    try:
        arguments = json.loads(text)
        # A lone surrogate, which JSON can spell, fits into no request.
        json.dumps(arguments, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}
