"""python-statemachine: the machine is a class, each order an instance of it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from statemachine import State, StateMachine

from bench.contenders.base import CONTEXT, ENTITY, Case, Library, Scenario


class Order(StateMachine):
    """The order machine."""

    pending = State(initial=True)
    open = State()
    suspended = State()
    filled = State(final=True)
    cancelled = State(final=True)
    rejected = State(final=True)

    acknowledge = pending.to(open)
    reject = pending.to(rejected)
    suspend = open.to(suspended)
    resume = suspended.to(open)
    amend = open.to(open)
    reprice = open.to(open, cond="is_affordable")
    approve = open.to(open, cond="within_limit")
    complete = open.to(filled)
    cancel = pending.to(cancelled) | open.to(cancelled) | suspended.to(cancelled)

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = dict(context)
        super().__init__()

    def within_limit(self) -> bool:
        """A guard that the application wrote."""
        return bool(self.context["quantity"] <= self.context["limit"])

    def is_affordable(self) -> bool:
        """What the others have as an expression."""
        context = self.context
        return bool(context["price"] > 0 and context["quantity"] * context["price"] <= context["limit"])

    def on_amend(self, quantity: int, reason: str) -> None:
        """Merge the payload into the context."""
        self.context["quantity"] = quantity
        self.context["reason"] = reason


def prepare(workspace: Path) -> Library:
    """Nothing to build: the class is the machine."""

    def opened() -> Order:
        order = Order(CONTEXT)
        order.send("acknowledge")
        return order

    names = {"Order": Order, "opened": opened, "entity": ENTITY}

    def session(statement: str, events: int = 1, proof: str = "order.open.is_active") -> Case:
        return Case("order.send()", statement, names, proof, "order = opened()", events)

    return Library(
        f"python-statemachine {version('python-statemachine')}",
        {
            Scenario.TRIGGER: [session("order.send('suspend'); order.send('resume')", 2)],
            Scenario.PAYLOAD: [
                session("order.send('amend', quantity=5, reason='typo')", proof="order.context['quantity'] == 5")
            ],
            Scenario.EXPRESSION: [session("order.send('reprice')")],
            Scenario.GUARD: [session("order.send('approve')")],
            Scenario.CREATE: [Case("Order()", "made = Order(entity)", names, "made.pending.is_active")],
            Scenario.MEMORY: [Case("new", "made = Order(entity)", names, "made.pending.is_active")],
        },
    )
