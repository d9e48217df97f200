"""From a checked syntax tree to Python source: the third step of `compile_expression` (``S5.7``).

The tree is walked in the order of evaluation, because checkers narrow types in that order: after
``side == "buy" and`` pyright takes ``ctx["side"]`` for that one text, and would report a second
comparison of it as impossible. `Emitter.facts` follows what the checkers believe at each point, so
that only such rare readings are made opaque and all others stay plain.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from pystator_gen.expressions import calls, operators
from pystator_gen.expressions.pieces import (
    ANY,
    BOOL,
    CONTAINER,
    TEXT,
    Kind,
    Needs,
    Piece,
    Rank,
    call,
)
from pystator_gen.literals import python_literal

Facts = Mapping[str, Kind]
"""The types that checkers have narrowed references to, by the source of the reference."""

_NARROWED: Final[Kind] = frozenset({"some"})
_NARROWS_IF_TRUE: Final = (ast.Eq, ast.Is, ast.In)
_NARROWS_IF_FALSE: Final = (ast.NotEq, ast.IsNot, ast.NotIn)


class Emitter:
    """Writes one expression; its helpers and context keys gather in `needs`."""

    def __init__(self) -> None:
        self.needs = Needs()
        self.facts: Facts = {}
        self._latest: Facts = {}

    def expression(self, node: ast.expr) -> Piece:
        """The source of a node."""
        piece, if_true, if_false = self._condition(node)
        # Inside another condition, pyright goes on as if this one were always evaluated to its end.
        certain = {key: kind for key, kind in self._latest.items() if "any" not in kind}
        self.facts = {**_joined(if_true, if_false), **certain}
        return piece

    def _condition(self, node: ast.expr) -> tuple[Piece, Facts, Facts]:
        """The source of a node, and what checkers believe where it is true and where it is not."""
        match node:
            case ast.BoolOp():
                return self._and_or(node)
            case ast.UnaryOp(op=ast.Not()):
                operand, if_true, if_false = self._test(node.operand)
                source = f"not {operand.within(Rank.NOT)}"
                return Piece(source, Rank.NOT, BOOL), if_false, if_true
            case ast.Compare():
                outcome = self._compare(node)
            case _:
                outcome = self._value(node), self.facts, self.facts
        self._latest = self.facts
        return outcome

    def _test(self, node: ast.expr) -> tuple[Piece, Facts, Facts]:
        """A condition that decides what is evaluated next.

        One that a checker could decide by itself is made opaque: a checker joins no types from
        where it believes the program can't go.
        """
        piece, if_true, if_false = self._condition(node)
        if not piece.static:
            return piece, if_true, if_false
        either = _joined(if_true, if_false)
        return self.needs.opaque(piece), either, either

    def _and_or(self, node: ast.BoolOp) -> tuple[Piece, Facts, Facts]:
        is_and = isinstance(node.op, ast.And)
        rank, word = (Rank.AND, " and ") if is_and else (Rank.OR, " or ")
        pieces: list[Piece] = []
        ended: Facts | None = None
        for value in node.values:
            decide = self._condition if value is node.values[-1] else self._test
            piece, if_true, if_false = decide(value)
            pieces.append(piece)
            self.facts, ends = (if_true, if_false) if is_and else (if_false, if_true)
            ended = ends if ended is None else _joined(ended, ends)
        source = word.join(piece.within(Rank(rank + 1)) for piece in pieces)
        *earlier, last = pieces
        kind = last.kind.union(*(_passed_on(piece.kind) for piece in earlier))
        whole = Piece(source, rank, kind, static=last.static)
        assert ended is not None  # an `and` has two operands at least
        return (whole, self.facts, ended) if is_and else (whole, ended, self.facts)

    def _compare(self, node: ast.Compare) -> tuple[Piece, Facts, Facts]:
        operands = [self.expression(operand) for operand in (node.left, *node.comparators)]
        piece = operators.comparison(self.needs, node.ops, operands)
        after = dict(self.facts)
        for operand in operands:
            if operand.reference and any(o.kind != ANY for o in operands if o is not operand):
                after[operand.source] = _NARROWED
        is_chain = len(node.ops) > 1  # of `a is b is None` mypy narrows all three
        if_true = after if is_chain or isinstance(node.ops[0], _NARROWS_IF_TRUE) else self.facts
        if_false = after if is_chain or isinstance(node.ops[0], _NARROWS_IF_FALSE) else self.facts
        return piece, if_true, if_false

    def _value(self, node: ast.expr) -> Piece:
        match node:
            case ast.Constant():
                return _constant(node.value)
            case ast.Name():
                self.needs.names.add(node.id)
                return self._reference(f"ctx[{python_literal(node.id)}]")
            case ast.UnaryOp():
                return operators.unary(self.needs, node.op, self.expression(node.operand))
            case ast.BinOp():
                left, right = self.expression(node.left), self.expression(node.right)
                return operators.binary(self.needs, node.op, left, right)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Attribute():
                value = self.expression(node.value)
                return self.needs.call("attribute", value, _constant(node.attr))
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.JoinedStr():
                parts = [self._text_part(part) for part in node.values]
                return self.needs.call("interpolate", *parts, kind=TEXT)
            case _:
                return self._display(node)

    def _reference(self, source: str) -> Piece:
        kind = self.facts.get(source, ANY)
        return Piece(source, kind=kind, static="any" not in kind, reference=True)

    def _conditional(self, node: ast.IfExp) -> Piece:
        test, if_true, if_false = self._test(node.test)
        self.facts = if_true
        body = self.expression(node.body)
        after_body, self.facts = self.facts, if_false
        orelse = self.expression(node.orelse)
        self.facts = _joined(after_body, self.facts)
        looser, tighter = Rank.CONDITIONAL, Rank.OR
        source = f"{body.within(tighter)} if {test.within(tighter)} else {orelse.within(looser)}"
        is_static = body.static or orelse.static
        return Piece(source, Rank.CONDITIONAL, body.kind | orelse.kind, static=is_static)

    def _subscript(self, node: ast.Subscript) -> Piece:
        value = self.needs.opaque(self.expression(node.value))
        if isinstance(node.slice, ast.Slice):
            bounds = [node.slice.lower, node.slice.upper, node.slice.step]
            texts = [self.expression(bound).source if bound else "" for bound in bounds]
            return Piece(f"{value.within(Rank.ATOM)}[{':'.join(texts).removesuffix(':')}]")
        source = f"{value.within(Rank.ATOM)}[{self.expression(node.slice).source}]"
        return self._reference(source) if value.reference else Piece(source)

    def _call(self, node: ast.Call) -> Piece:
        receiver = None
        if isinstance(node.func, ast.Attribute):
            receiver = self.expression(node.func.value)
        arguments = [self.expression(argument) for argument in node.args]
        keywords = {str(word.arg): self.expression(word.value) for word in node.keywords}
        if receiver is not None and isinstance(node.func, ast.Attribute):
            return calls.method_call(self.needs, receiver, node.func.attr, arguments, keywords)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return calls.function_call(self.needs, name, arguments, keywords)

    def _text_part(self, node: ast.expr) -> Piece:
        if not isinstance(node, ast.FormattedValue):
            return self.expression(node)
        value = self.expression(node.value)
        if not isinstance(node.format_spec, ast.JoinedStr):
            return value
        texts = [part.value for part in node.format_spec.values if isinstance(part, ast.Constant)]
        return call("format", value, _constant("".join(map(str, texts))), kind=TEXT)

    def _display(self, node: ast.expr) -> Piece:
        """A list, tuple, set or mapping that is written out."""
        match node:
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                texts = [f"{self._key(k)}: {self._element(v)}" for k, v in pairs if k is not None]
                return _literal_piece(f"{{{', '.join(texts)}}}", "dict")
            case ast.Set():
                return _literal_piece(f"{{{', '.join(map(self._key, node.elts))}}}", "set")
            case ast.List():
                return _literal_piece(f"[{', '.join(map(self._element, node.elts))}]", "list")
            case ast.Tuple():
                comma = "," if len(node.elts) == 1 else ""
                texts = list(map(self._element, node.elts))
                return _literal_piece(f"({', '.join(texts)}{comma})", "tuple")
            case _:
                raise AssertionError(f"{type(node).__name__} has been refused before")

    def _element(self, node: ast.expr) -> str:
        """Inside a display, pyright reports an empty list as partially unknown."""
        piece = self.expression(node)
        match node:
            case ast.List(elts=[]) | ast.Dict(keys=[]):
                is_plain = False
            case ast.List() | ast.Dict() | ast.Tuple() | ast.Set():
                is_plain = True
            case _:
                is_plain = piece.kind.isdisjoint(CONTAINER - TEXT)
        return piece.source if is_plain else self.needs.opaque(piece).source

    def _key(self, node: ast.expr) -> str:
        """Where a value is hashed, pyright reports types that can't be."""
        piece = self.expression(node)
        is_hashable = piece.kind.isdisjoint(CONTAINER - TEXT)
        return piece.source if is_hashable else self.needs.opaque(piece).source


def _constant(value: object) -> Piece:
    name = "none" if value is None else type(value).__name__
    source = python_literal(value)
    return Piece(source, kind=frozenset({name}), static=True)


def _literal_piece(source: str, name: str) -> Piece:
    return Piece(source, kind=frozenset({name}), static=True)


def _passed_on(kind: Kind) -> Kind:
    """What may come out of an operand of `and` or `or` that is not the last: its false part, or true."""
    return (kind - ANY) | _NARROWED if kind > ANY else kind


def _joined(one: Facts, other: Facts) -> Facts:
    """What checkers believe where two ways meet: either type, unless both ways agree."""
    keys = one.keys() | other.keys()
    return {key: one.get(key, ANY) | other.get(key, ANY) for key in keys}
