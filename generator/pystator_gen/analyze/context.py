"""The context's keys and the triggers' payloads, with their types (`S10`; docs/yaml.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pystator_gen import codes, model, naming
from pystator_gen.analyze.findings import Findings
from pystator_gen.naming import ClassName
from pystator_gen.parse.models import MachineDocument, PayloadField, Variable
from pystator_gen.parse.types import ANY, Enumeration, Primitive, Type
from pystator_gen.spelling import nearest

_EFFECT_TYPES = {
    model.EffectKind.TIMESTAMP: Primitive("string"),
    model.EffectKind.INCREMENT: Primitive("integer"),
    model.EffectKind.DECREMENT: Primitive("integer"),
    model.EffectKind.APPEND: Primitive("array"),
    model.EffectKind.COMPUTE: ANY,
}
_LITERAL_TYPES: dict[type, Type] = {
    str: Primitive("string"),
    bool: Primitive("boolean"),
    int: Primitive("integer"),
    float: Primitive("number"),
    list: Primitive("array"),
    dict: Primitive("object"),
}


def resolve_variables(parsed: MachineDocument) -> tuple[model.Field, ...] | None:
    """The declared variables, or ``None`` if the machine declares none."""
    if parsed.state_variables is None:
        return None
    return tuple(_field(variable.key, variable) for variable in parsed.state_variables)


def resolve_triggers(
    parsed: MachineDocument, names: Iterable[str], states: Mapping[str, model.State], prefix: str, findings: Findings
) -> tuple[model.Trigger, ...]:
    """The triggers that may be sent, in order of definition, each with its payload."""
    known = list(dict.fromkeys(names))
    events = {event.name: event for event in parsed.events}
    for index, event in enumerate(parsed.events):
        if event.name not in known:
            findings.warning(
                codes.UNUSED_EVENT,
                f"no transition has the trigger `{event.name}`",
                ("events", index, "name"),
                nearest(event.name, known),
            )
    properties = frozenset(str(state.query) for state in states.values())
    triggers: list[model.Trigger] = []
    for name in known:
        described = events.get(name)
        payload = None
        if described is not None and described.payload is not None:
            payload = tuple(_field(key, field) for key, field in described.payload.items())
        triggers.append(
            model.Trigger(
                name=name,
                member=naming.enum_member(name),
                method=naming.trigger_method(name, properties),
                description=(described.description if described else None) or "",
                payload=payload,
                payload_class=ClassName(f"{prefix}{naming.class_prefix(name)}Payload") if payload is not None else None,
            )
        )
    return tuple(triggers)


def context_keys(
    variables: tuple[model.Field, ...] | None,
    triggers: Sequence[model.Trigger],
    written: Sequence[model.Effect],
    read: Iterable[str],
) -> tuple[model.Field, ...]:
    """Every key that the context may hold: variables, payload fields, and what effects write.

    Where no variables are declared, the keys that guards and expressions read are known as well. A machine that
    declares neither variables nor payloads has no list of keys: its context is open.
    """
    payload_fields = [field for trigger in triggers for field in trigger.payload or ()]
    if variables is None and not payload_fields:
        return ()
    keys = {field.key: field for field in variables or ()}
    declared = frozenset(keys)
    found: list[tuple[str, Type]] = [(field.key, field.type) for field in payload_fields]
    found.extend(pair for effect in written for pair in _written_types(effect))
    if variables is None:
        found.extend((name, ANY) for name in read if not name.startswith("_"))
    for key, type_ in found:
        if key in declared:
            continue
        agreed = key not in keys or keys[key].type == type_
        keys[key] = model.Field(key, type_ if agreed else ANY)
    return tuple(keys.values())


def _written_types(effect: model.Effect) -> list[tuple[str, Type]]:
    if effect.kind is model.EffectKind.SET:
        values: Mapping[str, Any] = effect.value
        return [(key, _LITERAL_TYPES.get(type(value), ANY)) for key, value in values.items()]
    if effect.kind is model.EffectKind.CLEAR:
        return []
    return [(effect.field, _EFFECT_TYPES[effect.kind])]


def type_of(declared: Variable | PayloadField) -> Type:
    """The type of a variable or of a field of a payload."""
    if declared.values is not None:
        return Enumeration(declared.values)
    return declared.type or ANY


def _field(key: str, declared: Variable | PayloadField) -> model.Field:
    return model.Field(
        key, type_of(declared), declared.required, declared.has_default, declared.default, declared.description or ""
    )
