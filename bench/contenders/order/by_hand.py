"""What one would write without any library: a dictionary of dictionaries. It shows what is left to gain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.contenders.base import CONTEXT, ENTITY, PAYLOAD, Case, Library, Scenario

_Context = Mapping[str, Any]


def _is_affordable(context: _Context) -> bool:
    return bool(context["price"] > 0 and context["quantity"] * context["price"] <= context["limit"])


def _within_limit(context: _Context) -> bool:
    return bool(context["quantity"] <= context["limit"])


_TARGETS = {
    "pending": {"acknowledge": "open", "reject": "rejected", "cancel": "cancelled"},
    "open": {
        "suspend": "suspended",
        "amend": "open",
        "reprice": "open",
        "approve": "open",
        "complete": "filled",
        "cancel": "cancelled",
    },
    "suspended": {"resume": "open", "cancel": "cancelled"},
    "filled": {},
    "cancelled": {},
    "rejected": {},
}
_GUARDS: dict[tuple[str, str], Callable[[_Context], bool]] = {
    ("open", "reprice"): _is_affordable,
    ("open", "approve"): _within_limit,
}


def process(state: str, trigger: str) -> str:
    """The next state; no guards, no errors, no result."""
    return _TARGETS[state][trigger]


def guarded(state: str, trigger: str, context: _Context) -> str:
    """The next state, if its guard holds."""
    guard = _GUARDS.get((state, trigger))
    return _TARGETS[state][trigger] if guard is None or guard(context) else state


class Order:
    """An order with nothing but its state and its context."""

    __slots__ = ("context", "state")

    def __init__(self, context: _Context) -> None:
        self.state = "pending"
        self.context = dict(context)

    def send(self, trigger: str) -> None:
        """Move on."""
        self.state = _TARGETS[self.state][trigger]

    def ask(self, trigger: str) -> None:
        """Move on, if the guard holds."""
        self.state = guarded(self.state, trigger, self.context)

    def amend(self, quantity: int, reason: str) -> None:
        """Move on, with a payload."""
        self.state = _TARGETS[self.state]["amend"]
        self.context = {**self.context, "quantity": quantity, "reason": reason}

    def fill(self) -> None:
        """Move on, with effects."""
        context = {**self.context, "filled": 1}
        context["value"] = context["quantity"] * context["price"]
        self.context = context


def prepare(workspace: Path) -> Library:
    """Nothing to prepare."""

    def opened() -> Order:
        order = Order(CONTEXT)
        order.send("acknowledge")
        return order

    names = {
        "process": process,
        "guarded": guarded,
        "Order": Order,
        "opened": opened,
        "context": CONTEXT,
        "amended": {**CONTEXT, **PAYLOAD},
        "entity": ENTITY,
    }

    def stateless(what: str, statement: str, target: str = "open") -> Case:
        return Case(what, statement, names, f"({statement}) == {target!r}")

    def session(what: str, statement: str, events: int = 1, proof: str = "order.state == 'open'") -> Case:
        return Case(what, statement, names, proof, "order = opened()", events)

    return Library(
        "by hand",
        {
            Scenario.PROCESS: [stateless("two dictionaries", "process('open', 'suspend')", "suspended")],
            Scenario.TRIGGER: [session("order.send()", "order.send('suspend'); order.send('resume')", 2)],
            Scenario.PAYLOAD: [
                session("order.amend()", "order.amend(quantity=5, reason='typo')", proof="order.context == amended")
            ],
            Scenario.EXPRESSION_PROCESS: [
                stateless("dictionaries and a function", "guarded('open', 'reprice', context)")
            ],
            Scenario.EXPRESSION: [session("order.ask()", "order.ask('reprice')")],
            Scenario.GUARD_PROCESS: [stateless("dictionaries and a function", "guarded('open', 'approve', context)")],
            Scenario.GUARD: [session("order.ask()", "order.ask('approve')")],
            Scenario.EFFECT: [session("order.fill()", "order.fill()", proof="order.context['value'] == 7.5")],
            Scenario.CREATE: [Case("Order()", "made = Order(entity)", names, "made.context == entity")],
            Scenario.MEMORY: [Case("new", "made = Order(entity)", names, "made.context == entity")],
        },
    )
