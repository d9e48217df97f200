"""transitions: a hierarchical machine. It runs actions and does not plan them, so it is given none."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from transitions.extensions import HierarchicalMachine

from bench.contenders.base import NESTED_ROUTE, Case, Library, Scenario, follow

_STATES: list[Any] = [
    {
        "name": "live",
        "initial": "working",
        "children": [
            {"name": "working", "initial": "open", "children": ["open", "filling"]},
            {"name": "waiting", "initial": "paused", "children": ["paused", "queued"]},
        ],
    },
    "closed",
]
_OPEN, _PAUSED = "live_working_open", "live_waiting_paused"
_TRANSITIONS: list[dict[str, Any]] = [
    {"trigger": "pause", "source": _OPEN, "dest": _PAUSED},
    {"trigger": "resume", "source": _PAUSED, "dest": _OPEN},
    {"trigger": "fill", "source": _OPEN, "dest": "live_working_filling"},
    {"trigger": "enqueue", "source": _PAUSED, "dest": "live_waiting_queued"},
    {"trigger": "halt", "source": "live", "dest": _PAUSED},
    {"trigger": "reopen", "source": "live", "dest": _OPEN},
    {"trigger": "close", "source": "live", "dest": "closed"},
]


class Order:
    """A model. The machine adds state and triggers to it."""


def prepare(workspace: Path) -> Library:
    """Build the machine."""

    def opened() -> Any:
        order = Order()
        HierarchicalMachine(model=order, states=_STATES, transitions=_TRANSITIONS, initial="live")
        return order

    order = opened()
    follow(NESTED_ROUTE, order.trigger, lambda: order.state.rpartition("_")[2])

    def session(what: str, statement: str) -> Case:
        names = {"opened": opened, "OPEN": _OPEN}
        return Case(what, statement, names, "order.state == OPEN", "order = opened()", events=2)

    return Library(
        f"transitions {version('transitions')}",
        {
            Scenario.NESTED: [session("order.pause()", "order.pause(); order.resume()")],
            Scenario.INHERITED: [session("order.halt()", "order.halt(); order.reopen()")],
        },
    )
