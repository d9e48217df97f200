"""The enums and typed dictionaries of a module."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from pystator_gen import model, naming, view
from pystator_gen.annotations import annotation
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.docstrings import docstring, key_text, member_text, sent_text

_NAMES = re.compile(r"[a-z_][a-z0-9_]*")


def state_enum(machine: model.Machine) -> view.Enum:
    """``OrderState``."""
    members = tuple(
        view.Member(state.member, python_literal(state.name), docstring(member_text(machine, state)))
        for state in machine.states
    )
    return view.Enum(f"{machine.prefix}State", docstring(f"The states of {machine.name}."), members)


def trigger_enum(machine: model.Machine) -> view.Enum:
    """``OrderTrigger``: the triggers that may be sent."""
    members = tuple(
        view.Member(trigger.member, python_literal(trigger.name), docstring(sent_text(machine, trigger)))
        for trigger in machine.triggers
    )
    return view.Enum(f"{machine.prefix}Trigger", docstring(f"The triggers of {machine.name}."), members)


def context_is_open(machine: model.Machine) -> bool:
    """Whether the machine declares nothing, so that its context may hold anything."""
    return not machine.keys and machine.variables is None


def context_dict(machine: model.Machine, imports: Imports) -> view.TypedDict | None:
    """``OrderContext``: every key that the context may hold; ``None`` if it is open."""
    if context_is_open(machine):
        return None
    return typed_dict(
        f"{machine.prefix}Context",
        f"The context of {machine.name}.",
        tuple(dataclasses.replace(key, description=key_text(machine, key)) for key in machine.keys),
        imports,
        base="rt.EngineContext",
    )


def variables_dict(machine: model.Machine, imports: Imports) -> view.TypedDict | None:
    """What a trigger without a payload of its own takes: the variables, all of them optional."""
    if not machine.variables or all(trigger.payload is not None for trigger in machine.triggers):
        return None
    optional = tuple(model.Field(v.key, v.type, description=key_text(machine, v)) for v in machine.variables)
    return typed_dict("_Variables", f"The state variables of {machine.name}.", optional, imports)


def payload_dict(machine: model.Machine, trigger: model.Trigger, imports: Imports) -> view.TypedDict:
    """``OrderFillPayload``."""
    said = f"An argument of `{trigger.name}`."
    fields = [dataclasses.replace(field, description=field.description or said) for field in trigger.payload or ()]
    return typed_dict(str(trigger.payload_class), f"The payload of `{trigger.name}`.", fields, imports)


def typed_dict(
    name: str, text: str, fields: Sequence[model.Field], imports: Imports, base: str | None = None
) -> view.TypedDict:
    """A ``TypedDict`` with these fields; those that need not be given are not required."""
    total = all(field.must_be_given for field in fields)
    keys = tuple(_key(field, total, imports) for field in fields)
    used = {word for key in keys for word in _NAMES.findall(key.annotation)}
    plain = all(naming.is_identifier(key.name) and key.name not in used for key in keys)
    maker = imports.typing("TypedDict") if base is None or not plain else ""
    functional = None if plain else f"_{name.lstrip('_')}Keys"
    bases = [base, functional] if functional else [base or maker]
    return view.TypedDict(
        name=name,
        docstring=docstring(text),
        bases=", ".join(part for part in bases if part),
        total=total,
        functional=functional,
        maker=maker,
        keys=keys,
    )


def _key(field: model.Field, total: bool, imports: Imports) -> view.Key:
    text = annotation(field.type, imports)
    if field.must_be_given and not total:
        text = f"{imports.typing('Required')}[{text}]"
    return view.Key(field.key, python_literal(field.key), text, python_literal(text), _docstring(field.description))


def _docstring(text: str) -> str | None:
    return docstring(text.strip()) if text.strip() else None
