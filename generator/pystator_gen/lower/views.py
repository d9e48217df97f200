"""The views: per state that can be rested in, a class with the triggers that it accepts and where each may lead.

They stand in a module of their own, so that an application that does not use them does not pay for them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from pystator_gen import model, naming, view
from pystator_gen.diagnostics import one_line
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.classes import variables_dict
from pystator_gen.lower.docstrings import docstring, state_text, trigger_text
from pystator_gen.lower.modes import in_any_mode, in_sync_mode, of_self
from pystator_gen.lower.session import MAXIMUM_OVERLOADS, parameters_of, sent_by_name, signature_by_name, trigger_names


@dataclasses.dataclass(frozen=True, slots=True)
class _Shown:
    """What a view shows: a leaf, or a parallel state with all that is in it; ``leads`` are the views after a trigger.

    ``rows`` are those that are asked while it is active.
    """

    state: model.State
    name: str
    rows: tuple[model.Row, ...]
    leads: Mapping[str, tuple[str, ...]]


def views(machine: model.Machine) -> view.Views:
    """The module of a machine's views."""
    methods = naming.view_methods(trigger.method for trigger in machine.triggers)
    imports = Imports(frozenset(methods.values()))
    own = f".{machine.module}"
    shown = _shown(machine)
    for name in ("Session", "Result", *(["State"] if any(found.state.is_leaf for found in shown) else [])):
        imports.name(own, f"{machine.prefix}{name}")
    imports.name("pystator_runtime", "interface as rt")
    imports.name("collections.abc", "Mapping")
    for name in ("Any", "TypeAlias"):
        imports.typing(name)
    variables = variables_dict(machine, imports)
    classes = tuple(_class(machine, found, methods, imports) for found in shown)
    union = _union((in_any_mode(machine, found.name, "rt") for found in shown), imports)
    signatures = [door.signature for found in classes for door in (*found.methods, found.send) if door is not None]
    uses_variables = any("[_Variables]" in signature for signature in signatures)
    whole = view.Views(
        source=one_line(PurePosixPath(machine.source).name),
        docstring=docstring(f"What can be done with {machine.name} in each of its states: `view()` of its session."),
        imports=(),
        dictionaries=(variables,) if variables is not None and uses_variables else (),
        names=_names(machine, shown, imports),
        classes=classes,
        alias=view.Constant(f"{machine.prefix}View", union),
        table=tuple(view.Constant(python_literal(found.state.name), found.name) for found in shown),
    )
    return dataclasses.replace(whole, imports=imports.lines())


def _shown(machine: model.Machine) -> tuple[_Shown, ...]:
    """What can be rested in, in order of definition, with where each trigger may lead."""
    states = {state.name: state for state in machine.states}
    rows: dict[str, list[model.Row]] = {}
    for row in machine.rows:
        rows.setdefault(_outermost(row.state, states).name, []).append(row)
    resting = [state for state in machine.states if state.region is None and (state.is_leaf or state.is_parallel)]
    names = naming.view_classes(machine.prefix, [state.name for state in resting])
    onward = {
        state.name: _leads((c for row in rows[state.name] for c in row.automatic), states, state) for state in resting
    }
    found: list[_Shown] = []
    for state in resting:
        leads: dict[str, tuple[str, ...]] = {}
        for trigger in machine.triggers:
            candidates = [c for row in rows[state.name] for c in row.on.get(trigger.name, ())]
            if candidates:
                reached = _closed({state.name, *_leads(candidates, states, state)}, onward)
                leads[trigger.name] = tuple(names[other.name] for other in resting if other.name in reached)
        found.append(_Shown(state, names[state.name], tuple(rows[state.name]), leads))
    return tuple(found)


def _outermost(state: model.State, states: Mapping[str, model.State]) -> model.State:
    """The parallel state that is no part of another one, if ``state`` lies in one."""
    while state.region is not None:
        state = states[state.region.container]
    return state


def _leads(
    candidates: Iterable[model.Candidate], states: Mapping[str, model.State], here: model.State
) -> frozenset[str]:
    """What is shown once one of these was taken, by name: where it comes to rest, or what history brings back."""
    reached: set[str] = set()
    for candidate in candidates:
        restored = candidate.restoration.ways.values() if candidate.restoration is not None else ()
        for way in () if candidate.internal else (candidate.way, *restored):
            rests = way.target if isinstance(way.target, model.State) else way.target.container
            reached.add(_outermost(rests, states).name)
        if candidate.internal:
            reached.add(here.name)
    return frozenset(reached)


