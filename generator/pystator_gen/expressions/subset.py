"""What an expression may say: the second step of `compile_expression` (``S5.7``).

The tree is walked once, from the outside in. Whatever is not expressly allowed is refused, with its
place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pystator_gen.expressions import vocabulary
from pystator_gen.expressions.results import RefusedError
from pystator_gen.expressions.vocabulary import FUNCTIONS, METHODS
from pystator_gen.spelling import nearest

_WHAT: Final[dict[type[ast.expr], str]] = {
    ast.Await: "`await`",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a generator expression",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.NamedExpr: "an assignment",
    ast.SetComp: "a comprehension",
    ast.Slice: "a slice",
    ast.Starred: "a `*`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield`",
}


def check(node: ast.expr, depth: int = 0) -> None:
    """Raise `RefusedError` at the first part of the tree that lies outside the subset."""
    if depth > vocabulary.MAX_DEPTH:
        raise RefusedError(node, f"nested more than {vocabulary.MAX_DEPTH} levels deep")
    _check_alone(node)
    for child in _parts(node):
        check(child, depth + 1)


def _check_alone(node: ast.expr) -> None:
    match node:
        case ast.Constant():
            _check_constant(node)
        case ast.Name():
            _check_name(node, node.id)
        case ast.Attribute():
            _check_attribute(node)
        case ast.Call():
            _check_call(node)
        case ast.BinOp():
            _check_operands(node)
        case ast.Dict():
            if None in node.keys:
                raise RefusedError(node, "`**` is not allowed in an expression")
        case ast.FormattedValue():
            _check_formatted(node)
        case ast.Subscript() | ast.UnaryOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
            pass
        case ast.List() | ast.Tuple() | ast.Set() | ast.JoinedStr():
            pass
        case _:
            what = _WHAT.get(type(node), f"`{type(node).__name__}`")
            raise RefusedError(node, f"{what} is not allowed in an expression")


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions inside one, without those that its own check has dealt with."""
    match node:
        case ast.Call():
            if isinstance(node.func, ast.Attribute):
                yield node.func.value
            yield from node.args
            yield from (keyword.value for keyword in node.keywords)
        case ast.FormattedValue():
            yield node.value
        case ast.Subscript(slice=ast.Slice() as bounds):
            yield node.value
            yield from (part for part in (bounds.lower, bounds.upper, bounds.step) if part)
        case _:
            yield from (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, int) and value.bit_length() > vocabulary.MAX_INTEGER_BITS:
        raise RefusedError(node, "the number is too large")
    if value is not None and not isinstance(value, (bool, int, float, str)):
        what = "`...`" if value is ... else f"a literal of type {type(value).__name__}"
        raise RefusedError(node, f"{what} is not allowed in an expression")


def _check_name(node: ast.AST, name: str) -> None:
    if name.startswith("_"):
        raise RefusedError(node, f"`{name}`: names that start with `_` can't be read")
    if name in vocabulary.OTHER_LANGUAGES:
        word = vocabulary.OTHER_LANGUAGES[name]
        raise RefusedError(node, f"`{name}` is not Python", f"write `{word}`")


def _check_attribute(node: ast.Attribute) -> None:
    name = node.attr
    if name.startswith(vocabulary.REFUSED_PREFIXES) or name in vocabulary.REFUSED_ATTRIBUTES:
        raise RefusedError(node, f"the attribute `{name}` can't be read")


def _check_call(node: ast.Call) -> None:
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            raise RefusedError(argument, "a `*` is not allowed in an expression")
    seen: set[str] = set()
    for keyword in node.keywords:
        if keyword.arg is None:
            raise RefusedError(keyword, "`**` is not allowed in an expression")
        _check_name(keyword, keyword.arg)
        if keyword.arg in seen:  # Python's parser leaves this to its compiler
            raise RefusedError(keyword, f"`{keyword.arg}` is given twice")
        seen.add(keyword.arg)
    match node.func:
        case ast.Attribute():
            _check_method(node.func)
        case ast.Name(id=name) if name in FUNCTIONS:
            _check_signature(node, name)
        case ast.Name(id=name):
            hint = nearest(name, FUNCTIONS) or f"the functions are {', '.join(FUNCTIONS)}"
            raise RefusedError(node.func, f"`{name}` is no function of expressions", hint)
        case _:
            raise RefusedError(node, "only functions and methods can be called by their names")


