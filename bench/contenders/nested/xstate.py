"""xstate-statemachine: nested states. It runs actions and does not plan them, so it is given none."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xstate_statemachine import SyncInterpreter, create_machine

from bench.contenders.base import NESTED_ROUTE, Case, Library, Scenario, follow

_OPEN, _PAUSED = "order.live.working.open", "order.live.waiting.paused"
_MACHINE: dict[str, Any] = {
    "id": "order",
    "initial": "live",
    "states": {
        "live": {
            "initial": "working",
            "on": {"halt": f"#{_PAUSED}", "reopen": f"#{_OPEN}", "close": "closed"},
            "states": {
                "working": {
                    "initial": "open",
                    "states": {"open": {"on": {"pause": f"#{_PAUSED}", "fill": "filling"}}, "filling": {}},
                },
                "waiting": {
                    "initial": "paused",
                    "states": {"paused": {"on": {"resume": f"#{_OPEN}", "enqueue": "queued"}}, "queued": {}},
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

    def opened() -> Any:
        return SyncInterpreter(machine).start()

    order = opened()
    follow(NESTED_ROUTE, order.send, lambda: ", ".join(order.current_state_ids).rpartition(".")[2])

    def session(statement: str) -> Case:
        names = {"opened": opened, "OPEN": _OPEN}
        return Case("order.send()", statement, names, "order.current_state_ids == {OPEN}", "order = opened()", events=2)

    return Library(
        f"xstate-statemachine {version('xstate-statemachine')}",
        {
            Scenario.NESTED: [session("order.send('pause'); order.send('resume')")],
            Scenario.INHERITED: [session("order.send('halt'); order.send('reopen')")],
        },
    )
