"""What belongs to one event loop of one process, as connections that are awaited do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

ValueT = TypeVar("ValueT")

_inherited: list[object] = []


def keep(*inherited: object) -> None:
    """Keep what a forked process has from its parent: letting go of it might say goodbye to a server on its behalf."""
    _inherited.extend(inherited)


class _Kept(NamedTuple, Generic[ValueT]):
    value: ValueT
    end: AsyncGenerator[None, None]


class PerLoop(Generic[ValueT]):
    """One value for each event loop, made when it is first asked for there, and ended with the loop.

    An application may run several loops, one after the other or in threads (``asyncio.run`` makes a new one each time).
    """

    def __init__(
        self, make: Callable[[], ValueT], end: Callable[[ValueT], Awaitable[None]], drop: Callable[[ValueT], None]
    ) -> None:
        """``end`` is awaited, in the loop; ``drop`` lets go of the value of a loop that was closed without that."""
        self._make = make
        self._end = end
        self._drop = drop
        self._mutex = threading.Lock()
        self._process = os.getpid()
        self._values: dict[asyncio.AbstractEventLoop, _Kept[ValueT]] = {}

    def get(self) -> ValueT:
        """The value of the running loop."""
        loop = asyncio.get_running_loop()
        kept = self._values.get(loop)
        if kept is None or self._process != os.getpid():
            self.sweep()
            value = self._make()
            kept = _Kept(value, self._until_the_end(value))
            with contextlib.suppress(StopIteration):
                kept.end.__anext__().send(None)  # begins it: from now on the loop knows of it
            with self._mutex:
                self._values[loop] = kept
        return kept.value

    async def _until_the_end(self, value: ValueT) -> AsyncGenerator[None, None]:
        """Asynchronous generators are what a loop itself ends before it is closed (``loop.shutdown_asyncgens``)."""
        try:
            yield
        finally:
            await self._end(value)

    async def aclose(self) -> None:
        """End the value of the running loop."""
        self.sweep()
        with self._mutex:
            kept = self._values.pop(asyncio.get_running_loop(), None)
        if kept is not None:
            await kept.end.aclose()

    def all(self) -> list[ValueT]:
        """The values of all loops that are not closed."""
        self.sweep()
        with self._mutex:
            return [kept.value for kept in self._values.values()]

    def sweep(self) -> None:
        """Let go of what belongs to loops that are closed, or to the process before a fork."""
        if self._process != os.getpid():
            keep(self._values)
            self._process, self._values, self._mutex = os.getpid(), {}, threading.Lock()
        with self._mutex:
            closed = [loop for loop in self._values if loop.is_closed()]
            for loop in closed:
                self._drop(self._values.pop(loop).value)
