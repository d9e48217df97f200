"""Helpers for guard expressions: a flat view of a nested context, and expressions of the last minute.

Nothing else in the runtime imports this module. `evaluate_expression` needs the extra ``recipes``.
"""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from pystator_runtime import expressions

_MAX_TEXT_LENGTH: Final = 10_000
_MAX_FORMAT_WIDTH: Final = 1_000
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "sum": expressions.sum_from,
    "round": expressions.round_to,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "any": any,
    "all": all,
}
_KEYWORDS: Final = frozenset({"default", "start", "ndigits", "base"})
_OPERATORS: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: expressions.add,
    ast.Mult: expressions.multiply,
    ast.Mod: expressions.modulo,
    ast.Pow: expressions.power,
    ast.LShift: expressions.shift_left,
    ast.RShift: expressions.shift_right,
}
_REFUSED_ATTRIBUTES: Final = frozenset(
    {"format", "format_map", "mro", "exec", "tb_frame", "gi_frame", "ag_frame", "cr_frame"}
)
_PLAIN_NODES: Final = (
    *(ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.UnaryOp),
    *(ast.List, ast.Set, ast.Tuple, ast.JoinedStr, ast.Slice, ast.Subscript),
    *(ast.boolop, ast.cmpop, ast.expr_context, ast.operator, ast.unaryop),
)


def flatten_context_for_guards(ctx: Mapping[str, Any], separator: str = "_") -> dict[str, Any]:
    """A copy of the context in which nested values have names of their own.

    ``{"order": {"qty": 5}}`` becomes ``{"order": {"qty": 5}, "order_qty": 5}``. A key that is there
    already stays as it is, of two new ones the less nested wins. The engine's own keys, which start
    with ``_``, are not looked into.
    """
    flat = dict(ctx)
    level: list[tuple[str, Any, tuple[Any, ...]]] = [
        (key, value, ()) for key, value in ctx.items() if not key.startswith("_")
    ]
    while level:
        deeper: list[tuple[str, Any, tuple[Any, ...]]] = []
        for name, mapping, around in level:
            if not isinstance(mapping, Mapping) or any(mapping is outer for outer in around):
                continue  # a mapping inside itself would never end
            nested: Mapping[Any, Any] = mapping
            for key, value in nested.items():
                flat.setdefault(f"{name}{separator}{key}", value)
                deeper.append((f"{name}{separator}{key}", value, (*around, nested)))
        level = deeper
    return flat


def evaluate_expression(text: str, ctx: Mapping[str, Any]) -> Any:
    """The value of an expression that is known only at run time (``S5.7``).

    The same subset of Python with the same bounds as in the YAML. Raises `ValueError` for a text
    outside of it, `ImportError` where the extra ``recipes`` is not installed, and whatever the
    expression itself raises.
    """
    evaluator = _simpleeval().EvalWithCompoundTypes(names=ctx)
    tree = _checked(text)
    evaluator.operators = {**evaluator.operators, **_OPERATORS}
    evaluate: Callable[[ast.AST], Any] = evaluator._eval

    def call(node: ast.Call) -> Any:
        arguments = [evaluate(argument) for argument in node.args]
        keywords = {str(word.arg): evaluate(word.value) for word in node.keywords}
        if isinstance(node.func, ast.Name):
            return _FUNCTIONS[node.func.id](*arguments, **keywords)
        assert isinstance(node.func, ast.Attribute)  # nothing else is let through
        receiver = evaluate(node.func.value)
        return expressions.call_method(receiver, node.func.attr, *arguments, **keywords)

    def attribute(node: ast.Attribute) -> Any:
        return expressions.attribute(evaluate(node.value), node.attr)

    def name(node: ast.Name) -> Any:
        return ctx[node.id]

    evaluator.nodes = {**evaluator.nodes, ast.Attribute: attribute, ast.Call: call, ast.Name: name}
    return evaluator.eval(text, previously_parsed=tree)


def _simpleeval() -> Any:
    try:
        return importlib.import_module("simpleeval")
    except ModuleNotFoundError as error:
        message = "evaluate_expression needs simpleeval: pip install 'pystator-runtime[recipes]'"
        raise ImportError(message) from error


@functools.lru_cache(maxsize=256)
def _checked(text: str) -> ast.expr:
    """The tree of a text that lies within the subset; whoever evaluates it doesn't change it."""
    if len(text) > _MAX_TEXT_LENGTH:
        raise ValueError(f"the expression is longer than {_MAX_TEXT_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"not an expression: {error}") from error
    for node in ast.walk(tree):
        if not _is_allowed(node):
            raise ValueError(f"{type(node).__name__} is not allowed like this in an expression")
    return tree


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, (bool, int, float, str))
        case ast.Name(id=name):
            return not name.startswith("_")
        case ast.keyword(arg=name):
            return name is not None and not name.startswith("_")
        case ast.Attribute(attr=name):
            return not name.startswith(("_", "func_")) and name not in _REFUSED_ATTRIBUTES
        case ast.Dict(keys=keys):
            return None not in keys
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in expressions.METHODS
        case ast.Call(func=ast.Name(id=name)):
            return name in _FUNCTIONS and all(word.arg in _KEYWORDS for word in node.keywords)
        case ast.FormattedValue():
            return node.conversion == -1 and _is_allowed_format(node.format_spec)
        case _:
            return isinstance(node, _PLAIN_NODES)


def _is_allowed_format(spec: ast.expr | None) -> bool:
    """Whether a format is written out and asks for no more memory than a line or two."""
    if spec is None:
        return True
    if not isinstance(spec, ast.JoinedStr):
        return False
    for part in spec.values:
        if not isinstance(part, ast.Constant) or not isinstance(part.value, str):
            return False
        digits = "".join(c if c.isdecimal() else " " for c in part.value).split()
        too_wide = any(len(n) > 6 or int(n) > _MAX_FORMAT_WIDTH for n in digits)
        if too_wide or "{" in part.value or "}" in part.value:
            return False
    return True
