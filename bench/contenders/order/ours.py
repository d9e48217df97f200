"""pystator-gen: the order machine is compiled into a module, and that module is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from bench.contenders.base import CONTEXT, ENTITY, ORDER, PAYLOAD, Case, Library, Scenario
from bench.contenders.compiled import compiled


class Functions:
    """The functions that the machine names."""

    def within_limit(self, ctx: Mapping[str, float]) -> bool:
        """A guard that the application wrote."""
        return ctx["quantity"] <= ctx["limit"]

    def notify_cancelled(self, ctx: object) -> None:
        """Never run here: actions are planned only."""

    def notify_filled(self, ctx: object) -> None:
        """Never run here."""

    def notify_rejected(self, ctx: object) -> None:
        """Never run here."""


def prepare(workspace: Path) -> Library:
    """Compile the order machine, import it and bind its functions."""
    module = compiled(ORDER, workspace)
    machine = module.OrderMachine(guards=Functions(), actions=Functions())

    def opened() -> object:
        order = machine.create(context=CONTEXT)
        order.acknowledge()
        return order

    names = {
        "machine": machine,
        "opened": opened,
        "context": CONTEXT,
        "amended": {**CONTEXT, **PAYLOAD},
        "entity": ENTITY,
        "OPEN": module.OrderState.OPEN,
    }
    return Library(f"pystator-gen {version('pystator-gen')}", _cases(names))


def _cases(names: Mapping[str, object]) -> dict[Scenario, list[Case]]:
    def stateless(what: str, statement: str, target: str = "open") -> Case:
        return Case(what, statement, names, f"({statement}).target_state == {target!r}")

    def session(what: str, statement: str, proof: str, events: int = 1, *, awaits: bool = False) -> Case:
        return Case(what, statement, names, proof, "order = opened()", events, awaits=awaits)

    back_and_forth = "order.is_open and order.context == context"
    amended = "order.context == amended"
    return {
        Scenario.PROCESS: [
            stateless("process(text)", "machine.process('open', 'suspend', context)", "suspended"),
            stateless("process(member)", "machine.process(OPEN, 'suspend', context)", "suspended"),
        ],
        Scenario.TRIGGER: [
            session("order.suspend()", "order.suspend(); order.resume()", back_and_forth, 2),
            session("order.send()", "order.send('suspend'); order.send('resume')", back_and_forth, 2),
            session("order.hold(), undeclared", "order.hold(); order.release()", back_and_forth, 2),
            session("order.send(), undeclared", "order.send('hold'); order.send('release')", back_and_forth, 2),
        ],
        Scenario.PAYLOAD_PROCESS: [stateless("process()", "machine.process('open', 'amend', amended)")],
        Scenario.PAYLOAD: [
            session("order.amend(...)", "order.amend(quantity=5, reason='typo')", amended),
            session("order.send(...)", "order.send('amend', quantity=5, reason='typo')", amended),
        ],
        Scenario.EXPRESSION_PROCESS: [stateless("process()", "machine.process('open', 'reprice', context)")],
        Scenario.EXPRESSION: [session("order.reprice()", "order.reprice()", "order.is_open")],
        Scenario.GUARD_PROCESS: [stateless("process()", "machine.process('open', 'approve', context)")],
        Scenario.GUARD: [session("order.approve()", "order.approve()", "order.is_open")],
        Scenario.EFFECT: [session("order.fill()", "order.fill()", "order.context['value'] == 7.5")],
        Scenario.ASEND: [
            session(
                "order.asend()",
                "await order.asend('suspend'); await order.asend('resume')",
                back_and_forth,
                2,
                awaits=True,
            )
        ],
        Scenario.CREATE: [
            Case("create()", "made = machine.create(context=entity)", names, "made.context == entity"),
            Case("create(id)", "made = machine.create('o-1', entity)", names, "made.context == entity"),
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
