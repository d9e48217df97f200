"""Declared variables and payload fields: what values they accept, and how these are written as JSON.

A type is a small object with three abilities: ``accepts`` a value, ``encode`` it as plain JSON data, ``decode``
it again (`S13.4`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias


class FieldType:
    """A type as declared in the YAML; ``name`` is how error messages call it."""

    __slots__ = ("_decode", "_encode", "accepts", "kinds", "name")

    def __init__(
        self,
        name: str,
        accepts: Callable[[Any], bool],
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[Any], Any] | None = None,
        *,
        kinds: tuple[type, ...] = (),
    ) -> None:
        self.name = name
        self.accepts = accepts
        self.kinds = kinds  # every value of exactly one of these classes is accepted
        self._encode = encode
        self._decode = decode

    def encode(self, value: Any) -> Any:
        """``value`` as JSON data. A value of another type is passed as it is: JSON decides about it."""
        return self._encode(value) if self._encode is not None and self.accepts(value) else value

    def decode(self, value: Any) -> Any:
        """The value that was encoded.

        Raises:
            ValueError: ``value`` is text that this type can't be read from.
        """
        if value is None or self._decode is None or not self._is_encoded(value):
            return value
        return self._decode(value)

    def _is_encoded(self, value: Any) -> bool:
        return isinstance(value, str) or not self.accepts(value)

    def __repr__(self) -> str:
        return self.name


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@cache
def _imported(module: str, name: str) -> Any:
    """A class, imported when a value is first looked at: no machine declares all the types there are."""
    from importlib import import_module

    return getattr(import_module(module), name)


def _is_datetime(value: Any) -> bool:
    return isinstance(value, _imported("datetime", "datetime"))


def _is_date(value: Any) -> bool:
    return isinstance(value, _imported("datetime", "date")) and not _is_datetime(value)


def _is_decimal(value: Any) -> bool:
    return isinstance(value, _imported("decimal", "Decimal"))


def _to_decimal(value: Any) -> Any:
    try:
        return _imported("decimal", "Decimal")(str(value) if isinstance(value, float) else value)
    except _imported("decimal", "InvalidOperation"):
        raise ValueError(f"{value!r} is not a decimal") from None


def _is_uuid(value: Any) -> bool:
    return isinstance(value, _imported("uuid", "UUID"))


def _to_uuid(value: Any) -> Any:
    return _imported("uuid", "UUID")(str(value))


def _isoformat(value: Any) -> Any:
    return value.isoformat()


STRING = FieldType("string", lambda value: isinstance(value, str), kinds=(str,))
NUMBER = FieldType("number", _is_number, kinds=(int, float))
INTEGER = FieldType("integer", _is_integer, kinds=(int,))
BOOLEAN = FieldType("boolean", lambda value: isinstance(value, bool), kinds=(bool,))
OBJECT = FieldType("object", lambda value: isinstance(value, Mapping), kinds=(dict,))
ARRAY = FieldType("array", lambda value: isinstance(value, list), kinds=(list,))
ANY = FieldType("any", lambda value: True)
DATETIME = FieldType(
    "datetime", _is_datetime, _isoformat, lambda text: _imported("datetime", "datetime").fromisoformat(text)
)
DATE = FieldType("date", _is_date, _isoformat, lambda text: _imported("datetime", "date").fromisoformat(text))
DECIMAL = FieldType("decimal", _is_decimal, str, _to_decimal)
UUID = FieldType("uuid", _is_uuid, str, _to_uuid)


def list_of(item: FieldType) -> FieldType:
    """``list[T]``."""

    def convert(value: Any, of_item: Callable[[Any], Any]) -> Any:
        return list(map(of_item, value)) if isinstance(value, list) else value

    return FieldType(
        f"list[{item.name}]",
        lambda value: isinstance(value, list) and all(map(item.accepts, value)),
        lambda value: convert(value, item.encode),
        lambda value: convert(value, item.decode),
    )


def dict_of(key: FieldType, item: FieldType) -> FieldType:
    """``dict[K, V]``; keys that are no text are written as the text of their JSON."""

    def write_key(value: Any) -> str:
        import json

        encoded = key.encode(value)
        return encoded if isinstance(encoded, str) else json.dumps(encoded)

    def read_key(text: Any) -> Any:
        import json

        if key.accepts(text):
            return text
        decoded = key.decode(text)
        return json.loads(text) if decoded is text else decoded

    def convert(value: Any, of_key: Callable[[Any], Any], of_item: Callable[[Any], Any]) -> Any:
        if not isinstance(value, Mapping):
            return value
        return dict(zip(map(of_key, value.keys()), map(of_item, value.values()), strict=True))

    return FieldType(
        f"dict[{key.name}, {item.name}]",
        lambda value: (
            isinstance(value, Mapping)
            and all(map(key.accepts, value.keys()))
            and all(map(item.accepts, value.values()))
        ),
        lambda value: convert(value, write_key, item.encode),
        lambda value: convert(value, read_key, item.decode),
    )


def optional(item: FieldType) -> FieldType:
    """``T?``: may be null."""
    return FieldType(
        f"{item.name}?",
        lambda value: value is None or item.accepts(value),
        lambda value: None if value is None else item.encode(value),
        lambda value: None if value is None else item.decode(value),
    )


def one_of(*values: object) -> FieldType:
    """One of the values listed; ``True`` is not taken for ``1``."""
    return FieldType(
        f"one of {', '.join(map(repr, values))}",
        lambda value: (
            any(type(value) is type(known) and value == known for known in values)
            or (isinstance(value, str) and str(value) in values)
        ),
    )


def application_type(module: str, name: str) -> FieldType:
    """A class of the application, imported when a value is first looked at. It has no JSON form of its own."""

    def accepts(value: Any) -> bool:
        kind = _imported(module, name)
        try:
            return not isinstance(kind, type) or isinstance(value, kind)
        except TypeError:
            return True  # a typed dictionary, a protocol or the like can't be asked; the type checker has seen it

    return FieldType(f"{module}:{name}", accepts)


class Field:
    """A state variable or a payload field: its type, and whether it has to be there."""

    __slots__ = ("required", "type")

    def __init__(self, type: FieldType, *, required: bool = False) -> None:
        self.type = type
        self.required = required


Fields: TypeAlias = Mapping[str, Field]


def problems(fields: Fields, values: Mapping[str, Any], *, closed: bool = False) -> list[str]:
    """What is wrong with ``values``, a sentence each: missing, of another type or, if ``closed``, unknown."""
    found: list[str] = []
    for name, field in fields.items():
        if name not in values:
            if field.required:
                found.append(f"{name} is required and missing")
        elif not field.type.accepts(values[name]):
            found.append(f"{name} must be {field.type.name}, not {values[name]!r}")
    if closed:
        found.extend(f"{name} is not a field of this payload" for name in values if name not in fields)
    return found


class Payload:
    """What a trigger declares to take: its fields, and a builder of the defaults of those that may be left out."""

    __slots__ = ("_expected", "defaults", "fields", "has_defaults")

    def __init__(self, fields: Fields, defaults: Callable[[], dict[str, Any]] = dict) -> None:
        self.fields = fields
        self.defaults = defaults
        optional = defaults().keys()
        self.has_defaults = bool(optional)
        self._expected = tuple(
            (name, field.type.kinds, field.type.accepts, field.required or name in optional)
            for name, field in fields.items()
        )

    def missing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults, built anew, of the fields that ``values`` lack."""
        return {name: value for name, value in self.defaults().items() if name not in values}

    def problems(self, values: Mapping[str, Any], *, closed: bool) -> list[str]:
        """What is wrong with ``values``, a sentence each; with ``closed`` other keys are wrong too."""
        return problems(self.fields, values, closed=closed)

    def is_met_by(self, values: Mapping[str, Any]) -> bool:
        """Whether nothing has to be said about ``values``, nor any default to be filled in, and no key is too much."""
        return (not values or values.keys() <= self.fields.keys()) and self.fits(values)

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Whether nothing has to be said about ``values``, nor any default to be filled in; keys may be more."""
        for name, kinds, accepts, wanted in self._expected:
            if name in values:
                value = values[name]
                if type(value) not in kinds and not accepts(value):
                    return False
            elif wanted:
                return False
        return True
