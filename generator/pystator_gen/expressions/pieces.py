"""Pieces of generated source, and what a type checker knows about each.

The generated module passes ``mypy --strict`` and strict pyright whatever its expressions say.
Context values are ``Any``, and an operator with such an operand is always accepted. Where checkers
know the types of both operands, only combinations they certainly accept are written plainly; in all
others one operand goes through ``opaque``, which makes it ``Any``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

MODULE: Final = "pystator_runtime.expressions"
"""Where the helpers of expressions are imported from."""

Kind = frozenset[str]
"""The types that a piece may have in the eyes of a checker.

``any`` is ``Any`` indeed; ``some`` is a type that the checker knows and we don't; the rest are
Python's. Where there are several, the type is their union.
"""

ANY: Final[Kind] = frozenset({"any"})
NUMBER: Final[Kind] = frozenset({"bool", "int", "float"})
BOOL: Final[Kind] = frozenset({"bool"})
TEXT: Final[Kind] = frozenset({"str"})
CONTAINER: Final[Kind] = frozenset({"str", "list", "dict", "tuple", "set"})


class Rank(IntEnum):
    """How tightly an operator binds, loosest first."""

    CONDITIONAL = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    SUM = 9
    PRODUCT = 10
    UNARY = 11
    ATOM = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """The source of a part of an expression.

    ``static``: a checker may know its very value, for instance that it is true. ``reference``: a
    checker can narrow its type by a comparison, as it can that of ``ctx["side"]``.
    """

    source: str
    rank: Rank = Rank.ATOM
    kind: Kind = ANY
    static: bool = False
    reference: bool = False

    def within(self, rank: Rank) -> str:
        """The source, in parentheses unless it binds at least as tightly as asked."""
        return self.source if self.rank >= rank else f"({self.source})"

    def is_only(self, *kinds: Kind) -> bool:
        """Whether a checker finds nothing in it but ``Any`` and these types."""
        return self.kind <= ANY.union(*kinds)


@dataclass(slots=True)
class Needs:
    """What the source written so far needs: context keys and helpers."""

    names: set[str] = field(default_factory=set[str])
    helpers: set[str] = field(default_factory=set[str])

    def call(self, helper: str, *arguments: Piece, kind: Kind = ANY) -> Piece:
        """A call of a runtime helper."""
        self.helpers.add(helper)
        return call(helper, *arguments, kind=kind)

    def opaque(self, piece: Piece) -> Piece:
        """The same value, of which a checker knows nothing."""
        return piece if piece.kind == ANY else self.call("opaque", piece)


def call(function: str, *arguments: Piece, kind: Kind = ANY, static: bool = False) -> Piece:
    """A call by positional arguments."""
    return Piece(f"{function}({', '.join(a.source for a in arguments)})", kind=kind, static=static)
