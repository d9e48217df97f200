"""From the resolved machine to the view: every string that templates print is made here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pystator_gen import model, naming, view
from pystator_gen.annotations import default_value, field_type, literal_type, needs_codec
from pystator_gen.diagnostics import one_line
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.classes import (
    context_dict,
    context_is_open,
    payload_dict,
    state_enum,
    trigger_enum,
    variables_dict,
)
from pystator_gen.lower.configs import configs
from pystator_gen.lower.docstrings import docstring
from pystator_gen.lower.modes import answers, in_any_mode
from pystator_gen.lower.orchestrator import orchestrator
from pystator_gen.lower.protocols import protocols
from pystator_gen.lower.session import session
from pystator_gen.lower.table import Table, reached, state_name
from pystator_gen.lower.views import views as views

INTERFACE = 1
"""The number of the runtime interface that generated modules are made for."""

_RESTING = "_Resting"
"""The alias of what an entity can rest in, if that is less than all states: it may be long, and is needed twice."""


def lower(machine: model.Machine) -> view.Module:
    """The view of a machine's module."""
    imports = Imports(_members(machine))
    imports.name("enum", "StrEnum")
    imports.name("pystator_runtime", "interface as rt")
    for name in ("TYPE_CHECKING", "TypeAlias"):
        imports.typing(name)
    prefix = machine.prefix
    table = Table(machine, imports)
    resting = _resting(machine, imports)
    aliases = _aliases(machine, imports, resting)
    if resting != f"{prefix}State":
        resting = _RESTING
    module = view.Module(
        source=one_line(PurePosixPath(machine.source).name),
        interface=INTERFACE,
        name=python_literal(machine.name),
        version=python_literal(machine.version),
        initial=reached(machine.initial, prefix),
        docstring=docstring(machine.description.strip() or f"The state machine {machine.name}."),
        imports=(),
        helpers=(),
        exports=exports(machine),
        states=state_enum(machine),
        triggers=trigger_enum(machine),
        state_names=tuple(map(state_name, machine.states)),
        aliases=aliases,
        dictionaries=_dictionaries(machine, imports),
        configs=configs(machine, imports),
        functions=table.functions,
        constants=table.constants,
        definition=_definition(machine.definition),
        options=_options(machine, table, imports),
        rows=table.rows,
        protocols=protocols(machine, f"{prefix}Context", imports),
        machine=_machine(machine, imports),
        session=session(machine, imports, resting),
        orchestrator=orchestrator(machine, imports, resting),
    )
    return dataclasses.replace(module, imports=imports.lines(), helpers=imports.helper_lines())


def _members(machine: model.Machine) -> frozenset[str]:
    """The names that the session, the protocols and the configs of a machine define in their bodies."""
    functions = (function.python_name for function in (*machine.guards, *machine.actions))
    regions = (region.member for row in machine.rows for region in row.regions)
    return frozenset([*(trigger.method for trigger in machine.triggers), *functions, *regions])


def exports(machine: model.Machine) -> tuple[str, ...]:
    """``__all__`` of a machine's module, sorted."""
    suffixes = ("State", "Trigger", "Context", "Guards", "Actions", "Machine", "Session", "Orchestrator", "Result")
    payloads = [str(t.payload_class) for t in machine.triggers if t.payload_class is not None]
    parallel = [str(naming.config_class(machine.prefix, row.state.name)) for row in machine.rows if row.regions]
    return tuple(sorted([f"{machine.prefix}{suffix}" for suffix in suffixes] + payloads + parallel))


def _dictionaries(machine: model.Machine, imports: Imports) -> tuple[view.TypedDict, ...]:
    declared = [trigger for trigger in machine.triggers if trigger.payload_class is not None]
    found = [
        context_dict(machine, imports),
        variables_dict(machine, imports),
        *(payload_dict(machine, trigger, imports) for trigger in declared),
    ]
    return tuple(dictionary for dictionary in found if dictionary is not None)


def _aliases(machine: model.Machine, imports: Imports, resting: str) -> tuple[view.Constant, ...]:
    """The result, accepted names of states and triggers, the names of guards and actions, what is rested in."""
    prefix = machine.prefix
    every, outermost = _configs(machine), _configs(machine, outermost=True)
    names = _names(f"{prefix}State", [state.name for state in machine.states], imports)
    aliases = [
        view.Constant(
            f"{prefix}Result",
            f"rt.TransitionResult[{' | '.join((f'{prefix}State', *every))}]",
            docstring(f"What an event did, or why it was refused, in {machine.name}."),
        ),
        view.Constant("_StateName", " | ".join((names, *outermost))),
        view.Constant("_TriggerName", _names(f"{prefix}Trigger", [t.name for t in machine.triggers], imports)),
        view.Constant("_GuardName", _literals([guard.name for guard in machine.guards], imports)),
        view.Constant("_ActionName", _literals([action.name for action in machine.actions], imports)),
    ]
    if resting != f"{prefix}State":
        aliases.append(view.Constant(_RESTING, resting))
    if context_is_open(machine):
        said = docstring(f"The context of {machine.name}, which declares nothing: anything.")
        aliases.append(view.Constant(f"{prefix}Context", f"dict[str, {imports.typing('Any')}]", said))
    return tuple(aliases)


def _names(enum: str, names: Sequence[str], imports: Imports) -> str:
    return f"{enum} | {literal_type(tuple(names), imports)}" if names else enum


def _literals(names: Sequence[str], imports: Imports) -> str:
    return literal_type(tuple(names), imports) if names else imports.typing("Never")


