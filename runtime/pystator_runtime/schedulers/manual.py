"""A clock that stands still until it is told to go on: for tests, simulations and replays."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pystator_runtime.errors import AutoTransitionLoopError
from pystator_runtime.results import TransitionResult
from pystator_runtime.schedulers.delays import milliseconds
from pystator_runtime.session import EntitySession
from pystator_runtime.timers import MAXIMUM_RINGS, Alarm, Milliseconds, from_datetime, to_datetime, wall_clock
from pystator_runtime.waiting import Operation, Procedure, arun, run

SessionT = TypeVar("SessionT", bound="EntitySession[Any, Any, Any]")

_BATCH = 100
"""How many entities that are due at one moment are fetched at once."""


class ManualScheduler:
    """Serves the timers of sessions attached to it and of orchestrators, in the order in which they are due."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now: Milliseconds = wall_clock() if now is None else from_datetime(now)
        self._sessions: list[Any] = []  # a clock and its sessions are one unit
        self._orchestrators: list[Any] = []
        self._rings: Counter[object] = Counter()  # of whom, at this moment

    @property
    def now(self) -> datetime:
        """The clock's time, in UTC."""
        return to_datetime(self._now)

    def attach(self, session: SessionT) -> SessionT:
        """Serve ``session`` from now on and return it.

        The timers that it has armed already begin to wait now; those that it was restored with stay due when they
        were. What is due at once fires when the clock is next told to go on: by ``advance(0)``, say.
        """
        served: Any = session
        served._serve_timers(lambda: self._now)
        if served not in self._sessions:
            self._sessions.append(served)
        return session

    def advance(self, span: int | float | str | timedelta) -> list[TransitionResult[Any]]:
        """Let time pass (``"5s"``, ``500``: milliseconds) and fire what comes due on the way, each at its moment.

        Returns:
            The results of the timers that fired, in order.

        Raises:
            ValueError: ``span`` is no span of time.
            GuardError: A guard is async: use :meth:`aadvance`.
            ActionError: An action is async, or a step is running that would have to end first: use :meth:`aadvance`.
            AutoTransitionLoopError: Timers without delay arm each other for ever.
            StoreError: The store of an orchestrator failed, or an entity does not fit its machine.
        """
        return run(self._advance(milliseconds(span), is_async=False))

    async def aadvance(self, span: int | float | str | timedelta) -> list[TransitionResult[Any]]:
        """:meth:`advance` for machines whose guards or actions may be async."""
        return await arun(self._advance(milliseconds(span), is_async=True))

    # -- for orchestrators -------------------------------------------------------------------------------------

    def clock(self) -> Milliseconds:
        """The time by which an orchestrator judges what is due, in the place of its store's."""
        return self._now

    def serve(self, orchestrator: Any) -> None:
        """Belong to an orchestrator; called by its constructor."""
        self._orchestrators.append(orchestrator)

    def arm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """Nothing to note: the store is asked when time passes."""

    def start(self, orchestrator: Any) -> None:
        """Serve an orchestrator that was closed again."""
        if orchestrator not in self._orchestrators:
            self._orchestrators.append(orchestrator)

    async def astart(self, orchestrator: Any) -> None:
        """:meth:`start`."""
        self.start(orchestrator)

    def stop(self, orchestrator: Any) -> None:
        """Serve an orchestrator no more."""
        if orchestrator in self._orchestrators:
            self._orchestrators.remove(orchestrator)

    async def astop(self, orchestrator: Any) -> None:
        """:meth:`stop`."""
        self.stop(orchestrator)

    # -- time passes -------------------------------------------------------------------------------------------

    def _advance(self, span: Milliseconds, *, is_async: bool) -> Procedure[list[TransitionResult[Any]]]:
        fired: list[TransitionResult[Any]] = []
        end = self._now + span
        self._rings.clear()
        while (moment := (yield from self._next_moment())) is not None and moment <= end:
            if moment > self._now:
                self._now = moment
                self._rings.clear()
            yield from self._ring_sessions(moment, fired)
            yield from self._ring_entities(moment, fired, is_async=is_async)
        self._now = max(self._now, end)
        return fired

    def _next_moment(self) -> Procedure[Milliseconds | None]:
        """When the first timer of all sessions and stored entities is due."""
        alarms: list[Alarm | None] = [session._next_alarm() for session in self._sessions]
        first = min((alarm[0] for alarm in alarms if alarm is not None), default=None)
        for orchestrator in tuple(self._orchestrators):
            due, _ = yield from orchestrator.ringer.next_due()
            if due is not None and (first is None or due < first):
                first = due
        return first

    def _ring_sessions(self, moment: Milliseconds, fired: list[TransitionResult[Any]]) -> Procedure[None]:
        """Fire one timer of each session that has one due."""
        for session in tuple(self._sessions):
            alarm: Alarm | None = session._next_alarm()
            if alarm is not None and alarm[0] <= moment:
                self._count(id(session), f"{alarm[1].trigger!r} of {session!r}")
                fired.append((yield Operation(session._ring, session._aring, (alarm,))))

    def _ring_entities(
        self, moment: Milliseconds, fired: list[TransitionResult[Any]], *, is_async: bool
    ) -> Procedure[None]:
        """Fire one timer of each stored entity that has one due; at most a batch of each orchestrator."""
        for orchestrator in tuple(self._orchestrators):
            name = orchestrator.machine.name
            for entity_id in (yield from orchestrator.ringer.due(moment, _BATCH)):
                self._count((id(orchestrator), entity_id), f"one of {entity_id!r} of {name}")
                ringing = orchestrator.ringer.ring_first(entity_id, None, moment, is_async=is_async)
                fired.extend((yield from ringing) or ())

    def _count(self, whose: object, which: str) -> None:
        self._rings[whose] += 1
        if self._rings[whose] > MAXIMUM_RINGS:
            raise AutoTransitionLoopError(f"timers without delay arm each other for ever, {which} among them")
