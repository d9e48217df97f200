"""Calls of the functions as Python source that type checkers accept (``S5.7``).

Arguments whose types a checker knows are made opaque unless it is certain to accept them. The type
of a result is known as far as both checkers agree on it.
"""

from __future__ import annotations

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
    call,
)

_INT: Kind = frozenset({"int"})
_FLOAT: Kind = frozenset({"float"})
_FEW_DIGITS: Final = frozenset({"None", *(str(digits) for digits in range(-15, 16))})


def function_call(needs: Needs, name: str, arguments: list[Piece], keywords: dict[str, Piece]) -> Piece:
    """A call of one of the functions; its signature has been checked."""
    match name:
        case "len":
            return call(name, _accepted(needs, arguments[0], CONTAINER), kind=_INT)
        case "any" | "all":
            return call(name, _accepted(needs, arguments[0], CONTAINER), kind=BOOL)
        case "bool":
            return call(name, *arguments, kind=BOOL)
        case "str":
            return call(name, *arguments, kind=TEXT)
        case "float":
            return call(name, *_each_accepted(needs, arguments, NUMBER | TEXT), kind=_FLOAT)
        case "int":
            return _int(needs, [*arguments, *keywords.values()])
        case "abs":
            return _abs(needs, arguments[0])
        case "round":
            return _round(needs, [*arguments, *keywords.values()])
        case "sum":
            return _sum(needs, [*arguments, *keywords.values()])
        case _:
            return _extreme(needs, name, arguments, keywords.get("default"))


def method_call(needs: Needs, receiver: Piece, name: str, arguments: list[Piece], keywords: dict[str, Piece]) -> Piece:
    """A call of a method, which the runtime makes if the receiver is a text, mapping or list."""
    named = [Piece(f"{keyword}={piece.source}") for keyword, piece in keywords.items()]
    return needs.call("call_method", receiver, Piece(f'"{name}"'), *arguments, *named)


def _accepted(needs: Needs, piece: Piece, kinds: Kind) -> Piece:
    return piece if piece.is_only(kinds) else needs.opaque(piece)


def _each_accepted(needs: Needs, pieces: list[Piece], kinds: Kind) -> list[Piece]:
    return [_accepted(needs, piece, kinds) for piece in pieces]


def _settled(kind: Kind) -> Kind:
    """One number among values of unknown type makes the result a number for pyright."""
    return kind if kind == ANY else kind - ANY


def _int(needs: Needs, arguments: list[Piece]) -> Piece:
    if len(arguments) < 2:
        return call("int", *_each_accepted(needs, arguments, NUMBER | TEXT), kind=_INT)
    text, base = arguments
    return call("int", _accepted(needs, text, TEXT), _accepted(needs, base, _INT), kind=_INT)


def _abs(needs: Needs, argument: Piece) -> Piece:
    argument = _accepted(needs, argument, NUMBER)
    kind = frozenset("int" if name == "bool" else name for name in _settled(argument.kind))
    return call("abs", argument, kind=kind, static=argument.static)


def _round(needs: Needs, arguments: list[Piece]) -> Piece:
    number, *digits = arguments
    number = _accepted(needs, number, NUMBER)
    kind = ANY if number.kind == ANY else _settled(number.kind) | _INT
    if not digits:
        return call("round", number, kind=kind)
    if digits[0].source in _FEW_DIGITS:
        return call("round", number, digits[0], kind=kind)
    return needs.call("round_to", number, digits[0])


def _sum(needs: Needs, arguments: list[Piece]) -> Piece:
    values = needs.opaque(arguments[0])
    if len(arguments) == 1:
        return call("sum", values, kind=_INT)  # Any for mypy, int for pyright
    start = arguments[1]
    if start.kind <= NUMBER:
        return call("sum", values, start, kind=start.kind | _INT)
    return needs.call("sum_from", values, start)


def _extreme(needs: Needs, name: str, arguments: list[Piece], default: Piece | None) -> Piece:
    """``min`` and ``max``: of one list, or of several values."""
    if len(arguments) == 1:
        values = needs.opaque(arguments[0])
        if default is None:
            return call(name, values)
        default = _accepted(needs, default, NUMBER)
        return call(name, values, Piece(f"default={default.source}"), kind=ANY | default.kind)
    arguments = _each_accepted(needs, arguments, NUMBER)
    kind = frozenset[str]().union(*(argument.kind for argument in arguments))
    return call(name, *arguments, kind=_settled(kind))
