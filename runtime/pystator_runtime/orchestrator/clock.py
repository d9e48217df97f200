"""The clock that the timers of an orchestrator go by: the store's, or the scheduler's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Operation, Procedure

if TYPE_CHECKING:
    from pystator_runtime.protocols import Scheduler


class Clock:
    """What time it is, and who is told when a timer is due. ``scheduler`` may be ``None``; it gets to see ``owner``."""

    __slots__ = ("_journal", "_owner", "_scheduler", "time")

    def __init__(self, owner: Any, scheduler: Scheduler | None, journal: Journal) -> None:
        self._owner = owner
        self._scheduler = scheduler
        self._journal = journal
        self.time: Callable[[], Milliseconds] | None = getattr(scheduler, "clock", None)
        """What the scheduler's own clock says; ``None`` if the store's decides, which tells when it is loaded from."""

    def arm(self, entity_id: str, due: Milliseconds) -> Procedure[None]:
        """Tell the scheduler when the entity's next timer is due. Whether it listens or not, the timer is stored."""
        if self._scheduler is None:
            return
        arm, twin = self._scheduler.arm, getattr(self._scheduler, "aarm", None)
        try:
            if twin is None:
                arm(self._owner, entity_id, due)
            else:
                yield Operation(arm, twin, (self._owner, entity_id, due))
        except Exception as error:
            self._journal.unheard(entity_id, error)
