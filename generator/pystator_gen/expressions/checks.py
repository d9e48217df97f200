"""`compile_check`: a declarative check ``{field, op, value}`` as Python source (``S5.8``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pystator_gen.expressions.results import Compiled, Problem
from pystator_gen.literals import python_literal

MODULE: Final = "pystator_runtime.checks"
"""Where the helpers of checks are imported from."""

EQUALITY: Final = {"eq": "==", "neq": "!="}
PRESENCE: Final = {"is_null": "is", "is_set": "is not"}
MEMBERSHIP: Final = {"in": "in", "not_in": "not in"}
ORDERING: Final = {
    "gt": "is_greater",
    "gte": "is_greater_or_equal",
    "lt": "is_less",
    "lte": "is_less_or_equal",
}
TEXT: Final = {"starts_with": "starts_with", "ends_with": "ends_with", "matches": "matches"}
_HELPERS: Final = {**ORDERING, "contains": "contains", **TEXT}

OPERATORS: Final = frozenset({*EQUALITY, *PRESENCE, *MEMBERSHIP, *_HELPERS})
"""All operators of a check."""


def compile_check(field: str, op: str, value: object, values: Sequence[object]) -> Compiled | Problem:
    """Python source for a check that has what its operator needs (``S5.8``); a missing field is null.

    A problem is a value that can't be written out.
    """
    try:
        source = _source(f"ctx.get({python_literal(field)})", op, value, values)
    except (TypeError, ValueError) as error:
        return Problem(f"the value of the check can't be written out: {error}")
    helpers = (_HELPERS[op],) if op in _HELPERS else ()
    return Compiled(source, (field,), helpers, MODULE, is_boolean=True)


def _source(read: str, op: str, value: object, values: Sequence[object]) -> str:
    if op in PRESENCE:
        return f"{read} {PRESENCE[op]} None"
    if op in MEMBERSHIP:
        return f"{read} {MEMBERSHIP[op]} {python_literal(tuple(values))}"
    if op in EQUALITY:
        if value is None:
            return f"{read} {PRESENCE['is_null' if op == 'eq' else 'is_set']} None"
        return f"{read} {EQUALITY[op]} {python_literal(value)}"
    return f"{_HELPERS[op]}({read}, {python_literal(value)})"
