"""Answers as streams: any iterable as an async iterator, and its orderly end.

Lists and tuples are iterated at once; other plain iterables may block (a provider's synchronous
stream does), so each of their steps is taken in a worker thread.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from types import AsyncGeneratorType
from typing import Any

from .threads import ThreadPool

_END = object()

_CLOSE_SECONDS = 5.0
"""How long a stream may take to close before it is left to itself."""


def open_stream(response: object, threads: ThreadPool) -> AsyncIterator[Any]:
    """The async iterator over ``response``. Raises TypeError if it can't be iterated."""
    if hasattr(response, "__aiter__"):
        iterator: AsyncIterator[Any] = aiter(response)
        return iterator
    if isinstance(response, list | tuple):
        return _iterate(response)
    if isinstance(response, Iterable):
        return _ThreadedStream(response, threads)
    raise TypeError(
        f"cannot send a {type(response).__name__}: expected a string, an iterable or an async "
        "iterable of strings or provider stream events"
    )


def is_used_up(stream: object) -> bool:
    """Whether nothing is left to close: an async generator that has run to its end."""
    return isinstance(stream, AsyncGeneratorType) and stream.ag_frame is None


async def close_quietly(stream: object) -> None:
    """Release what an async ``stream`` holds, an HTTP connection say, if it has a way to.

    Nobody reads it any more: what goes wrong concerns nobody, and what takes long is left.
    """
    with suppress(Exception):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await _close(stream)


async def _close(stream: object) -> None:
    if not hasattr(stream, "__aiter__"):
        return
    close = getattr(stream, "aclose", None) or getattr(stream, "close", None)
    if callable(close):
        result = close()
        if inspect.isawaitable(result):
            await result


async def _iterate(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


class _ThreadedStream:
    """A plain iterator whose steps run in worker threads."""

    def __init__(self, iterable: Iterable[Any], threads: ThreadPool) -> None:
        self._iterable = iterable
        self._iterator: Iterator[Any] = iter(iterable)
        self._threads = threads
        self._is_stepping = False
        self._is_closed = False

    def __aiter__(self) -> _ThreadedStream:
        return self

    async def __anext__(self) -> Any:
        item = await self._threads.run(self._step)
        if item is _END:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Close the iterator; one that is inside a step is closed by that step's thread."""
        self._is_closed = True
        if not self._is_stepping:
            await self._threads.run(self._close)

    def _step(self) -> Any:
        self._is_stepping = True
        try:
            return next(self._iterator, _END)
        finally:
            self._is_stepping = False
            if self._is_closed:
                self._close()

    def _close(self) -> None:
        for closable in (self._iterator, self._iterable):
            close = getattr(closable, "close", None)
            if callable(close):
                close()
