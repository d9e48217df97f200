"""transitions: a hierarchical machine with a parallel state."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from transitions.extensions import HierarchicalMachine

from bench.contenders.base import PARALLEL_ROUTE, Case, Library, Scenario, follow

_STATES: list[Any] = [
    "received",
    {
        "name": "handling",
        "parallel": [
            {"name": "goods", "initial": "free", "children": ["free", "reserved"]},
            {"name": "payment", "initial": "owed", "children": ["owed", "held"]},
        ],
    },
    "closed",
]
_FREE, _RESERVED = "handling_goods_free", "handling_goods_reserved"
_OWED, _HELD = "handling_payment_owed", "handling_payment_held"
_TRANSITIONS: list[dict[str, Any]] = [
    {"trigger": "accept", "source": "received", "dest": "handling"},
    {"trigger": "close", "source": "handling", "dest": "closed"},
    {"trigger": "reserve", "source": _FREE, "dest": _RESERVED},
    {"trigger": "reserve", "source": _OWED, "dest": _HELD},
    {"trigger": "release", "source": _RESERVED, "dest": _FREE},
    {"trigger": "release", "source": _HELD, "dest": _OWED},
]


class Order:
    """A model. The machine adds state and triggers to it."""


def prepare(workspace: Path) -> Library:
    """Build the machine."""

    def accepted() -> Any:
        order: Any = Order()
        HierarchicalMachine(model=order, states=_STATES, transitions=_TRANSITIONS, initial="received")
        order.accept()
        return order

    order = accepted()
    follow(PARALLEL_ROUTE, order.trigger, lambda: {leaf.rpartition("_")[2] for leaf in order.state})

    session = Case(
        "order.reserve()",
        "order.reserve(); order.release()",
        {"accepted": accepted, "before": [_FREE, _OWED]},
        "order.state == before",
        "order = accepted()",
        events=2,
    )
    return Library(f"transitions {version('transitions')}", {Scenario.PARALLEL: [session]})
