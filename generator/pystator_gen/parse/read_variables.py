"""Reading what is declared about data: state variables, events and their payloads."""

from __future__ import annotations

from pystator_gen import codes
from pystator_gen.document import Data, load_value
from pystator_gen.parse.fitting import fits
from pystator_gen.parse.models import Event, PayloadField, Variable
from pystator_gen.parse.node import Fields, Node, Reader
from pystator_gen.parse.schema import narrow, read_choices, read_schema, read_type, shown, type_remedy
from pystator_gen.parse.types import (
    ANY,
    EnumerationValue,
    Optional,
    Primitive,
    Type,
    looks_like_type,
    parse_type,
    suggest_type,
)

_BOOLEAN = Primitive("boolean")


def read_variables(node: Node) -> tuple[Variable, ...] | None:
    """The state variables, each declared once."""
    node.report_repeated("key")
    return node.items(_read_variable, "state variables")


def read_events(node: Node) -> tuple[Event, ...] | None:
    """What is known of triggers, each named once."""
    node.report_repeated("name")
    return node.items(lambda item: item.record(Event, _EVENT_READERS), "events")


def _read_variable(node: Node) -> Variable | None:
    """A variable: a mapping, or its bare name."""
    if isinstance(node.value, str):
        return node.build(Variable, Fields({"key": node.value}))
    fields = node.fields(Variable, _DECLARED_READERS)
    if fields is None:
        return None
    _settle_type(node, fields)
    return node.build(Variable, fields)


def _read_payload(node: Node) -> dict[str, PayloadField] | None:
    """The arguments of a trigger, by name."""
    if not isinstance(node.value, dict):
        node.wrong_type("a mapping from names to types")
        return None
    if node.value.get("type") == "object" and isinstance(node.value.get("properties"), dict):
        message = "`payload` maps names to types, and this is a JSON Schema"
        node.error(codes.BAD_TYPE, message, "write what `properties` holds under `payload`")
        return None
    # A field that can't be read counts as any value: the names of the others are still checked.
    return {name: _read_field(node.child(name, value)) or PayloadField() for name, value in node.value.items()}


def _read_field(node: Node) -> PayloadField | None:
    """An argument: a text, a mapping, or nothing, which is any value."""
    if node.value is None:
        return PayloadField()
    if isinstance(node.value, str):
        return _read_text_field(node, node.value)
    if isinstance(node.value, list):
        declared = read_type(node)
        return None if declared is None else PayloadField(type=declared, required=True)
    if not isinstance(node.value, dict):
        node.wrong_type("a type or a mapping")
        return None
    fields = node.fields(PayloadField, _DECLARED_READERS)
    if fields is None:
        return None
    _settle_type(node, fields)
    if fields.values.get("type") is None and "type" not in fields.failed:
        fields.values["type"] = ANY
    fields.values.setdefault("required", not fields.has("default"))
    return node.build(PayloadField, fields)


def _read_text_field(node: Node, text: str) -> PayloadField | None:
    """``T``, ``T = default``, or documentation, which promises nothing about the value."""
    head, equals, tail = text.partition("=")
    declared = parse_type(head)
    if declared is None:
        if looks_like_type(head) or suggest_type(head) is not None:
            message = f"`{text}` is not a type, so it is read as documentation"
            node.warn(codes.BAD_TYPE, message, type_remedy(head))
        return PayloadField(description=text)
    if not equals:
        return PayloadField(type=declared, required=True)
    try:
        if not tail.strip():
            raise ValueError("no value after `=`")
        value = load_value(tail.strip())
    except ValueError as problem:
        node.error(codes.BAD_DEFAULT, f"the default of {declared} can't be read: {problem}")
        return None
    checked = _checked_default(node.with_value(value), declared)
    return None if checked is None else PayloadField(type=declared, default=checked[0])


def _settle_type(node: Node, fields: Fields) -> None:
    """Works out the type from all that says something about it, and checks the default."""
    value = node.value if isinstance(node.value, dict) else {}
    declared: Type | None = fields.values.get("type")
    if "type" in fields.failed or "values" in fields.failed:
        return
    keywords = {key: value[key] for key in Variable.passed_over if key in value}
    if keywords:
        if "type" in value:
            keywords["type"] = value["type"]
        declared = read_schema(node.with_value(keywords))
    elif "values" in fields.values:
        choices: tuple[EnumerationValue, ...] = fields.values["values"]
        declared = narrow(node.child(fields.key("values"), list(choices)), declared or ANY, choices)
    elif declared is None:
        return
    if declared is None:
        fields.failed.add("type")
        return
    fields.values["type"] = declared
    if "default" in fields.values:
        checked = _checked_default(node.child(fields.key("default"), fields.values["default"]), declared)
        if checked is None:
            fields.failed.add("default")
        else:
            fields.values["default"] = checked[0]


def _checked_default(node: Node, declared: Type) -> tuple[Data] | None:
    """A default that fits its type, alone in a tuple; words for booleans count (`S11.1`)."""
    base = declared.item if isinstance(declared, Optional) else declared
    value = node.boolean() if base == _BOOLEAN else node.value
    if fits(declared, value):
        return (value,)
    message = f"the default{shown(value)} is not of type {declared}"
    hint = f"write `{declared}?` if it may be null" if value is None else None
    node.error(codes.BAD_DEFAULT, message, hint)
    return None


_DECLARED_READERS: dict[str, Reader] = {"type": read_type, "values": read_choices}
_EVENT_READERS: dict[str, Reader] = {"payload": _read_payload}
