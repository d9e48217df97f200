"""What is known of a value before there is one: the small lattice that `inference` works on.

A value is *possibly* one of several shapes, or nothing is known of it. What operators and functions make of shapes
is not written down here: Python is asked, with samples of each kind. So a shape is refused exactly where Python
itself raises for every sample.
"""

from __future__ import annotations

import datetime
import decimal
import functools
import itertools
import uuid
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pystator_gen.parse.types import DictOf, Enumeration, ListOf, Optional, Primitive, PrimitiveName, Type

Kind: TypeAlias = Literal[
    "null",
    "boolean",
    "integer",
    "float",
    "decimal",
    "string",
    "list",
    "tuple",
    "set",
    "object",
    "datetime",
    "date",
    "duration",
    "uuid",
]
"""A class of Python as the YAML calls it; `duration` is a ``timedelta``, the difference of two moments."""

NUMBERS: Final = frozenset[Kind]({"boolean", "integer", "float", "decimal"})
"""The kinds whose values may equal each other."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """One value that is written out; a class of its own, so that no value is taken for the lack of one."""

    value: Any


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing that a value may be.

    ``exactly`` is the value itself, where it is written out or listed in `values`; ``items`` is what a list or a
    mapping holds.
    """

    kind: Kind
    exactly: Exactly | None = None
    items: frozenset[Shape] | None = None


Possible: TypeAlias = frozenset[Shape] | None
"""All that a value may be, or `None` where nothing is known."""

UNKNOWN: Final[Possible] = None

_MOMENT = datetime.datetime(2024, 2, 29, 12)
_SAMPLES: Final[dict[Kind, tuple[object, ...]]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (2, -2),
    "float": (2.5, -2.5),
    "decimal": (decimal.Decimal("2.5"), decimal.Decimal("-2.5")),
    "string": ("24", ""),
    "list": ([], [2], ["24"]),
    "tuple": ((), (2,), ("24",)),
    "set": ({2}, {"24"}),
    "object": ({}, {"24": 2}),
    "datetime": (_MOMENT, _MOMENT.replace(tzinfo=datetime.UTC)),
    "date": (_MOMENT.date(),),
    "duration": (datetime.timedelta(hours=2), datetime.timedelta(hours=-2)),
    "uuid": (uuid.UUID(int=24),),
}
_KINDS: Final[dict[type, Kind]] = {type(samples[0]): kind for kind, samples in _SAMPLES.items()}
_PRIMITIVES: Final[dict[PrimitiveName, tuple[Kind, ...]]] = {
    "string": ("string",),
    "number": ("integer", "float"),
    "integer": ("integer",),
    "boolean": ("boolean",),
    "object": ("object",),
    "array": ("list",),
    "datetime": ("datetime",),
    "date": ("date",),
    "decimal": ("decimal",),
    "uuid": ("uuid",),
}


def of_kinds(*kinds: Kind) -> frozenset[Shape]:
    """Any value of these kinds."""
    return frozenset(Shape(kind) for kind in kinds)


def of_value(value: object) -> Possible:
    """The shape of a value that is written out."""
    kind = _KINDS.get(type(value))
    if kind is None:
        return UNKNOWN
    if isinstance(value, list):
        return frozenset({Shape(kind, items=union(map(of_value, value)))})
    if isinstance(value, dict):
        return frozenset({Shape(kind, items=union(map(of_value, value.values())))})
    is_scalar = value is None or isinstance(value, (bool, int, float, str))
    return frozenset({Shape(kind, Exactly(value) if is_scalar else None)})


def of_type(declared: Type) -> Possible:
    """What a value of a declared type may be; nothing is known of `any` and of the application's types."""
    match declared:
        case Primitive():
            kinds = _PRIMITIVES.get(declared.name)
            return UNKNOWN if kinds is None else of_kinds(*kinds)
        case Optional():
            return union((of_type(declared.item), of_kinds("null")))
        case Enumeration():
            return union(map(of_value, declared.values))
        case ListOf():
            return frozenset({Shape("list", items=of_type(declared.item))})
        case DictOf():
            return frozenset({Shape("object", items=of_type(declared.value))})
        case _:
            return UNKNOWN


def union(several: Iterable[Possible]) -> Possible:
    """Any of these; nothing is known where nothing is known of one."""
    found: set[Shape] = set()
    for possible in several:
        if possible is None:
            return UNKNOWN
        found |= possible
    return frozenset(found)


def may_equal(left: Possible, right: Possible) -> bool:
    """Whether there are two such values that are equal."""
    if left is None or right is None:
        return True
    return any(_may_be_equal(one, other) for one in left for other in right)


def _may_be_equal(one: Shape, other: Shape) -> bool:
    if one.exactly and other.exactly:
        return bool(one.exactly.value == other.exactly.value)
    return one.kind == other.kind or {one.kind, other.kind} <= NUMBERS


def applied(function: Callable[..., object], *arguments: Possible) -> Possible:
    """What a function gives for such values: the empty set where it raises a `TypeError` whatever they are."""
    if any(argument is None for argument in arguments):
        return UNKNOWN
    kinds = itertools.product(*({shape.kind for shape in argument or ()} for argument in arguments))
    return union(_outcomes(function, *combination) for combination in kinds)


@functools.lru_cache(maxsize=4096)
def _outcomes(function: Callable[..., object], *kinds: Kind) -> Possible:
    """What comes out of the samples of these kinds.

    Other errors than a `TypeError` are about the values, not about their kinds: these do fit.
    """
    found: set[Kind | None] = set()
    is_about_values = False
    for arguments in itertools.product(*(_SAMPLES[kind] for kind in kinds)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of `~True`, for one
                found.add(_KINDS.get(type(function(*arguments))))
        except TypeError:
            continue
        except Exception:
            is_about_values = True
    known: set[Kind] = {kind for kind in found if kind is not None}
    if known < found or (is_about_values and not found):
        return UNKNOWN
    return of_kinds(*known)


def kinds_of(possible: Possible) -> frozenset[Kind]:
    """The kinds of all shapes, the values themselves left out."""
    return frozenset[Kind](shape.kind for shape in possible or ())


def samples(possible: frozenset[Shape]) -> list[object]:
    """One sample of each kind."""
    return [_SAMPLES[kind][0] for kind in sorted(kinds_of(possible))]


def shown(possible: Possible) -> str:
    """What a value may be, in the words of the YAML: ``number or null``."""
    kinds = {shape.kind for shape in possible or ()}
    words = [str(kind) for kind in kinds - {"null"}]
    if {"integer", "float"} <= kinds:
        words = [word for word in words if word not in ("integer", "float")] + ["number"]
    return " or ".join([*sorted(words), *(["null"] if "null" in kinds else [])])
