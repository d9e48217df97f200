"""`compile_check`: a declarative check ``{field, op, value}`` as Python source (``S5.8``)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Final, cast

from pystator_gen.expressions.results import Compiled, Problem
from pystator_gen.expressions.vocabulary import nearest
from pystator_gen.literals import python_literal

MODULE: Final = "pystator_runtime.checks"
"""Where the helpers of checks are imported from."""

_EQUALITY: Final = {"eq": "==", "neq": "!="}
_NULL: Final = {"is_null": "is", "is_set": "is not"}
_MEMBERSHIP: Final = {"in": "in", "not_in": "not in"}
_ORDERING: Final = {
    "gt": "is_greater",
    "gte": "is_greater_or_equal",
    "lt": "is_less",
    "lte": "is_less_or_equal",
}
_TEXT: Final = {"starts_with": "starts_with", "ends_with": "ends_with", "matches": "matches"}
_HELPERS: Final = {**_ORDERING, "contains": "contains", **_TEXT}

OPERATORS: Final = frozenset({*_EQUALITY, *_NULL, *_MEMBERSHIP, *_HELPERS})
"""All operators of a check."""


def compile_check(field: str, op: str, value: object, values: Sequence[object] | None) -> Compiled | Problem:
    """Python source for a check, or why it is refused (``S5.8``); a missing field is null.

    ``value`` is ``None`` where the YAML has none. The offset of a problem is a place in ``value``
    where that is a pattern, else 0.
    """
    if op not in OPERATORS:
        hint = nearest(op, OPERATORS) or f"the operators are {', '.join(sorted(OPERATORS))}"
        return Problem(f"`{op}` is no operator of checks", hint=hint)
    if values is None and op in _MEMBERSHIP and isinstance(value, (list, tuple)):
        # A list under `value` can only mean the values.
        value, values = None, cast("Sequence[object]", value)
    problem = _misfit(op, value, values)
    if problem is not None:
        return problem
    try:
        source = _source(f"ctx.get({python_literal(field)})", op, value, values or ())
    except (TypeError, ValueError) as error:
        return Problem(f"the value of the check can't be written out: {error}")
    helpers = (_HELPERS[op],) if op in _HELPERS else ()
    return Compiled(source, (field,), helpers, MODULE, is_boolean=True)


def _source(read: str, op: str, value: object, values: Sequence[object]) -> str:
    if op in _NULL:
        return f"{read} {_NULL[op]} None"
    if op in _MEMBERSHIP:
        return f"{read} {_MEMBERSHIP[op]} {python_literal(tuple(values))}"
    if op in _EQUALITY:
        if value is None:
            return f"{read} {_NULL['is_null' if op == 'eq' else 'is_set']} None"
        return f"{read} {_EQUALITY[op]} {python_literal(value)}"
    return f"{_HELPERS[op]}({read}, {python_literal(value)})"


def _misfit(op: str, value: object, values: Sequence[object] | None) -> Problem | None:
    """What the operator lacks, or was given in vain."""
    if op in _MEMBERSHIP:
        if values is None:
            return Problem(f"`{op}` needs a list", hint="write `values: [...]`")
        return None if value is None else Problem(f"`{op}` takes `values`, not `value`")
    if values is not None:
        return Problem(f"`{op}` takes no `values`")
    if op in _NULL and value is not None:
        return Problem(f"`{op}` takes no value")
    if op in _HELPERS and value is None:
        return Problem(f"`{op}` needs a `value`")
    if op in _TEXT and not isinstance(value, str):
        return Problem(f"`{op}` compares text", hint="put the value in quotes")
    if op == "matches" and isinstance(value, str):
        return _broken_pattern(value)
    return None


def _broken_pattern(pattern: str) -> Problem | None:
    """What is wrong with a regular expression; better now than at the first event."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except re.error as error:
        return Problem(f"not a regular expression: {error.msg}", error.pos or 0)
    except (RecursionError, OverflowError, MemoryError):
        return Problem("the regular expression is nested too deeply or repeats too often")
    return None
