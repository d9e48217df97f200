"""Operators as Python source: plain where that is safe, else a bounded helper (``S5.7``)."""

from __future__ import annotations

import ast
from typing import Final

from pystator_gen.expressions.pieces import (
    ANY,
    BOOL,
    CONTAINER,
    NUMBER,
    TEXT,
    Kind,
    Needs,
    Piece,
    Rank,
)

_PLAIN: Final[dict[type[ast.operator], tuple[str, Rank]]] = {
    ast.BitOr: ("|", Rank.BIT_OR),
    ast.BitXor: ("^", Rank.BIT_XOR),
    ast.BitAnd: ("&", Rank.BIT_AND),
    ast.Add: ("+", Rank.SUM),
    ast.Sub: ("-", Rank.SUM),
    ast.Mult: ("*", Rank.PRODUCT),
    ast.Div: ("/", Rank.PRODUCT),
    ast.FloorDiv: ("//", Rank.PRODUCT),
    ast.Mod: ("%", Rank.PRODUCT),
}
_HELPERS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add",
    ast.Mult: "multiply",
    ast.Mod: "modulo",
    ast.Pow: "power",
    ast.LShift: "shift_left",
    ast.RShift: "shift_right",
}
_WHOLE_ONLY: Final = {"|", "^", "&"}

COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_UNARY: Final[dict[type[ast.unaryop], str]] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}


def binary(needs: Needs, operator: ast.operator, left: Piece, right: Piece) -> Piece:
    """``left operator right``."""
    if not _is_harmless(operator, left, right):
        return needs.call(_HELPERS[type(operator)], left, right)
    symbol, rank = _PLAIN[type(operator)]
    if symbol == "|":  # `None | x` is a type for pyright
        left, right = (p if p.is_only(NUMBER) else needs.opaque(p) for p in (left, right))
    kind = _result(symbol, left.kind, right.kind)
    if kind is None:
        right, kind = needs.opaque(right), ANY
    source = f"{left.within(rank)} {symbol} {right.within(Rank(rank + 1))}"
    return Piece(source, rank, kind, static=left.static and right.static)


def unary(needs: Needs, operator: ast.unaryop, operand: Piece) -> Piece:
    """``-x``, ``+x`` or ``~x``; `not` is a condition and no business of this module."""
    symbol = _UNARY[type(operator)]
    accepted: Kind = frozenset({"int"}) if symbol == "~" else NUMBER
    if not operand.is_only(accepted):
        operand = needs.opaque(operand)
    kind = frozenset("int" if name == "bool" else name for name in operand.kind)
    return Piece(f"{symbol}{operand.within(Rank.UNARY)}", Rank.UNARY, kind, static=operand.static)


def comparison(needs: Needs, operators: list[ast.cmpop], operands: list[Piece]) -> Piece:
    """A chain of comparisons; ``operands`` is changed to what is written in the end."""
    for position, operator in enumerate(operators):
        symbol = COMPARISONS[type(operator)]
        if symbol in {"is", "is not"}:
            for side in (position, position + 1):
                operands[side] = _comparable_by_identity(needs, operands[side])
        if not _is_accepted(symbol, operands[position], operands[position + 1]):
            operands[position + 1] = needs.opaque(operands[position + 1])
    tighter = Rank(Rank.COMPARISON + 1)
    source = operands[0].within(tighter)
    for operator, operand in zip(operators, operands[1:], strict=True):
        source += f" {COMPARISONS[type(operator)]} {operand.within(tighter)}"
    return Piece(source, Rank.COMPARISON, BOOL, static=all(o.static for o in operands))


def _is_harmless(operator: ast.operator, left: Piece, right: Piece) -> bool:
    """Whether the plain operator can neither build something huge nor format a text."""
    match operator:
        case ast.Add():
            return left.kind <= NUMBER or right.kind <= NUMBER
        case ast.Mult():
            return left.kind <= NUMBER and right.kind <= NUMBER
        case ast.Mod():
            return left.kind <= NUMBER
        case _:
            return type(operator) in _PLAIN


def _result(symbol: str, left: Kind, right: Kind) -> Kind | None:
    """The types of an arithmetic operation, or nothing where a checker may refuse it."""
    kinds: set[str] = set()
    for one in left:
        for other in right:
            pair = {one, other}
            if "any" in pair:
                kinds.add("any")
            elif not pair <= NUMBER or (symbol in _WHOLE_ONLY and "float" in pair):
                return None
            else:
                kinds.add("float" if "float" in pair or symbol == "/" else "int")
    return frozenset(kinds)


def _comparable_by_identity(needs: Needs, piece: Piece) -> Piece:
    """Python warns of ``x is 1``, where the literal stands in the source."""
    is_singleton = piece.kind <= {"any", "some", "none", "bool"}
    return piece if is_singleton or not piece.static else needs.opaque(piece)


def _is_accepted(symbol: str, left: Piece, right: Piece) -> bool:
    """Whether no checker finds the comparison impossible, unnecessary or decided."""
    if ANY in (left.kind, right.kind) and symbol not in {"in", "not in"}:
        return True
    if symbol in {"in", "not in"}:
        if right.kind == ANY or not right.is_only(CONTAINER):
            return right.kind == ANY
        are_texts = left.kind <= TEXT and right.kind <= TEXT and not (left.static and right.static)
        return "any" in left.kind or are_texts
    if symbol in {"<", "<=", ">", ">="}:
        return _are_ordered(left.kind, right.kind)
    if "any" in left.kind or "any" in right.kind:
        return True
    return _are_alike(left.kind, right.kind) and not (left.static and right.static)


def _are_ordered(left: Kind, right: Kind) -> bool:
    pairs = ({one, other} for one in left for other in right)
    return all("any" in pair or pair <= NUMBER or pair <= TEXT for pair in pairs)


def _are_alike(left: Kind, right: Kind) -> bool:
    return any(left <= kind and right <= kind for kind in (NUMBER - BOOL, BOOL, TEXT))
