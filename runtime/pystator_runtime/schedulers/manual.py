"""A clock that stands still until it is told to go on: for tests, simulations and replays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pystator_runtime.errors import AutoTransitionLoopError
from pystator_runtime.results import TransitionResult
from pystator_runtime.schedulers.delays import milliseconds
from pystator_runtime.session import EntitySession
from pystator_runtime.timers import MAXIMUM_RINGS, Alarm, Milliseconds, wall_clock

SessionT = TypeVar("SessionT", bound="EntitySession[Any, Any, Any]")


class ManualScheduler:
    """Serves the timers of the sessions attached to it, in the order in which they are due."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now: Milliseconds = wall_clock() if now is None else round(now.timestamp() * 1000)
        self._sessions: list[Any] = []  # a clock and its sessions are one unit

    @property
    def now(self) -> datetime:
        """The clock's time, in UTC."""
        return datetime.fromtimestamp(self._now / 1000, UTC)

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
        """
        return [session._ring(alarm) for session, alarm in self._due(milliseconds(span))]

    async def aadvance(self, span: int | float | str | timedelta) -> list[TransitionResult[Any]]:
        """:meth:`advance` for machines whose guards or actions may be async."""
        return [await session._aring(alarm) for session, alarm in self._due(milliseconds(span))]

    def _due(self, span: Milliseconds) -> Iterator[tuple[Any, Alarm]]:
        """What comes due within ``span``; the clock is set to the moment of each."""
        end = self._now + span
        rings: dict[int, int] = {}  # of each session, at this moment
        while (moment := self._next_moment()) is not None and moment <= end:
            if moment > self._now:
                self._now = moment
                rings.clear()
            for session in tuple(self._sessions):
                alarm: Alarm | None = session._next_alarm()
                if alarm is None or alarm[0] > moment:
                    continue
                rings[id(session)] = rings.get(id(session), 0) + 1
                if rings[id(session)] > MAXIMUM_RINGS:
                    raise AutoTransitionLoopError(
                        f"timers without delay arm each other for ever, {alarm[1].trigger!r} of {session!r} among them"
                    )
                yield session, alarm
        self._now = max(self._now, end)

    def _next_moment(self) -> Milliseconds | None:
        """When the first timer of all sessions is due."""
        alarms = (session._next_alarm() for session in self._sessions)
        return min((alarm[0] for alarm in alarms if alarm is not None), default=None)
