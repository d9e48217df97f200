"""What belongs to one event loop of one process, as connections that are awaited do."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")

_inherited: list[object] = []


def keep(*inherited: object) -> None:
    """Keep what a forked process has from its parent: letting go of it might say goodbye to a server on its behalf."""
    _inherited.extend(inherited)


class PerLoop(Generic[ValueT]):
    """One value for each event loop, made when it is first asked for there.

    An application may run several loops, one after the other or in threads (``asyncio.run`` makes a new one each time).
    """

    def __init__(self, make: Callable[[], ValueT], drop: Callable[[ValueT], None]) -> None:
        """``drop`` lets go of the value of a loop that is closed, where nothing can be awaited any more."""
        self._make = make
        self._drop = drop
        self._mutex = threading.Lock()
        self._process = os.getpid()
        self._values: dict[asyncio.AbstractEventLoop, ValueT] = {}

    def get(self) -> ValueT:
        """The value of the running loop."""
        loop = asyncio.get_running_loop()
        value = self._values.get(loop)
        if value is None or self._process != os.getpid():
            self.sweep()
            with self._mutex:
                value = self._values[loop] = self._make()
        return value

    def pop(self) -> ValueT | None:
        """Take away the value of the running loop."""
        self.sweep()
        with self._mutex:
            return self._values.pop(asyncio.get_running_loop(), None)

    def sweep(self) -> None:
        """Let go of what belongs to loops that are closed, or to the process before a fork."""
        if self._process != os.getpid():
            keep(self._values)
            self._process, self._values, self._mutex = os.getpid(), {}, threading.Lock()
        with self._mutex:
            closed = [loop for loop in self._values if loop.is_closed()]
            for loop in closed:
                self._drop(self._values.pop(loop))
