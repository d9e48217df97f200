"""The timers of a session (`S9`): which delayed transitions wait, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pystator_runtime.logs import warn
from pystator_runtime.results import Timer

if TYPE_CHECKING:
    from datetime import datetime

Milliseconds = int
"""A moment in milliseconds since the epoch, or a span between two."""

Alarm = tuple[Milliseconds, Timer]
"""A timer, and when it is due: that tells one entry of its state from the next (`S9.5`)."""

MAXIMUM_RINGS = 100
"""So often may the timers of one session fire at one moment, each armed by the one before, before it is a loop."""


def wall_clock() -> Milliseconds:
    """Now."""
    return time.time_ns() // 1_000_000


def to_datetime(moment: Milliseconds) -> datetime:
    """A moment as a ``datetime``, in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment / 1000, UTC)


def from_datetime(moment: datetime) -> Milliseconds:
    """The moment of a ``datetime``; one without an offset is local time, as everywhere in Python."""
    return round(moment.timestamp() * 1000)


def to_text(moment: Milliseconds) -> str:
    """A moment as ISO 8601 text, in UTC."""
    return to_datetime(moment).isoformat(timespec="milliseconds")


def from_text(text: str) -> Milliseconds:
    """The moment that :func:`to_text` wrote.

    Raises:
        ValueError: The text is no moment, or one without an offset.
    """
    from datetime import datetime

    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return from_datetime(moment)


class Timers:
    """The armed timers of one session, by when they are due, on some clock.

    ``served`` tells whether that clock fires them; until then they only wait, to be told in snapshots. ``at_once``
    are those without delay that a served session has armed and that have not fired yet.
    """

    __slots__ = ("_unserved", "at_once", "clock", "due", "served")

    def __init__(self, due: Mapping[Timer, Milliseconds] | None = None) -> None:
        self.clock: Callable[[], Milliseconds] = wall_clock
        self.served = False
        self.due: dict[Timer, Milliseconds] = dict(due or {})
        self.at_once: dict[Timer, None] = {}
        self._unserved: dict[Timer, None] = {}

    def serve(self, clock: Callable[[], Milliseconds]) -> None:
        """Go by a clock that fires the timers.

        What the session has armed so far begins to wait now: its time did not pass without a clock. What was restored
        stays due when it was (`S9.5`).
        """
        self.clock = clock
        self.served = True
        now = clock()
        for timer in self._unserved:
            self.due[timer] = now + timer.delay
        self._unserved.clear()

    def change(self, armed: Iterable[Timer], disarmed: Iterable[Timer]) -> None:
        """Disarm and arm what a step says; a restarted timer is due anew (`S9.2`)."""
        for timer in disarmed:
            self.use_up(timer)
        now = self.clock()
        for timer in armed:
            self.use_up(timer)  # so that among equals the one armed last is also the last due
            self.due[timer] = now + timer.delay
            if not self.served:
                self._unserved[timer] = None
            elif not timer.delay:
                self.at_once[timer] = None

    def use_up(self, timer: Timer) -> None:
        """Let a timer be gone, because it has fired or is disarmed."""
        self.due.pop(timer, None)
        self.at_once.pop(timer, None)
        self._unserved.pop(timer, None)

    def next(self) -> Alarm | None:
        """The timer that is due first, and when: without delay, or else among equals the one that was armed first."""
        for timer in self.at_once:
            return self.due[timer], timer
        first: Alarm | None = None
        for timer, due in tuple(self.due.items()):  # a copy: another thread may be changing them
            if first is None or due < first[0]:
                first = due, timer
        return first

    def without_delay(self) -> Iterator[Alarm]:
        """The timers without delay, one by one as they are fired, also those that these arm in turn (`S9.1`).

        One that fails to fire, or one of a loop, stays due until the clock goes on.
        """
        for _ in range(MAXIMUM_RINGS):
            timer = next(iter(self.at_once), None)
            if timer is None:
                return
            self.at_once.pop(timer, None)
            if (due := self.due.get(timer)) is not None:
                yield due, timer
        if self.at_once:
            warn(f"timers without delay arm each other for ever, {next(iter(self.at_once)).trigger!r} among them")
            self.at_once.clear()
