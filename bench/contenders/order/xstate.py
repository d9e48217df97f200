"""xstate-statemachine: a configuration, run by the synchronous interpreter."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xstate_statemachine import MachineLogic, SyncInterpreter, create_machine

from bench.contenders.base import CONTEXT, ENTITY, Case, Library, Scenario


def _within_limit(context: dict[str, Any], event: object) -> bool:
    return bool(context["quantity"] <= context["limit"])


def _is_affordable(context: dict[str, Any], event: object) -> bool:
    return bool(context["price"] > 0 and context["quantity"] * context["price"] <= context["limit"])


def _keep_amendment(interpreter: object, context: dict[str, Any], event: Any, action: object) -> None:
    context["quantity"] = event.payload["quantity"]
    context["reason"] = event.payload["reason"]


_LOGIC: MachineLogic[Any] = MachineLogic(
    guards={"within_limit": _within_limit, "is_affordable": _is_affordable},
    actions={"keep_amendment": _keep_amendment},
)


def _machine(context: dict[str, Any]) -> Any:
    config = {
        "id": "order",
        "initial": "pending",
        "context": context,
        "states": {
            "pending": {"on": {"acknowledge": "open", "reject": "rejected", "cancel": "cancelled"}},
            "open": {
                "on": {
                    "suspend": "suspended",
                    "amend": {"target": "open", "actions": "keep_amendment"},
                    "reprice": {"target": "open", "guard": "is_affordable"},
                    "approve": {"target": "open", "guard": "within_limit"},
                    "complete": "filled",
                    "cancel": "cancelled",
                }
            },
            "suspended": {"on": {"resume": "open", "cancel": "cancelled"}},
            "filled": {"type": "final"},
            "cancelled": {"type": "final"},
            "rejected": {},
        },
    }
    return create_machine(config, logic=_LOGIC)


def prepare(workspace: Path) -> Library:
    """Build the machine; its log is silenced, as an application in production would."""
    logging.getLogger("xstate_statemachine").setLevel(logging.ERROR)
    machine = _machine(CONTEXT)

    def opened() -> Any:
        order = SyncInterpreter(machine).start()
        order.send("acknowledge")
        return order

    names = {"start": SyncInterpreter, "created": _machine(ENTITY), "opened": opened}

    def session(statement: str, events: int = 1, proof: str = "order.current_state_ids == {'order.open'}") -> Case:
        return Case("order.send()", statement, names, proof, "order = opened()", events)

    return Library(
        f"xstate-statemachine {version('xstate-statemachine')}",
        {
            Scenario.TRIGGER: [session("order.send('suspend'); order.send('resume')", 2)],
            Scenario.PAYLOAD: [
                session("order.send('amend', quantity=5, reason='typo')", proof="order.context['quantity'] == 5")
            ],
            Scenario.EXPRESSION: [session("order.send('reprice')")],
            Scenario.GUARD: [session("order.send('approve')")],
            Scenario.CREATE: [
                Case(
                    "SyncInterpreter()",
                    "made = start(created).start()",
                    names,
                    "made.context['quantity'] == 3",
                )
            ],
            Scenario.MEMORY: [Case("new", "made = start(created).start()", names, "made.context['quantity'] == 3")],
        },
    )
