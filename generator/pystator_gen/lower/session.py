"""The session class: a property per state, a method per trigger, and typed ways to send by name."""

from __future__ import annotations

from collections.abc import Sequence

from pystator_gen import model, naming, view
from pystator_gen.annotations import annotation, default_value, is_shareable
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.docstrings import docstring, query_text, trigger_text
from pystator_gen.lower.modes import answers, in_any_mode, of_self

MAXIMUM_OVERLOADS = 200
"""Beyond, overloads cost type checkers more than they tell: ``send`` then takes any payload."""


def session(machine: model.Machine, imports: Imports, resting: str) -> view.Session:
    """``OrderSession``."""
    result = f"{machine.prefix}Result"
    anything = imports.typing("Any")
    overloads = _overloads(machine, imports)
    name, views = f"{machine.prefix}Session", naming.views_module(machine.module)
    shown = imports.name_for_checkers(f".{views}", f"{machine.prefix}View")
    return view.Session(
        name=name,
        docstring=docstring(f"One entity of {machine.name}, in memory."),
        type_arguments=(
            resting,
            f"{machine.prefix}Trigger",
            f"{machine.prefix}Context",
            answers(machine, "rt"),
        ),
        receiver=of_self(machine, name, imports),
        view=in_any_mode(machine, shown, imports.runtime()) if machine.guards else shown,
        views=views,
        queries=tuple(_query(machine, state) for state in machine.states),
        methods=tuple(_method(machine, trigger, imports) for trigger in machine.triggers),
        overloads=overloads,
        send=_send(machine, imports),
        property=imports.builtin("property"),
        overload=imports.typing("overload") if overloads else "",
        query_type=f"{imports.builtin('bool')} | {anything}",
        result=result,
    )


def _query(machine: model.Machine, state: model.State) -> view.Query:
    return view.Query(state.query, python_literal(state.name), docstring(query_text(machine, state)))


def _method(machine: model.Machine, trigger: model.Trigger, imports: Imports) -> view.Method:
    parameters, payload = parameters_of(machine, trigger, imports)
    return view.Method(trigger.method, parameters, _call(trigger, payload), docstring(trigger_text(machine, trigger)))


def parameters_of(machine: model.Machine, trigger: model.Trigger, imports: Imports) -> tuple[str, str]:
    """The parameters of a trigger's method behind ``self``, and the payload that it passes on (empty if none)."""
    signature = _signature(machine, trigger, imports, real=True)
    return _after_self(signature), _payload(trigger, signature)


def _call(trigger: model.Trigger, payload: str) -> str:
    """How a trigger's method sends it: what has been spelt out in its signature needs no second look."""
    name = python_literal(trigger.name)
    if not payload:
        return f"self._fire({name})"
    if payload != "payload":
        return f"self._fire_with({name}, {payload})"
    looked_at = f"self._send({name}, payload)"
    return looked_at if trigger.payload else f"{looked_at} if payload else self._fire({name})"


def _after_self(signature: str) -> str:
    """The parameters behind ``self``, which a payload of any names must not take for a keyword of its own."""
    return f", /, {signature}" if signature.startswith("**") else _more(signature)


def _more(signature: str) -> str:
    return f", {signature}" if signature else ""


def _payload(trigger: model.Trigger, signature: str) -> str:
    """The payload as a body with that signature passes it on: nothing, its keyword parameters, or all it got."""
    if not signature:
        return ""
    if signature.startswith("**"):
        return "payload"
    fields = trigger.payload or ()
    return f"{{{', '.join(f'{python_literal(f.key)}: {naming.parameter(f.key)}' for f in fields)}}}"


def _can_be_spelt_out(fields: Sequence[model.Field]) -> bool:
    """Whether a payload can be keyword parameters: each is required or has a default that nobody can change."""
    names = [naming.parameter(field.key) for field in fields]
    return (
        len(set(names)) == len(names)
        and "self" not in names
        and all(is_shareable(field.default, field.type) if field.has_default else field.required for field in fields)
    )


