"""xstate-statemachine: a parallel state."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xstate_statemachine import SyncInterpreter, create_machine

from bench.contenders.base import PARALLEL_ROUTE, Case, Library, Scenario, follow

_MACHINE: dict[str, Any] = {
    "id": "order",
    "initial": "received",
    "states": {
        "received": {"on": {"accept": "handling"}},
        "handling": {
            "type": "parallel",
            "on": {"close": "closed"},
            "states": {
                "goods": {
                    "initial": "free",
                    "states": {"free": {"on": {"reserve": "reserved"}}, "reserved": {"on": {"release": "free"}}},
                },
                "payment": {
                    "initial": "owed",
                    "states": {"owed": {"on": {"reserve": "held"}}, "held": {"on": {"release": "owed"}}},
                },
            },
        },
        "closed": {"type": "final"},
    },
}


def prepare(workspace: Path) -> Library:
    """Build the machine; its log is silenced, as an application in production would."""
    logging.getLogger("xstate_statemachine").setLevel(logging.ERROR)
    machine = create_machine(_MACHINE)

    def accepted() -> Any:
        order = SyncInterpreter(machine).start()
        order.send("accept")
        return order

    order = accepted()
    follow(PARALLEL_ROUTE, order.send, lambda: {leaf.rpartition(".")[2] for leaf in order.current_state_ids})

    session = Case(
        "order.send()",
        "order.send('reserve'); order.send('release')",
        {"accepted": accepted, "before": {"order.handling.goods.free", "order.handling.payment.owed"}},
        "order.current_state_ids == before",
        "order = accepted()",
        events=2,
    )
    return Library(f"xstate-statemachine {version('xstate-statemachine')}", {Scenario.PARALLEL: [session]})
