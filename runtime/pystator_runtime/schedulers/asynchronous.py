"""A clock for stored entities in the application's own process: a task of its event loop, or a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from pystator_runtime.guards import warn
from pystator_runtime.waiting import arun

PATIENCE = 1.0
"""For how many seconds the clock sleeps at most: timers that another process has armed are found by looking."""


class AsyncioScheduler:
    """Fires the timers of orchestrators while their process lives.

    In an event loop it is a task of it, begun by the first timer or by ``await orchestrator.astart()``. Without one,
    ``orchestrator.start()`` begins a thread. Timers are stored: what was due while no process lived fires when one
    starts.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._watches: dict[Any, _Watch] = {}

    def serve(self, orchestrator: Any) -> None:
        """Belong to an orchestrator; called by its constructor."""
        self._watches[orchestrator] = _Watch(orchestrator, self._patience)

    def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
        """Take note that a timer is due at some moment."""
        self._watches[orchestrator].arm(due)

    def start(self, orchestrator: Any) -> None:
        """Watch the clock in a thread."""
        self._watches[orchestrator].start_thread()

    async def astart(self, orchestrator: Any) -> None:
        """Watch the clock in the running event loop."""
        self._watches[orchestrator].start_task()

    def stop(self, orchestrator: Any) -> None:
        """Stop watching, from outside of the event loop or thread that does it."""
        self._watches[orchestrator].stop()

    async def astop(self, orchestrator: Any) -> None:
        """Stop watching, and wait for the end of what is running."""
        await self._watches[orchestrator].astop()


class _Watch:
    """The watch over the timers of one orchestrator."""

    def __init__(self, orchestrator: Any, patience: float) -> None:
        self._orchestrator = orchestrator
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._armed: asyncio.Event | None = None
        self._due: int | None = None  # the first moment that it knows of

    def arm(self, due: int) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return  # nobody watches; the timer is stored
            self.start_task()
        elif self._due is None or due < self._due:
            self._wake()

    def start_task(self) -> None:
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self._armed = asyncio.Event()
            self._task = self._loop.create_task(self._watch(), name="pystator-timers")

    def start_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="pystator-timers", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    async def astop(self) -> None:
        if self._thread is not None:
            await asyncio.to_thread(self.stop)
        elif self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def _run(self) -> None:
        async def begin() -> None:
            self.start_task()
            assert self._task is not None, "it was begun"
            await asyncio.wait([self._task])

        asyncio.run(begin())

    def _wake(self) -> None:
        if self._loop is not None and self._armed is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._armed.set)

    async def _watch(self) -> None:
        while True:
            try:
                await self._orchestrator.arun_due()
                self._due, now = await arun(
                    self._orchestrator.outside.store("next_due", self._orchestrator.machine.name)
                )
            except Exception as error:  # a store that is away comes back
                warn(f"the timers of {self._orchestrator!r} could not be served: {error}", error)
                self._due, now = None, 0
            pause = self._patience if self._due is None else min(max(self._due - now, 0) / 1000, self._patience)
            assert self._armed is not None, "it is made with the task"
            self._armed.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._armed.wait()
            except TimeoutError:
                pass