def _is_respelt(fields: Sequence[model.Field]) -> bool:
    """Whether a field's parameter is not called as the field: `send` takes fields by the names they have."""
    return any(naming.parameter(field.key) != field.key for field in fields)


def _signature(
    machine: model.Machine, trigger: model.Trigger, imports: Imports, *, real: bool, by_name: bool = False
) -> str:
    """The parameters of a trigger, for its method or for ``send`` (``by_name``).

    What is not ``real`` is an overload, which only tells that there is a default.
    """
    fields = trigger.payload
    if fields is None:
        return _variables_signature(machine, imports)
    if not fields:
        return ""
    if not _can_be_spelt_out(fields) or (by_name and _is_respelt(fields)):
        return f"**payload: {imports.typing('Unpack')}[{trigger.payload_class}]"
    parameters: list[str] = []
    for field in fields:
        text = f"{naming.parameter(field.key)}: {annotation(field.type, imports)}"
        if field.has_default:
            text += f" = {default_value(field.default, field.type, imports) if real else '...'}"
        parameters.append(text)
    return f"*, {', '.join(parameters)}"


def _variables_signature(machine: model.Machine, imports: Imports) -> str:
    if machine.variables:
        return f"**payload: {imports.typing('Unpack')}[_Variables]"
    if machine.variables is None:
        return f"**payload: {imports.typing('Any')}"
    return ""


def _send(machine: model.Machine, imports: Imports) -> view.Send:
    """How ``send`` and ``asend`` are implemented; where there is nothing to send they refuse whatever comes."""
    sent = sent_by_name(machine, machine.triggers, len(_groups(machine, imports)), imports)
    return sent or view.Send(f", **payload: {imports.typing('Any')}", "payload")


def sent_by_name(
    machine: model.Machine, triggers: Sequence[model.Trigger], signatures: int, imports: Imports
) -> view.Send | None:
    """The implementation of a door that takes these triggers by name, in so many ``signatures``.

    It takes whatever comes, and looks at it: what does not fit is an answer, as at every other door.
    """
    if signatures == 0:
        return None
    if signatures > 1:
        taken = imports.typing("Any")
    elif triggers[0].payload is not None:  # a lone signature is not overloaded, so its types are those of the door
        taken = f"{imports.typing('Unpack')}[{triggers[0].payload_class}]"
    elif machine.variables is None:
        taken = imports.typing("Any")
    else:
        taken = f"{imports.typing('Unpack')}[_Variables]" if machine.variables else imports.typing("Never")
    return view.Send(f", **payload: {taken}", "payload")


def signature_by_name(machine: model.Machine, trigger: model.Trigger, imports: Imports) -> str:
    """What an overload for a trigger's name takes beside it."""
    return _more(_signature(machine, trigger, imports, real=False, by_name=True))


def trigger_names(machine: model.Machine, triggers: Sequence[model.Trigger], imports: Imports) -> str:
    """The type of the names of these triggers: members of the enum, and literal strings."""
    names = ", ".join(f"{machine.prefix}Trigger.{t.member}, {python_literal(t.name)}" for t in triggers)
    return f"{imports.typing('Literal')}[{names}]"


def _overloads(machine: model.Machine, imports: Imports) -> tuple[view.Overload, ...]:
    """One overload per distinct payload; none where they would not tell anything, or too much."""
    groups = _groups(machine, imports)
    if not 2 <= len(groups) <= MAXIMUM_OVERLOADS:
        return ()
    return tuple(
        view.Overload(trigger_names(machine, found, imports), signature_by_name(machine, found[0], imports))
        for found in groups
    )


def _groups(machine: model.Machine, imports: Imports) -> list[list[model.Trigger]]:
    """The triggers by what `send` takes for them."""
    groups: dict[str, list[model.Trigger]] = {}
    for trigger in machine.triggers:
        signature = _signature(machine, trigger, imports.apart(), real=False, by_name=True)
        groups.setdefault(signature, []).append(trigger)
    return list(groups.values())
