"""The event loop that Mangum expects of Lambda's main thread, for as long as a test needs it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def lambda_loop() -> Iterator[None]:
    """Have a current event loop, and end it with its threads.

    Without one Mangum makes its own where it is put together, also at the import of a handler, and
    closes it never. https://github.com/Kludex/mangum/blob/main/mangum/adapter.py
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