def _resting(machine: model.Machine, imports: Imports) -> str:
    """The type of ``current_state``: the leaves outside of regions, and the configs."""
    enum = f"{machine.prefix}State"
    leaves = [state for state in machine.states if state.is_leaf and state.region is None]
    if len(leaves) == len(machine.states):
        return enum
    members = ", ".join(f"{enum}.{state.member}" for state in leaves)
    literal = [f"{imports.typing('Literal')}[{members}]"] if members else []
    return " | ".join((*literal, *_configs(machine, outermost=True)))


def _configs(machine: model.Machine, *, outermost: bool = False) -> list[str]:
    """The classes of the configs, perhaps without those of parallel states that lie in another one."""
    rows = (row for row in machine.rows if row.regions)
    return [
        naming.config_class(machine.prefix, row.state.name) for row in rows if row.state.region is None or not outermost
    ]


def _options(machine: model.Machine, table: Table, imports: Imports) -> tuple[str, ...]:
    """The keyword arguments of the chart that differ from their defaults."""
    options: list[str] = []
    for kind, functions in (("guards", machine.guards), ("actions", machine.actions)):
        if functions:
            options.append(f"{kind}={python_literal(tuple(function.name for function in functions))}")
    if machine.validate_context:
        options.append("validate_context=True")
        if machine.variables:
            options.append(f"variables={_fields(machine.variables)}")
        if table.invariants:
            options.append(f"invariants={_mapping(table.invariants)}")
    if machine.compounds:
        initial = {name: reached(found, machine.prefix) for name, found in machine.compounds.items()}
        options.append(f"compounds={_mapping(initial)}")
    if not machine.reject_invalid_events:
        options.append("reject_invalid_events=False")
    if not machine.strict_guards:
        options.append("strict_guards=False")
    if machine.normalize:
        options.append("normalize=True")
    if machine.fallback is not None:
        options.append(f"fallback={python_literal(machine.fallback)}")
    if machine.retry_attempts:
        options.append(f"retry_attempts={machine.retry_attempts}")
    payloads = {t.name: _payload(t.payload, imports) for t in machine.triggers if t.payload is not None}
    if payloads:
        options.append(f"payloads={_mapping(payloads)}")
    if any(variable.has_default for variable in machine.variables or ()):
        options.append(f"defaults={_defaults(machine.variables or (), imports)}")
    codecs = {key.key: field_type(key.type) for key in machine.keys if needs_codec(key.type)}
    if codecs:
        options.append(f"codecs={_mapping(codecs)}")
    return tuple(options)


def _payload(fields: Sequence[model.Field], imports: Imports) -> str:
    defaults = f", {_defaults(fields, imports)}" if any(field.has_default for field in fields) else ""
    return f"rt.Payload({_fields(fields)}{defaults})"


def _fields(fields: Sequence[model.Field]) -> str:
    return _mapping(
        {f.key: f"rt.Field({field_type(f.type)}{', required=True' if f.must_be_given else ''})" for f in fields}
    )


def _defaults(fields: Sequence[model.Field], imports: Imports) -> str:
    """A function that builds the defaults anew each time, so that no two entities share one (`S8.9`)."""
    values = {f.key: default_value(f.default, f.type, imports) for f in fields if f.has_default}
    return f"lambda: {_mapping(values)}"


def _mapping(items: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{python_literal(key)}: {value}' for key, value in items.items())}}}"


def _machine(machine: model.Machine, imports: Imports) -> view.Machine:
    prefix = machine.prefix
    provided = [kind for kind, found in (("guards", machine.guards), ("actions", machine.actions)) if found]
    renamed = {e.name: str(e.python_name) for e in (*machine.guards, *machine.actions) if e.name != e.python_name}
    return view.Machine(
        name=f"{prefix}Machine",
        docstring=docstring(machine.description.strip() or f"The state machine {machine.name}."),
        binding=docstring(_binding(prefix, provided)),
        type_arguments=(
            f"{prefix}State",
            "_StateName",
            f"{prefix}Trigger",
            "_TriggerName",
            f"{prefix}Context",
            in_any_mode(machine, f"{prefix}Session", "rt"),
            "_GuardName",
            "_ActionName",
            " | ".join(_configs(machine, outermost=True)) or imports.typing("Never"),
            answers(machine, "rt"),
        ),
        python_names=python_literal(renamed) if renamed else None,
        parameters=tuple(
            f"{kind}: {in_any_mode(machine, f'{prefix}Guards', 'rt') if kind == 'guards' else f'{prefix}Actions'}"
            for kind in provided
        ),
        arguments=tuple(f"{kind}={kind}" for kind in provided),
    )


def _binding(prefix: str, provided: Sequence[str]) -> str:
    """What the constructor of a machine says."""
    if not provided:
        return "The machine, which names no function to provide."
    return f"The machine with its {' and '.join(provided)}; `{prefix}Machine.unbound()` takes them later."


def _definition(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The source's data as JSON, one literal per line, a line per state and transition."""
    lines: list[str] = []
    for key, value in data.items():
        start = "{" if not lines else " "
        if isinstance(value, list) and value:
            lines.append(f"{start}{_json(key)}: [")
            lines.extend(f"  {item}," for item in map(_json, value))
            lines[-1] = lines[-1][:-1] + "],"
        else:
            lines.append(f"{start}{_json(key)}: {_json(value)},")
    lines[-1] = lines[-1][:-1] + "}"
    return tuple(python_literal(line) for line in lines)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
