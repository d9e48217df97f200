"""What one would write without any library: two variables, each with its own dictionary. No errors, no result."""

from __future__ import annotations

from pathlib import Path

from bench.contenders.base import PARALLEL_ROUTE, Case, Library, Scenario, follow

_GOODS = {"free": {"reserve": "reserved"}, "reserved": {"release": "free"}}
_PAYMENT = {"owed": {"reserve": "held"}, "held": {"release": "owed"}}


class Order:
    """An order with nothing but its two states."""

    __slots__ = ("goods", "payment")

    def __init__(self) -> None:
        self.goods = "free"
        self.payment = "owed"

    def send(self, trigger: str) -> None:
        """Move on in both, where they can."""
        self.goods = _GOODS[self.goods].get(trigger, self.goods)
        self.payment = _PAYMENT[self.payment].get(trigger, self.payment)


def prepare(workspace: Path) -> Library:
    """Nothing to prepare."""
    order = Order()
    follow(PARALLEL_ROUTE, order.send, lambda: {order.goods, order.payment})

    session = Case(
        "order.send()",
        "order.send('reserve'); order.send('release')",
        {"Order": Order},
        "order.goods == 'free' and order.payment == 'owed'",
        "order = Order()",
        events=2,
    )
    return Library("by hand", {Scenario.PARALLEL: [session]})
