"""pystator: the same YAML file, interpreted."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from pystator import StateMachine

from bench.contenders.base import CONTEXT, ENTITY, ORDER, PAYLOAD, Case, Library, Scenario


def prepare(workspace: Path) -> Library:
    """Load the order machine and bind its functions."""
    machine = StateMachine.from_yaml(ORDER)

    @machine.guard("within_limit")
    def within_limit(ctx: Mapping[str, float]) -> bool:
        return ctx["quantity"] <= ctx["limit"]

    def opened(*, execute_actions: bool = False) -> object:
        order = machine.create(context=CONTEXT, execute_actions=execute_actions)
        order.send("acknowledge")
        return order

    names = {
        "machine": machine,
        "opened": opened,
        "context": CONTEXT,
        "amended": {**CONTEXT, **PAYLOAD},
        "entity": ENTITY,
    }
    return Library(f"pystator {version('pystator')}", _cases(names))


def _cases(names: Mapping[str, object]) -> dict[Scenario, list[Case]]:
    def stateless(statement: str, target: str = "open") -> Case:
        return Case("process()", statement, names, f"({statement}).target_state == {target!r}")

    def session(what: str, statement: str, events: int = 1, *, awaits: bool = False) -> Case:
        proof = f"order.is_open and len(order.history) == {events + 1}"
        return Case(what, statement, names, proof, "order = opened()", events, awaits=awaits)

    return {
        Scenario.PROCESS: [stateless("machine.process('open', 'suspend', context)", "suspended")],
        Scenario.TRIGGER: [
            session("order.send()", "order.send('suspend'); order.send('resume')", 2),
            session("order.suspend()", "order.suspend(); order.resume()", 2),
        ],
        Scenario.PAYLOAD_PROCESS: [stateless("machine.process('open', 'amend', amended)")],
        Scenario.PAYLOAD: [session("order.send(...)", "order.send('amend', quantity=5, reason='typo')")],
        Scenario.EXPRESSION_PROCESS: [stateless("machine.process('open', 'reprice', context)")],
        Scenario.EXPRESSION: [session("order.send()", "order.send('reprice')")],
        Scenario.GUARD_PROCESS: [stateless("machine.process('open', 'approve', context)")],
        Scenario.GUARD: [session("order.send()", "order.send('approve')")],
        Scenario.EFFECT: [
            Case(
                "order.send()",
                "order.send('fill')",
                names,
                "order.context['value'] == 7.5",
                "order = opened(execute_actions=True)",  # without it, effects are planned only
            )
        ],
        Scenario.ASEND: [
            session("order.asend()", "await order.asend('suspend'); await order.asend('resume')", 2, awaits=True)
        ],
        Scenario.CREATE: [
            Case("create()", "made = machine.create(context=entity)", names, "made.context == entity"),
            Case(
                "create(id)",
                "made = machine.create(entity_id='o-1', context=entity)",
                names,
                "made.context == entity",
            ),
        ],
        Scenario.MEMORY: [
            Case("new", "made = machine.create(context=entity)", names, "made.context == entity"),
            Case(
                "after four events",
                "made = machine.create(context=entity); "
                "made.acknowledge(); made.suspend(); made.resume(); made.approve()",
                names,
                "made.is_open",
            ),
        ],
    }