def _check_method(node: ast.Attribute) -> None:
    _check_attribute(node)
    if node.attr in vocabulary.MUTATING_METHODS:
        raise RefusedError(node, f"`{node.attr}` changes its value; an expression only reads")
    if node.attr not in METHODS:
        hint = nearest(node.attr, METHODS)
        raise RefusedError(node, f"`{node.attr}` is no method of expressions", hint)


def _check_signature(node: ast.Call, name: str) -> None:
    signature = FUNCTIONS[name]
    for keyword in node.keywords:
        if keyword.arg not in signature.keywords:
            hint = nearest(str(keyword.arg), signature.keywords)
            raise RefusedError(keyword, f"`{name}` takes no `{keyword.arg}` here", hint)
    by_position, total = len(node.args), len(node.args) + len(node.keywords)
    if by_position < signature.minimum or total > (signature.maximum or total):
        raise RefusedError(node, f"`{name}` doesn't take {total} argument{'s' * (total != 1)} here")
    if node.keywords and by_position != 1:
        raise RefusedError(node, f"`{name}` takes `{node.keywords[0].arg}` beside one argument only")


def _check_formatted(node: ast.FormattedValue) -> None:
    """Without a conversion, and with a format that is written out and asks for no memory."""
    if node.conversion != -1:
        raise RefusedError(node, "a conversion such as `!r` is not allowed in an f-string")
    if node.format_spec is None:
        return
    for part in node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []:
        if not isinstance(part, ast.Constant) or not isinstance(part.value, str):
            raise RefusedError(part, "the format in an f-string must be written out")
        if "{" in part.value or "}" in part.value:
            raise RefusedError(part, "a brace is not allowed in the format of an f-string")
        digits = "".join(c if c.isdecimal() else " " for c in part.value).split()
        if any(len(number) > 6 or int(number) > vocabulary.MAX_FORMAT_WIDTH for number in digits):
            raise RefusedError(part, f"the width is more than {vocabulary.MAX_FORMAT_WIDTH}")


def _check_operands(node: ast.BinOp) -> None:
    """What is written out must keep within the bounds that the runtime holds everything to."""
    left, right = _number(node.left), _number(node.right)
    match node.op:
        case ast.MatMult():
            raise RefusedError(node, "`@` is not allowed in an expression")
        case ast.Pow() if _is_large_power(left, right):
            raise RefusedError(node, "the power is too large")
        case ast.LShift() | ast.RShift() if _is_large_shift(left, right):
            raise RefusedError(node, "the shift is too far or its number too large")
        case ast.Mult() if _length(node.left) * (right or 0) > vocabulary.MAX_LENGTH:
            raise RefusedError(node, "the repetition would be too long")
        case ast.Mult() if _length(node.right) * (left or 0) > vocabulary.MAX_LENGTH:
            raise RefusedError(node, "the repetition would be too long")
        case ast.Mod() if isinstance(node.left, ast.JoinedStr) or _is_text(node.left):
            raise RefusedError(node, "`%` on text is not allowed", "write an f-string")
        case _:
            pass


def _is_beyond(number: int | float | None, limit: int) -> bool:
    return number is not None and abs(number) > limit


def _is_large_shift(number: int | float | None, places: int | float | None) -> bool:
    return _is_beyond(number, vocabulary.MAX_SHIFT_BASE) or _is_beyond(places, vocabulary.MAX_SHIFT)


def _is_large_power(base: int | float | None, exponent: int | float | None) -> bool:
    if _is_beyond(base, vocabulary.MAX_POWER) or _is_beyond(exponent, vocabulary.MAX_POWER):
        return True
    if isinstance(base, int) and isinstance(exponent, int):
        return (base.bit_length() - 1) * exponent > vocabulary.MAX_POWER
    return False


def _number(node: ast.expr) -> int | float | None:
    """The number that a literal says, with its sign."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case _:
            return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _length(node: ast.expr) -> int:
    """The length of what is written out as a text or list, 0 for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return len(text)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return len(elements)
        case _:
            return 0
