"""The types of variables and payloads, as a small closed algebra: docs/yaml.md#types.

``parse_type("list[dict[string, decimal?]]?")`` reads the text form, ``str(type)`` writes it.
"""

from __future__ import annotations

import difflib
import keyword
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

PrimitiveName: TypeAlias = Literal[
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "any",
    "datetime",
    "date",
    "decimal",
    "uuid",
]
PRIMITIVES: tuple[PrimitiveName, ...] = get_args(PrimitiveName)
EnumerationValue: TypeAlias = str | int | bool | None

MAX_NESTING = 16


@dataclass(frozen=True, slots=True)
class Primitive:
    """One of the built-in types; ``number`` is int or float."""

    name: PrimitiveName

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """``list[T]``."""

    item: Type

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True, slots=True)
class DictOf:
    """``dict[K, V]``; K is a type whose values Python can hash."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"dict[{self.key}, {self.value}]"


@dataclass(frozen=True, slots=True)
class Optional:
    """``T?``: T or null."""

    item: Type

    def __str__(self) -> str:
        return f"{self.item}?"


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of the values that ``values:`` lists; no two are equal in value and type."""

    values: tuple[EnumerationValue, ...]

    def __str__(self) -> str:
        return " | ".join("null" if value is None else repr(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class ApplicationType:
    """``package.module:Name``: a type that the application defines."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


Type: TypeAlias = Primitive | ListOf | DictOf | Optional | Enumeration | ApplicationType

ANY = Primitive("any")
_UNHASHABLE = (Primitive("object"), Primitive("array"), ANY)
_OTHER_NAMES: dict[str, str] = {
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "str": "string",
    "text": "string",
    "bool": "boolean",
    "dict": "object",
    "map": "object",
    "list": "array",
    "timestamp": "datetime",
    "money": "decimal",
}
_OTHER_COLLECTIONS = {"array[": "list[", "set[": "list[", "map[": "dict[", "object[": "dict[", "mapping[": "dict["}
_WORD = re.compile(r"[\w.:]+\[?")
_SPACED = re.compile(r" ?([\],|?]) ?|(?<=\[) ")
_SHAPE = re.compile(r"""[\w.:'"-]+(?=[\[|?])(?:[\]?]*[\[,|]+[\w.:'"-]+)*[\]\[?,|]*""")
_OR_NULL = re.compile(r"\|(?:null|none)$", re.IGNORECASE)
_LONGEST_SUGGESTION = 200
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*|[a-z]+|[\[\],?]")
_END = ""


def parse_type(text: str) -> Type | None:
    """The type that `text` spells, or None where it spells none."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        return None
    rest = [_END, *reversed(tokens)]
    try:
        found = _read(rest, 1)
    except ValueError:
        return None
    return found if rest == [_END] else None


def looks_like_type(text: str) -> bool:
    """Whether a text that is no type has the shape of one, as ``List[str]`` and ``text | null`` have, and no prose."""
    return _SHAPE.fullmatch(_compact(text)) is not None


def suggest_type(text: str) -> str | None:
    """The type that was probably meant by a text that is none."""
    compact = _compact(text)
    if _SHAPE.fullmatch(compact) is None:
        return _suggest_primitive(compact.lower())
    if len(compact) > _LONGEST_SUGGESTION:
        return None
    respelt = _WORD.sub(_respell, _OR_NULL.sub("?", compact))
    found = parse_type(respelt + "]" * (respelt.count("[") - respelt.count("]")))
    return None if found is None else str(found)


def _suggest_primitive(word: str) -> str | None:
    if word in PRIMITIVES or word in _OTHER_NAMES:
        return _OTHER_NAMES.get(word, word)
    close = difflib.get_close_matches(word, PRIMITIVES, 1, 0.75)
    return close[0] if close else None


def _respell(word: re.Match[str]) -> str:
    """A word of a compound type as the format writes it; types of the application stay as they are."""
    lower = word[0].lower()
    if lower.endswith("["):
        return _OTHER_COLLECTIONS.get(lower, lower)
    return word[0] if ":" in lower else _suggest_primitive(lower) or word[0]


def _compact(text: str) -> str:
    """A text without the spaces that a type may have; those between words, and before a bracket, make it prose."""
    return _SPACED.sub(r"\1", " ".join(text.split()))


def same_value(left: object, right: object) -> bool:
    """Equality that tells ``1`` from ``true``, as YAML does."""
    return type(left) is type(right) and left == right


def _read(tokens: list[str], depth: int) -> Type:
    """Reads one type off the end of `tokens`; ValueError where there is none."""
    if depth > MAX_NESTING:
        raise ValueError
    word = tokens.pop()
    found: Type
    if word in ("list", "dict") and tokens[-1] == "[":
        tokens.pop()
        found = _read_collection(word, tokens, depth)
    elif ":" in word:
        module, _, name = word.partition(":")
        if not all(map(_is_identifier, (*module.split("."), name))):
            raise ValueError
        found = ApplicationType(module, name)
    elif word in PRIMITIVES:
        found = Primitive(word)
    else:
        raise ValueError
    if tokens[-1] == "?":
        tokens.pop()
        found = Optional(found)
    return found


def _read_collection(word: str, tokens: list[str], depth: int) -> Type:
    """Reads what stands between ``[`` and ``]``."""
    first = _read(tokens, depth + 1)
    if word == "list":
        _expect("]", tokens)
        return ListOf(first)
    if first in _UNHASHABLE or isinstance(first, (ListOf, DictOf, Optional)):
        raise ValueError
    _expect(",", tokens)
    value = _read(tokens, depth + 1)
    _expect("]", tokens)
    return DictOf(first, value)


def _expect(token: str, tokens: list[str]) -> None:
    if tokens.pop() != token:
        raise ValueError


def _is_identifier(word: str) -> bool:
    return word.isidentifier() and not keyword.iskeyword(word)
