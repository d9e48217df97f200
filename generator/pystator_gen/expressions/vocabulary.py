"""The closed subset of Python in words: functions, methods, limits (``S5.7``).

Limits are those of ``simpleeval`` where it has one. The runtime states them again, for values that
are only known there; a test holds the two together.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

MAX_TEXT_LENGTH: Final = 10_000
"""The longest expression that is read, in characters."""

MAX_DEPTH: Final = 60
"""How deep an expression may be nested; a chain of additions nests once per term."""

MAX_LENGTH: Final = 100_000
"""The longest text or sequence that an operator may build."""

MAX_POWER: Final = 4_000_000
"""The largest base and exponent of ``**``, and about the most bits of a result that is whole."""

MAX_SHIFT: Final = 10_000
"""The farthest shift."""

MAX_SHIFT_BASE: Final = int(sys.float_info.max)
"""The largest number that is shifted."""

MAX_FORMAT_WIDTH: Final = 1_000
"""The largest width or precision in an f-string."""

MAX_INTEGER_BITS: Final = 1_024
"""The largest integer that may be written out: about 308 digits, what a float can hold."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How a function may be called: how many arguments by position, and which by name."""

    minimum: int
    maximum: int | None
    keywords: tuple[str, ...] = ()


FUNCTIONS: Final = {
    "len": Signature(1, 1),
    "min": Signature(1, None, ("default",)),
    "max": Signature(1, None, ("default",)),
    "abs": Signature(1, 1),
    "sum": Signature(1, 2, ("start",)),
    "round": Signature(1, 2, ("ndigits",)),
    "str": Signature(0, 1),
    "int": Signature(0, 2, ("base",)),
    "float": Signature(0, 1),
    "bool": Signature(0, 1),
    "any": Signature(1, 1),
    "all": Signature(1, 1),
}
"""The functions that may be called by name."""

_TEXT_METHODS = (
    "capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii "
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join "
    "ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition "
    "rsplit rstrip split splitlines startswith strip swapcase title upper zfill"
)
_CONTAINER_METHODS = "copy count get index items keys values"
_MUTATING_METHODS = "append clear extend insert pop popitem remove reverse setdefault sort update"

METHODS: Final = frozenset([*_TEXT_METHODS.split(), *_CONTAINER_METHODS.split()])
"""The methods that may be called: they belong to text, mappings or lists and change nothing."""

MUTATING_METHODS: Final = frozenset(_MUTATING_METHODS.split())
"""Methods that get a message of their own: an expression only reads."""

REFUSED_ATTRIBUTES: Final = frozenset(
    {"format", "format_map", "mro", "exec", "tb_frame", "gi_frame", "ag_frame", "cr_frame"}
)
"""Attributes that lead out of the data, whatever the value."""

REFUSED_PREFIXES: Final = ("_", "func_")
"""How attributes begin that belong to the interpreter."""

OTHER_LANGUAGES: Final = {"true": "True", "false": "False", "null": "None"}
"""Words of YAML and JSON that a guard author may take for Python's."""