def _closed(reached: set[str], onward: Mapping[str, frozenset[str]]) -> set[str]:
    """With all that automatic transitions may lead on to."""
    found = set(reached)
    ahead = list(reached)
    while ahead:
        new = onward[ahead.pop()] - found
        found |= new
        ahead.extend(new)
    return found


def _names(machine: model.Machine, shown: Iterable[_Shown], imports: Imports) -> tuple[view.Constant, ...]:
    """An alias per trigger that some view accepts."""
    accepted = {name for found in shown for name in found.leads}
    if accepted:
        imports.typing("TYPE_CHECKING")
    return tuple(
        view.Constant(_trigger_name(trigger), trigger_names(machine, [trigger], imports))
        for trigger in machine.triggers
        if trigger.name in accepted
    )


def _class(machine: model.Machine, found: _Shown, methods: Mapping[str, str], imports: Imports) -> view.StateView:
    prefix = machine.prefix
    if found.state.is_parallel:
        shows = imports.name(f".{machine.module}", naming.config_class(prefix, found.state.name))
    else:
        shows = f"{imports.typing('Literal')}[{prefix}State.{found.state.member}]"
    accepted = [trigger for trigger in machine.triggers if trigger.name in found.leads]
    overloads = _overloads(machine, accepted, found, imports)
    send = sent_by_name(machine, accepted, len(overloads), imports)
    if send is not None and len(overloads) == 1:
        _import_payload(machine, accepted[0], send.signature, imports)
    text = f"{machine.name} in `{found.state.name}`.\n\n{state_text(machine, found.state)}"
    return view.StateView(
        name=found.name,
        base=f"rt.StateView[{in_any_mode(machine, f'{prefix}Session', 'rt')}, {shows}, {prefix}Result]",
        docstring=docstring(text),
        shows=python_literal(found.state.name),
        receiver=of_self(machine, found.name, imports),
        methods=tuple(_method(machine, trigger, found, methods, imports) for trigger in accepted),
        overloads=overloads,
        send=send,
        overload=imports.typing("overload") if len(overloads) > 1 else "",
        text=imports.builtin("str"),
        anything=imports.typing("Any"),
    )


def _method(
    machine: model.Machine, trigger: model.Trigger, found: _Shown, methods: Mapping[str, str], imports: Imports
) -> view.ViewMethod:
    parameters, payload = parameters_of(machine, trigger, imports)
    _import_payload(machine, trigger, parameters, imports)
    return view.ViewMethod(
        name=methods[trigger.method],
        signature=parameters,
        returns=_union((in_sync_mode(machine, name, imports) for name in found.leads[trigger.name]), imports),
        call=f"self._send({python_literal(trigger.name)}, {payload or '{}'}, VIEWS)",
        docstring=docstring(trigger_text(machine, trigger, found.rows)),
    )


def _overloads(
    machine: model.Machine, accepted: Sequence[model.Trigger], found: _Shown, imports: Imports
) -> tuple[view.ViewOverload, ...]:
    """What ``asend`` takes and gives: triggers that agree in both share an overload."""
    groups: dict[tuple[str, tuple[str, ...]], list[model.Trigger]] = {}
    for trigger in accepted:
        signature = signature_by_name(machine, trigger, imports)
        _import_payload(machine, trigger, signature, imports)
        groups.setdefault((signature, found.leads[trigger.name]), []).append(trigger)
    if len(groups) > MAXIMUM_OVERLOADS:
        leads = tuple(dict.fromkeys(name for names in found.leads.values() for name in names))
        groups = {(f", **payload: {imports.typing('Any')}", leads): list(accepted)}
    runtime = imports.runtime() if machine.guards and groups else "rt"
    if groups:
        imports.name(f".{machine.module}", f"{machine.prefix}Trigger")
    return tuple(
        view.ViewOverload(
            triggers=_union(map(_trigger_name, triggers), imports),
            signature=signature,
            returns=_union((in_any_mode(machine, name, runtime) for name in leads), imports),
        )
        for (signature, leads), triggers in groups.items()
    )


def _trigger_name(trigger: model.Trigger) -> str:
    """The alias of what a trigger may be sent by: mypy is slow to look up members of an enum that has many."""
    return f"_TRIGGER_{trigger.member}"


def _union(types: Iterable[str], imports: Imports) -> str:
    """One of these types; Python does not compile ``|`` that is nested too deeply."""
    members = list(types)
    if len(members) <= MAXIMUM_OVERLOADS:
        return " | ".join(members)
    return f"{imports.typing('Union')}[{', '.join(members)}]"


def _import_payload(machine: model.Machine, trigger: model.Trigger, signature: str, imports: Imports) -> None:
    if trigger.payload_class is not None and f"[{trigger.payload_class}]" in signature:
        imports.name(f".{machine.module}", str(trigger.payload_class))
