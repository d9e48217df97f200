"""python-statemachine: compound states. It runs actions and does not plan them, so it is given none."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from statemachine import State, StateChart

from bench.contenders.base import NESTED_ROUTE, Case, Library, Scenario, follow

_LEAVES = ("open", "filling", "paused", "queued", "closed")


class Order(StateChart[Any]):
    """The nested machine. What is inherited is ``internal``, or the outermost state would be left and entered too."""

    class live(State.Compound):  # noqa: N801 - the class is a state
        """What is not closed."""

        class working(State.Compound):  # noqa: N801
            """Somebody works on it."""

            open = State(initial=True)
            filling = State()
            fill = open.to(filling)

        class waiting(State.Compound):  # noqa: N801
            """Nobody does."""

            paused = State(initial=True)
            queued = State()
            enqueue = paused.to(queued)

    closed = State(final=True)

    pause = live.working.open.to(live.waiting.paused)
    resume = live.waiting.paused.to(live.working.open)
    halt = live.to(live.waiting.paused, internal=True)
    reopen = live.to(live.working.open, internal=True)
    close = live.to(closed)


def prepare(workspace: Path) -> Library:
    """Nothing to build: the class is the machine."""
    order = Order()
    follow(NESTED_ROUTE, order.send, lambda: next(leaf for leaf in _LEAVES if getattr(order, leaf).is_active))

    def session(statement: str) -> Case:
        return Case("order.send()", statement, {"Order": Order}, "order.open.is_active", "order = Order()", events=2)

    return Library(
        f"python-statemachine {version('python-statemachine')}",
        {
            Scenario.NESTED: [session("order.send('pause'); order.send('resume')")],
            Scenario.INHERITED: [session("order.send('halt'); order.send('reopen')")],
        },
    )
