"""Clocks that look again and again: as a task of an event loop, or in a thread that runs one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from abc import ABC, abstractmethod
from typing import Any

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.logs import warn
from pystator_runtime.timers import Milliseconds

PATIENCE = 1.0
"""For how many seconds a clock sleeps at most: timers that another process has armed are found by looking."""


class WatchingScheduler(ABC):
    """A clock that has a :class:`Watch` over each orchestrator that it serves.

    In an event loop that is a task of it, begun by the first timer or by ``await orchestrator.astart()``. Without one,
    ``orchestrator.start()`` begins a thread.
    """

    def __init__(self, patience: float) -> None:
        if patience <= 0:
            raise ConfigurationError(f"patience={patience}: a clock has to sleep for more than 0 seconds between looks")
        self.patience = patience
        self._watches: dict[Any, Watch] = {}

    @abstractmethod
    def watch_over(self, orchestrator: Any) -> Watch:
        """A new watch."""

    def serve(self, orchestrator: Any) -> None:
        """Belong to an orchestrator; called by its constructor."""
        self._watch(orchestrator)

    def arm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """Take note that a timer is due at some moment; an orchestrator that was closed waits to be started again."""
        watch = self._watches.get(orchestrator)
        if watch is None:
            return
        if watch.is_watching():
            watch.arm(due)
        elif _in_event_loop():
            watch.start_task()

    def start(self, orchestrator: Any) -> None:
        """Watch the clock in a thread."""
        self._watch(orchestrator).start_thread()

    async def astart(self, orchestrator: Any) -> None:
        """Watch the clock in the running event loop."""
        self._watch(orchestrator).start_task()

    def stop(self, orchestrator: Any) -> None:
        """Stop watching, and wait for the end of what is running, unless the event loop of that would have to wait."""
        if (watch := self._watches.pop(orchestrator, None)) is not None:
            watch.stop()

    async def astop(self, orchestrator: Any) -> None:
        """Stop watching, and wait for the end of what is running."""
        if (watch := self._watches.pop(orchestrator, None)) is not None:
            await watch.astop()

    def _watch(self, orchestrator: Any) -> Watch:
        watch = self._watches.get(orchestrator)
        if watch is None:
            watch = self._watches[orchestrator] = self.watch_over(orchestrator)
        return watch


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Watch(ABC):
    """Looks for an orchestrator's timers until it is stopped; what it is doing then is brought to its end.

    The ``patience`` of its scheduler is for how many seconds it sleeps at most, and after a failure.
    """

    def __init__(self, orchestrator: Any, scheduler: WatchingScheduler) -> None:
        self.orchestrator = orchestrator
        self._scheduler = scheduler
        self._mutex = threading.Lock()
        self._is_over = True
        self._ended = threading.Event()
        self._ended.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._bell: asyncio.Event | None = None
        self._until: Milliseconds | None = None

    @abstractmethod
    async def look(self) -> tuple[Milliseconds, Milliseconds]:
        """Do what is due; what time it is, and when to look again."""

    def is_over(self) -> bool:
        """Whether it is to begin nothing new."""
        return self._is_over

    # -- beginning and end -------------------------------------------------------------------------------------

    def start_task(self) -> None:
        """Watch in the running event loop, unless it watches already."""
        loop = asyncio.get_running_loop()
        with self._mutex:
            if self._begin():
                # In a context of its own: that of the event which has armed the first timer is not that of all others.
                self._loop, self._bell = loop, asyncio.Event()
                self._task = loop.create_task(self._run(), name="pystator-timers", context=contextvars.Context())

    def start_thread(self) -> None:
        """Watch in a thread, unless it watches already."""
        with self._mutex:
            if self._begin():
                self._task = None
                self._thread = threading.Thread(target=self._run_thread, name="pystator-timers", daemon=True)
                self._thread.start()

    def _begin(self) -> bool:
        if self.is_watching():
            return False
        self._is_over, self._until = False, None
        self._ended.clear()
        self._loop = self._bell = self._thread = None
        return True

    def is_watching(self) -> bool:
        """Whether a task or thread does: not one of an event loop that is closed, or of the process before a fork."""
        if self._ended.is_set():
            return False
        if self._thread is not None:
            return self._thread.is_alive()
        return self._task is not None and not self._task.done() and self._loop is not None and self._loop.is_running()

    def stop(self) -> None:
        """Stop, and wait for the end of what is running; from inside of the event loop that watches, only stop."""
        self._end()
        if self._can_be_awaited_here():
            self._wait()

    async def astop(self) -> None:
        """Stop, and wait for the end of what is running. Whoever gives up waiting has it cancelled."""
        self._end()
        task = self._task
        if task is not None and self._loop is asyncio.get_running_loop():
            if task.done() or task is asyncio.current_task():
                return
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                task.cancel()
                raise
        elif self._can_be_awaited_here():
            await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        if self._thread is None:
            self._ended.wait()
        else:
            self._thread.join()

    def _end(self) -> None:
        with self._mutex:
            self._is_over = True
        self.wake()

    def _can_be_awaited_here(self) -> bool:
        """Whether another thread is going to end it."""
        if self._thread is not None:
            return self._thread.is_alive() and self._thread is not threading.current_thread()
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        return self.is_watching() and self._loop is not here

    # -- watching ----------------------------------------------------------------------------------------------

    def arm(self, due: Milliseconds) -> None:
        """Wake up for a timer that is due before the next look."""
        if self._until is None or due < self._until:
            self.wake()

    def wake(self) -> None:
        """Look now."""
        loop, bell = self._loop, self._bell
        if loop is not None and bell is not None and loop.is_running():
            with contextlib.suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(bell.set)

    def listen(self) -> None:
        """From here on whatever is armed leads to another look: what this one reads may be older."""
        self._until = None
        if self._bell is not None:
            self._bell.clear()

    def _run_thread(self) -> None:
        async def run() -> None:
            with self._mutex:
                self._loop, self._bell = asyncio.get_running_loop(), asyncio.Event()
            await self._run()

        try:
            asyncio.run(run())
        finally:
            self._ended.set()

    async def _run(self) -> None:
        is_failing = False
        try:
            while not self._is_over:
                try:
                    pause = await self._look()
                    is_failing = False
                except Exception as error:  # what is away comes back
                    if not is_failing:
                        warn(f"the timers of {self.orchestrator!r} could not be served; they will be: {error}", error)
                    is_failing, pause = True, self._scheduler.patience
                await self._sleep(pause)
        finally:
            self._ended.set()

    async def _look(self) -> float:
        now, again = await self.look()
        pause = min(max(again - now, 0) / 1000, self._scheduler.patience)
        self._until = now + round(pause * 1000)
        return pause

    async def _sleep(self, pause: float) -> None:
        assert self._bell is not None, "it was made at the beginning"
        if self._is_over:
            return
        try:
            async with asyncio.timeout(pause):
                await self._bell.wait()
        except TimeoutError:
            pass
        self._bell.clear()
