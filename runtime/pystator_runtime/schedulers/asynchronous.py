"""A clock for stored entities in the application's own process: a task of its event loop, or a thread."""

from __future__ import annotations

import asyncio
from typing import Any

from pystator_runtime.schedulers.watching import Watch
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import arun

PATIENCE = 1.0
"""For how many seconds the clock sleeps at most: timers that another process has armed are found by looking."""


class AsyncioScheduler:
    """Fires the timers of orchestrators while their process lives, and runs the actions that nobody is at.

    In an event loop it is a task of it, begun by the first timer or by ``await orchestrator.astart()``. Without one,
    ``orchestrator.start()`` begins a thread. Timers are stored: what was due while no process lived fires when one
    starts. At least every ``patience`` seconds it looks for what other processes have armed.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._watches: dict[Any, _Watch] = {}

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

    def _watch(self, orchestrator: Any) -> _Watch:
        return self._watches.setdefault(orchestrator, _Watch(orchestrator, self.patience))


class _Watch(Watch):
    """The watch over the stored timers of one orchestrator."""

    def __init__(self, orchestrator: Any, patience: float) -> None:
        super().__init__(repr(orchestrator), patience)
        self._orchestrator = orchestrator
        self._looked: Milliseconds | None = None

    async def look(self) -> tuple[Milliseconds, Milliseconds]:
        orchestrator = self._orchestrator
        await arun(orchestrator.fire_due(None, is_async=True, is_over=self.is_over))
        self.listen()
        due, now = await arun(orchestrator.outside.store("next_due", orchestrator.machine.name))
        before, self._looked = self._looked, now
        if due is None or (before is not None and due <= before):  # it was due at the last look, too, and can't fire
            return now, now + round(self.patience * 1000)
        return now, due


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
