"""pystator-gen: the parallel machine, compiled."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contenders.base import IDENTITY, PARALLEL, PARALLEL_ROUTE, Case, Library, Scenario, follow
from bench.contenders.compiled import compiled

_LEAVES = ("free", "reserved", "owed", "held")


def prepare(workspace: Path) -> Library:
    """Compile the machine and import it."""
    machine = compiled(PARALLEL, workspace).ParallelOrderMachine()

    def accepted() -> Any:
        order = machine.create(context=IDENTITY)
        order.accept()
        return order

    order = accepted()
    follow(PARALLEL_ROUTE, order.send, lambda: {leaf for leaf in _LEAVES if getattr(order, f"is_{leaf}")})

    names = {"machine": machine, "accepted": accepted, "context": IDENTITY}

    def session(what: str, statement: str) -> Case:
        return Case(what, statement, names, "order.is_free and order.is_owed", "order = accepted()", events=2)

    stateless = Case(
        "process_parallel()",
        "config, _ = machine.process_parallel(config, 'reserve', context); "
        "config, _ = machine.process_parallel(config, 'release', context)",
        names,
        "config == machine.enter_parallel_state('handling')",
        "config = machine.enter_parallel_state('handling')",
        events=2,
    )
    return Library(
        f"pystator-gen {version('pystator-gen')}",
        {
            Scenario.PARALLEL: [
                session("order.reserve()", "order.reserve(); order.release()"),
                session("order.send()", "order.send('reserve'); order.send('release')"),
                stateless,
            ]
        },
    )
