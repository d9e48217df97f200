"""The async twins of a store behind the names of its sync methods, so that a test is written once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any


class Awaited:
    """Calls go to an event loop in a thread, where many may wait at once; each process has a loop of its own."""

    is_instant = False

    def __init__(self, store: Any) -> None:
        self.store = store
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._mutex = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        twin = getattr(self.store, f"a{name}")

        def call(*arguments: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(twin(*arguments), self._running()).result()

        return call

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._mutex:
            if self._loop is None or self._process != os.getpid():
                self._process, self._loop = os.getpid(), asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
                self._thread.start()
            return self._loop

    def end(self) -> None:
        """End the loop."""
        if self._loop is not None and self._process == os.getpid():
            loop, self._loop = self._loop, None
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
