"""Whether a value written in YAML fits a declared type (defaults, enumeration values)."""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Callable

from pystator_gen.document import Data
from pystator_gen.parse.types import (
    DictOf,
    Enumeration,
    ListOf,
    Optional,
    Primitive,
    PrimitiveName,
    Type,
    same_value,
)


def fits(declared: Type, value: Data) -> bool:
    """Whether `value` may stand where `declared` is wanted.

    YAML has no dates, decimals or UUIDs: a text that Python can read as one is right, and stays
    text. Numbers are right for a decimal. A mapping's keys are text. No value of an application's
    type can be written in YAML.
    """
    if isinstance(declared, Primitive):
        return _PRIMITIVES[declared.name](value)
    if isinstance(declared, Optional):
        return value is None or fits(declared.item, value)
    if isinstance(declared, Enumeration):
        return any(same_value(value, allowed) for allowed in declared.values)
    if isinstance(declared, ListOf):
        return isinstance(value, list) and all(fits(declared.item, item) for item in value)
    if isinstance(declared, DictOf):
        return isinstance(value, dict) and all(
            fits(declared.key, key) and fits(declared.value, item) for key, item in value.items()
        )
    return False


def _is_integer(value: Data) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Data) -> bool:
    return _is_integer(value) or isinstance(value, float)


def _is_decimal(value: Data) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return _is_integer(value) or _reads(_finite_decimal, value)


def _finite_decimal(text: str) -> decimal.Decimal:
    number = decimal.Decimal(text)
    if not number.is_finite():
        raise ValueError
    return number


def _reads(parse: Callable[[str], object], value: Data) -> bool:
    """Whether `value` is a text that `parse` takes."""
    if not isinstance(value, str):
        return False
    try:
        parse(value)
    except (ValueError, decimal.InvalidOperation):
        return False
    return True


_PRIMITIVES: dict[PrimitiveName, Callable[[Data], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "any": lambda value: True,
    "datetime": lambda value: _reads(datetime.datetime.fromisoformat, value),
    "date": lambda value: _reads(datetime.date.fromisoformat, value),
    "decimal": _is_decimal,
    "uuid": lambda value: _reads(uuid.UUID, value),
}
