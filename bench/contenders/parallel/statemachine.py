"""python-statemachine: a parallel state, whose regions are compound states."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from statemachine import State, StateChart

from bench.contenders.base import PARALLEL_ROUTE, Case, Library, Scenario, follow

_LEAVES = ("free", "reserved", "owed", "held")


class Order(StateChart[Any]):
    """The parallel machine."""

    received = State(initial=True)

    class handling(State.Parallel):  # noqa: N801 - the class is a state
        """Goods and payment, side by side."""

        class goods(State.Compound):  # noqa: N801
            """What is put aside."""

            free = State(initial=True)
            reserved = State()
            reserve = free.to(reserved)
            release = reserved.to(free)

        class payment(State.Compound):  # noqa: N801
            """What is held back."""

            owed = State(initial=True)
            held = State()
            reserve = owed.to(held)
            release = held.to(owed)

    closed = State(final=True)

    accept = received.to(handling)
    close = handling.to(closed)


def prepare(workspace: Path) -> Library:
    """Nothing to build: the class is the machine."""

    def accepted() -> Order:
        order = Order()
        order.send("accept")
        return order

    order = accepted()
    follow(PARALLEL_ROUTE, order.send, lambda: {leaf for leaf in _LEAVES if getattr(order, leaf).is_active})

    session = Case(
        "order.send()",
        "order.send('reserve'); order.send('release')",
        {"accepted": accepted},
        "order.free.is_active and order.owed.is_active",
        "order = accepted()",
        events=2,
    )
    return Library(f"python-statemachine {version('python-statemachine')}", {Scenario.PARALLEL: [session]})
