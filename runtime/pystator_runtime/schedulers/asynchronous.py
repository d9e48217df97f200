"""A clock for stored entities in the application's own process: a task of its event loop, or a thread."""

from __future__ import annotations

from typing import Any

from pystator_runtime.schedulers.watching import PATIENCE, Watch, WatchingScheduler
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import arun


class AsyncioScheduler(WatchingScheduler):
    """Fires the timers of orchestrators while their process lives, and runs the actions that nobody is at.

    In an event loop it is a task of it, begun by the first timer or by ``await orchestrator.astart()``. Without one,
    ``orchestrator.start()`` begins a thread. Timers are stored: what was due while no process lived fires when one
    starts. At least every ``patience`` seconds it looks for what other processes have armed.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        super().__init__(patience)

    def watch_over(self, orchestrator: Any) -> Watch:
        """A watch over the store."""
        return _Watch(orchestrator, self)


class _Watch(Watch):
    """The watch over the stored timers of one orchestrator."""

    def __init__(self, orchestrator: Any, scheduler: AsyncioScheduler) -> None:
        super().__init__(orchestrator, scheduler)
        self._looked: Milliseconds | None = None

    async def look(self) -> tuple[Milliseconds, Milliseconds]:
        orchestrator = self.orchestrator
        await arun(orchestrator.fire_due(None, is_async=True, is_over=self.is_over))
        self.listen()
        due, now = await arun(orchestrator.ringer.next_due())
        before, self._looked = self._looked, now
        if due is None or (before is not None and due <= before):  # it was due at the last look, too, and can't fire
            return now, now + round(self._scheduler.patience * 1000)
        return now, due
