"""The orchestrator class: the machine's types around stored entities, and a method per trigger for each of them."""

from __future__ import annotations

from pystator_gen import model, view
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.docstrings import docstring
from pystator_gen.lower.modes import answers, in_any_mode, of_self
from pystator_gen.lower.session import parameters_of


def orchestrator(machine: model.Machine, imports: Imports, resting: str) -> view.Orchestrator:
    """``OrderOrchestrator``."""
    prefix = machine.prefix
    imports.name("collections.abc", "Awaitable")
    return view.Orchestrator(
        name=f"{prefix}Orchestrator",
        events=f"_{prefix}Events",
        docstring=docstring(f"The stored entities of {machine.name}."),
        type_arguments=(
            in_any_mode(machine, f"{prefix}Machine", "rt"),
            f"{prefix}Result",
            resting,
            "_StateName",
            "_TriggerName",
            f"{prefix}Context",
            answers(machine, "rt"),
        ),
        methods=tuple(_method(machine, trigger, imports) for trigger in machine.triggers),
        answer=f"{imports.runtime()}.AnswerT",
        result=f"{prefix}Result",
        awaitable="Awaitable",
        text=imports.builtin("str"),
        receiver=of_self(machine, f"{prefix}Orchestrator", imports),
    )


def _method(machine: model.Machine, trigger: model.Trigger, imports: Imports) -> view.Method:
    parameters, payload = parameters_of(machine, trigger, imports)
    return view.Method(
        trigger.method,
        parameters,
        f"self._send({python_literal(trigger.name)}, {payload or '{}'})",
        docstring(f"Send `{trigger.name}`: see {machine.prefix}Session.{trigger.method}."),
    )
