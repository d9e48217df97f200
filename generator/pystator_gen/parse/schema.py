"""Types as the format writes them: text, or a mapping like JSON Schema's (docs/yaml.md#types)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pystator_gen import codes
from pystator_gen.parse.base import Model
from pystator_gen.parse.fitting import fits
from pystator_gen.parse.models import TypeText
from pystator_gen.parse.node import Node, Reader
from pystator_gen.parse.types import (
    ANY,
    PRIMITIVES,
    DictOf,
    Enumeration,
    EnumerationValue,
    ListOf,
    Optional,
    Primitive,
    Type,
    parse_type,
    same_value,
    suggest_type,
)

_STRING, _ARRAY, _OBJECT = Primitive("string"), Primitive("array"), Primitive("object")
_TYPES = f"types are {', '.join(PRIMITIVES)}, list[T], dict[K, V] with simple values as K, T? and package.module:Name"
_WRITTEN_AS_TEXT = (Primitive("datetime"), Primitive("date"), Primitive("decimal"), Primitive("uuid"))
"""Types without literals of their own, in YAML as in Python's `Literal`."""

_FORMATS = {
    "date-time": Primitive("datetime"),
    "date": Primitive("date"),
    "uuid": Primitive("uuid"),
    "decimal": Primitive("decimal"),
}


class Schema(Model):
    """The keywords of JSON Schema that say something about a type; the last ones only document."""

    type: TypeText | None = None
    items: TypeText | None = None
    additional_properties: TypeText | None = Field(None, validation_alias="additionalProperties")
    properties: dict[str, Any] | None = None
    enum: tuple[EnumerationValue, ...] | None = None
    format: str | None = None
    nullable: bool = False
    title: Any = None
    description: Any = None
    default: Any = None
    required: Any = None
    examples: Any = None


def read_type(node: Node) -> Type | None:
    """A type: text, a mapping, or a list of names of which one may be ``null``."""
    if isinstance(node.value, str):
        found = parse_type(node.value)
        if found is None:
            node.error(codes.BAD_TYPE, f"`{node.value}` is not a type", type_remedy(node.value))
        return found
    if isinstance(node.value, dict):
        return read_schema(node)
    if isinstance(node.value, list):
        return _read_alternatives(node, node.value)
    node.wrong_type("a type")
    return None


def type_remedy(text: str) -> str:
    """What to write instead of a text that is no type."""
    meant = suggest_type(text)
    return f"did you mean `{meant}`?" if meant else _TYPES


def read_schema(node: Node) -> Type | None:
    """The type that a JSON-schema-like mapping describes."""
    fields = node.fields(Schema, _READERS)
    schema = None if fields is None else node.build(Schema, fields)
    if fields is None or schema is None:
        return None
    declared = schema.type or _implied(schema)
    base = declared.item if isinstance(declared, Optional) else declared
    found = _refine(base, schema)
    if schema.items is not None and base != _ARRAY:
        node.key_error(fields.key("items"), codes.BAD_TYPE, f"`items` belongs to an array, not to {base}")
        return None
    if schema.nullable or isinstance(declared, Optional):
        found = Optional(found)
    if schema.enum is None:
        return found
    return narrow(node.child(fields.key("enum"), list(schema.enum)), found, schema.enum)


def read_choices(node: Node) -> tuple[EnumerationValue, ...] | None:
    """The values of an enumeration: texts, whole numbers, booleans or null, each once."""
    if not isinstance(node.value, list):
        node.wrong_type("a list of values")
        return None
    if not node.value:
        node.error(codes.BAD_ENUMERATION, "an enumeration needs at least one value")
        return None
    choices: list[EnumerationValue] = []
    for index, value in enumerate(node.value):
        item = node.child(index, value)
        if isinstance(value, (float, list, dict)):
            message = "an enumeration lists texts, whole numbers, booleans and null"
            item.error(codes.BAD_ENUMERATION, message)
        elif any(same_value(value, other) for other in choices):
            item.error(codes.BAD_ENUMERATION, f"the value{shown(value)} is listed twice")
        else:
            choices.append(value)
    return tuple(choices) if len(choices) == len(node.value) else None


def narrow(node: Node, declared: Type, choices: tuple[EnumerationValue, ...]) -> Type | None:
    """The enumeration of `choices`, which stand at `node` and must all be of the type declared."""
    base = declared.item if isinstance(declared, Optional) else declared
    if base in _WRITTEN_AS_TEXT:
        message = f"an enumeration lists texts, whole numbers, booleans and null, and so can't be of type {declared}"
        node.error(codes.BAD_ENUMERATION, message, "take the type away if these texts are meant, or the values")
        return None
    wrong = [index for index, value in enumerate(choices) if not fits(declared, value)]
    for index in wrong:
        message = f"the value{shown(choices[index])} is not of type {declared}"
        node.child(index, choices[index]).error(codes.BAD_ENUMERATION, message)
    if wrong:
        return None
    found = Enumeration(choices)
    return Optional(found) if isinstance(declared, Optional) else found


def shown(value: object) -> str:
    """A scalar as a message shows it after a noun; lists and mappings are too long for that."""
    if isinstance(value, (list, dict)):
        return ""
    words = {True: "true", False: "false", None: "null"}
    return f" `{words[value] if value is None or isinstance(value, bool) else value}`"


def _refine(base: Type, schema: Schema) -> Type:
    """What `format`, `items` and `additionalProperties` add to a type."""
    if base == _STRING and schema.format in _FORMATS:
        return _FORMATS[schema.format]
    if base == _ARRAY and schema.items is not None:
        return ListOf(schema.items)
    if base == _OBJECT and schema.additional_properties is not None and not schema.properties:
        return DictOf(_STRING, schema.additional_properties)
    return base


def _implied(schema: Schema) -> Type:
    """The type of a mapping that names none."""
    if schema.items is not None:
        return _ARRAY
    is_object = schema.properties is not None or schema.additional_properties is not None
    return _OBJECT if is_object else ANY


def _read_alternatives(node: Node, names: list[Any]) -> Type | None:
    """``[T, "null"]`` is T?, and a list of one name is that type."""
    found = [node.child(index, name) for index, name in enumerate(names) if name != "null"]
    if len(found) != 1:
        node.error(codes.BAD_TYPE, "a type can't be one of several", "write `any`")
        return None
    declared = read_type(found[0])
    if declared is None or len(names) == 1 or isinstance(declared, Optional):
        return declared
    return Optional(declared)


def _read_additional(node: Node) -> Type | None:
    """``additionalProperties``: a type, or a boolean, which says nothing about the values."""
    return ANY if isinstance(node.value, bool) else read_type(node)


_READERS: dict[str, Reader] = {
    "type": read_type,
    "items": read_type,
    "additionalProperties": _read_additional,
    "enum": read_choices,
}
