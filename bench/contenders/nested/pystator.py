"""pystator: the same YAML file, interpreted; its actions are planned only, as ours are."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pystator import StateMachine

from bench.contenders.base import IDENTITY, NESTED, NESTED_ROUTE, Case, Library, Scenario, follow


def prepare(workspace: Path) -> Library:
    """Load the machine."""
    machine = StateMachine.from_yaml(NESTED)

    def opened() -> Any:
        return machine.create(context=IDENTITY)

    order = opened()
    follow(NESTED_ROUTE, order.send, lambda: order.current_state)

    def session(statement: str) -> Case:
        return Case("order.send()", statement, {"opened": opened}, "order.is_open", "order = opened()", events=2)

    return Library(
        f"pystator {version('pystator')}",
        {
            Scenario.NESTED: [session("order.send('pause'); order.send('resume')")],
            Scenario.INHERITED: [session("order.send('halt'); order.send('reopen')")],
        },
    )
