"""The timers of a session (`S9`): which delayed transitions wait, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from pystator_runtime.errors import AutoTransitionLoopError
from pystator_runtime.results import Timer

Milliseconds = int
"""A moment in milliseconds since the epoch, or a span between two."""

MAXIMUM_RINGS = 100
"""So many timers may fire at one moment, each armed by the one before, before that counts as a loop."""


def wall_clock() -> Milliseconds:
    """Now."""
    return time.time_ns() // 1_000_000


def to_text(moment: Milliseconds) -> str:
    """A moment as ISO 8601 text, in UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def from_text(text: str) -> Milliseconds:
    """The moment that :func:`to_text` wrote.

    Raises:
        ValueError: The text is no moment, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return round(moment.timestamp() * 1000)


class Timers:
    """The armed timers of one session, by when they are due, on some clock.

    ``served`` tells whether that clock fires them; otherwise they only wait, to be told in snapshots.
    """

    __slots__ = ("clock", "due", "served")

    def __init__(self, due: Mapping[Timer, Milliseconds] | None = None) -> None:
        self.clock: Callable[[], Milliseconds] = wall_clock
        self.served = False
        self.due: dict[Timer, Milliseconds] = dict(due or {})

    def serve(self, clock: Callable[[], Milliseconds]) -> None:
        """Go by a clock that fires the timers."""
        self.clock = clock
        self.served = True

    def change(self, armed: Iterable[Timer], disarmed: Iterable[Timer]) -> None:
        """Disarm and arm what a step says; a restarted timer is due anew (`S9.2`)."""
        for timer in disarmed:
            self.due.pop(timer, None)
        for timer in armed:
            self.due.pop(timer, None)  # so that among equals the one armed last is also the last due
            self.due[timer] = self.clock() + timer.delay

    def next(self) -> tuple[Milliseconds, Timer] | None:
        """The timer that is due first, and when; among equals the one that was armed first."""
        first: tuple[Milliseconds, Timer] | None = None
        for timer, due in self.due.items():
            if first is None or due < first[0]:
                first = due, timer
        return first

    def overdue(self) -> Iterator[Timer]:
        """The timers that are due already, one by one as they are fired; none if nobody serves them.

        Raises:
            AutoTransitionLoopError: Timers without delay arm each other for ever.
        """
        fired = 0
        while self.served and (found := self.next()) is not None and found[0] <= self.clock():
            fired += 1
            if fired > MAXIMUM_RINGS:
                raise AutoTransitionLoopError(
                    f"timers without delay arm each other for ever, {found[1].trigger!r} among them"
                )
            yield found[1]
