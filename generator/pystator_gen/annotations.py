"""Declared types in Python: as annotations for type checkers, and as values for checks at run time."""

from __future__ import annotations

from typing import Any

from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.parse.types import (
    ApplicationType,
    DictOf,
    Enumeration,
    ListOf,
    Optional,
    Primitive,
    Type,
)

_BUILTINS = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}
_CLASSES = {
    "datetime": ("datetime", "datetime"),
    "date": ("datetime", "date"),
    "decimal": ("decimal", "Decimal"),
    "uuid": ("uuid", "UUID"),
}
_CONVERSIONS = {"datetime": "fromisoformat", "date": "fromisoformat"}


def annotation(type_: Type, imports: Imports) -> str:
    """The annotation of a declared type."""
    match type_:
        case Primitive():
            return _primitive(type_, imports)
        case ListOf():
            return f"{imports.builtin('list')}[{annotation(type_.item, imports)}]"
        case DictOf():
            key, value = annotation(type_.key, imports), annotation(type_.value, imports)
            return f"{imports.builtin('dict')}[{key}, {value}]"
        case Optional():
            return f"{annotation(type_.item, imports)} | None"
        case Enumeration():
            return literal_type(type_.values, imports)
        case ApplicationType():
            return f"{imports.application_module(type_.module)}.{type_.name}"


def _primitive(type_: Primitive, imports: Imports) -> str:
    if type_.name in _BUILTINS:
        return imports.builtin(_BUILTINS[type_.name])
    if type_.name in _CLASSES:
        module, name = _CLASSES[type_.name]
        return f"{imports.module(module)}.{name}"
    anything = imports.typing("Any")
    if type_.name == "object":
        return f"{imports.builtin('dict')}[{imports.builtin('str')}, {anything}]"
    return f"{imports.builtin('list')}[{anything}]" if type_.name == "array" else anything


def literal_type(values: tuple[Any, ...], imports: Imports) -> str:
    """The type of exactly these values."""
    return f"{imports.typing('Literal')}[{', '.join(python_literal(value) for value in values)}]"


def field_type(type_: Type) -> str:
    """The runtime's description of a declared type."""
    match type_:
        case Primitive():
            return f"rt.{type_.name.upper()}"
        case ListOf():
            return f"rt.list_of({field_type(type_.item)})"
        case DictOf():
            return f"rt.dict_of({field_type(type_.key)}, {field_type(type_.value)})"
        case Optional():
            return f"rt.optional({field_type(type_.item)})"
        case Enumeration():
            return f"rt.one_of({', '.join(python_literal(value) for value in type_.values)})"
        case ApplicationType():
            return f"rt.application_type({python_literal(type_.module)}, {python_literal(type_.name)})"


def needs_codec(type_: Type) -> bool:
    """Whether values of the type are written to JSON as something else than they are (`S13.4`)."""
    match type_:
        case Primitive():
            return type_.name in _CLASSES
        case ListOf() | Optional():
            return needs_codec(type_.item)
        case DictOf():
            return type_.key != Primitive("string") or needs_codec(type_.value)  # keys in JSON are text
        case _:
            return False


def default_value(value: Any, type_: Type, imports: Imports) -> str:
    """The expression for a default: YAML has no dates and decimals, so these stand there as text."""
    if value is None or not needs_codec(type_):
        return python_literal(value)
    match type_:
        case Optional():
            return default_value(value, type_.item, imports)
        case ListOf():
            return f"[{', '.join(default_value(item, type_.item, imports) for item in value)}]"
        case DictOf():
            items = (
                f"{default_value(key, type_.key, imports)}: {default_value(item, type_.value, imports)}"
                for key, item in value.items()
            )
            return f"{{{', '.join(items)}}}"
        case Primitive():
            module, name = _CLASSES[type_.name]
            conversion = _CONVERSIONS.get(type_.name)
            constructor = f"{imports.module(module)}.{name}{f'.{conversion}' if conversion else ''}"
            return f"{constructor}({python_literal(str(value))})"
        case _:
            return python_literal(value)


def is_shareable(value: Any, type_: Type) -> bool:
    """Whether a default may stand in a signature: it can't be changed, so nobody can share it by mistake."""
    return isinstance(value, (str, int, float, bool, type(None))) and not needs_codec(type_)


def param_type(values: tuple[Any, ...], imports: Imports) -> str:
    """The type of a param, from all values that the YAML passes for it."""
    names = {_value_type(value, imports) for value in values}
    anything = imports.apart().typing("Any")
    return anything if anything in names else " | ".join(sorted(names, key=_none_last))


def _value_type(value: Any, imports: Imports) -> str:
    if value is None:
        return "None"
    if isinstance(value, dict):
        return annotation(Primitive("object"), imports)
    if isinstance(value, list):
        return annotation(Primitive("array"), imports)
    return imports.builtin(type(value).__name__)


def _none_last(name: str) -> tuple[bool, str]:
    return name == "None", name
