"""transitions: one machine for all orders, each order a model of its own."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from transitions import Machine
from transitions.extensions.asyncio import AsyncMachine

from bench.contenders.base import CONTEXT, ENTITY, Case, Library, Scenario

_STATES = ["pending", "open", "suspended", "filled", "cancelled", "rejected"]
_TRANSITIONS: list[dict[str, Any]] = [
    {"trigger": "acknowledge", "source": "pending", "dest": "open"},
    {"trigger": "reject", "source": "pending", "dest": "rejected"},
    {"trigger": "suspend", "source": "open", "dest": "suspended"},
    {"trigger": "resume", "source": "suspended", "dest": "open"},
    {"trigger": "amend", "source": "open", "dest": "open", "after": "keep_amendment"},
    {"trigger": "reprice", "source": "open", "dest": "open", "conditions": "is_affordable"},
    {"trigger": "approve", "source": "open", "dest": "open", "conditions": "within_limit"},
    {"trigger": "complete", "source": "open", "dest": "filled"},
    {"trigger": "cancel", "source": ["pending", "open", "suspended"], "dest": "cancelled"},
]


class Order:
    """A model. Machine adds state and triggers to it."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = dict(context)

    def within_limit(self) -> bool:
        """A guard that the application wrote."""
        return bool(self.context["quantity"] <= self.context["limit"])

    def is_affordable(self) -> bool:
        """What the others have as an expression."""
        context = self.context
        return bool(context["price"] > 0 and context["quantity"] * context["price"] <= context["limit"])

    def keep_amendment(self, quantity: int, reason: str) -> None:
        """Merge the payload into the context."""
        self.context["quantity"] = quantity
        self.context["reason"] = reason


def prepare(workspace: Path) -> Library:
    """Build the machine."""

    def build(kind: type[Any] = Machine) -> Any:
        return kind(model=None, states=_STATES, transitions=_TRANSITIONS, initial="pending")

    def opened() -> Any:
        order: Any = Order(CONTEXT)
        build().add_model(order)
        order.acknowledge()
        return order

    def opened_async() -> Any:
        order: Any = Order(CONTEXT)
        build(AsyncMachine).add_model(order, initial="open")
        return order

    names = {
        "Order": Order,
        "machine": build(),
        "opened": opened,
        "opened_async": opened_async,
        "entity": ENTITY,
    }

    def session(what: str, statement: str, events: int = 1, proof: str = "order.state == 'open'") -> Case:
        return Case(what, statement, names, proof, "order = opened()", events)

    return Library(
        f"transitions {version('transitions')}",
        {
            Scenario.TRIGGER: [session("order.suspend()", "order.suspend(); order.resume()", 2)],
            Scenario.PAYLOAD: [
                session(
                    "order.amend(...)",
                    "order.amend(quantity=5, reason='typo')",
                    proof="order.context['quantity'] == 5",
                )
            ],
            Scenario.EXPRESSION: [session("order.reprice()", "order.reprice()")],
            Scenario.GUARD: [session("order.approve()", "order.approve()")],
            Scenario.ASEND: [
                Case(
                    "await order.suspend()",
                    "await order.suspend(); await order.resume()",
                    names,
                    "order.state == 'open'",
                    "order = opened_async()",
                    events=2,
                    awaits=True,
                )
            ],
            Scenario.CREATE: [
                Case(
                    "add_model()",
                    "made = Order(entity); machine.add_model(made); machine.models.clear()",
                    names,
                    "made.state == 'pending'",
                )
            ],
            Scenario.MEMORY: [
                Case(
                    "new",
                    "made = Order(entity); machine.add_model(made); machine.models.clear()",
                    names,
                    "made.state == 'pending'",
                )
            ],
        },
    )
