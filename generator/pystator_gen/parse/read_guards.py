"""Reading guards and checks as docs/yaml.md writes them, PyStator's spellings included (`S5.2`)."""

from __future__ import annotations

import re
import warnings

from pystator_gen import codes
from pystator_gen.document import Data
from pystator_gen.expressions.checks import EQUALITY, MEMBERSHIP, PRESENCE, TEXT
from pystator_gen.parse.forms import one_form
from pystator_gen.parse.guards import (
    AllOf,
    AnyOf,
    Check,
    CheckGuard,
    ExpressionGuard,
    Guard,
    NamedGuard,
    Not,
)
from pystator_gen.parse.node import Fields, Node, Reader

_FORMS: dict[str, type[Guard]] = {
    "name": NamedGuard,
    "expr": ExpressionGuard,
    "check": CheckGuard,
    "allOf": AllOf,
    "anyOf": AnyOf,
    "not": Not,
}
_BARE_CHECK = "field"
"""PyStator's invariants, and the `when` of its actions, leave out the word `check`."""

_OTHER_SPELLINGS = ("all_of", "any_of", "negate", _BARE_CHECK)
_MODELS: dict[str, type[Guard]] = {**_FORMS, "all_of": AllOf, "any_of": AnyOf, "negate": Not}
_CONDITIONS: dict[str, type[ExpressionGuard | CheckGuard]] = {
    "expr": ExpressionGuard,
    "check": CheckGuard,
}


def read_guards(node: Node) -> tuple[Guard, ...] | None:
    """A list of guards; a lone one counts as a list of one."""
    return node.items(read_guard, "guards", lone=True)


def read_guard(node: Node) -> Guard | None:
    """A guard: a name, or a mapping with exactly one of the forms."""
    if isinstance(node.value, str):
        return node.build(NamedGuard, Fields({"name": node.value}))
    if not isinstance(node.value, dict):
        node.wrong_type("a name or a mapping")
        return None
    form = one_form(node, "a guard", _FORMS, _OTHER_SPELLINGS)
    if form == _BARE_CHECK:
        check = read_check(node)
        return None if check is None else CheckGuard(check=check)
    return None if form is None else node.record(_MODELS[form], _READERS)


def read_condition(node: Node) -> Check | str | None:
    """What an action's ``when`` holds: an expression or a check (`S8.5`)."""
    if isinstance(node.value, str):
        expression = node.build(ExpressionGuard, Fields({"expr": node.value}))
        return None if expression is None else expression.expr
    if not isinstance(node.value, dict):
        node.wrong_type("an expression or a check")
        return None
    form = one_form(node, "the condition of an action", _CONDITIONS, [_BARE_CHECK])
    if form is None or form == _BARE_CHECK:
        return None if form is None else read_check(node)
    guard = node.record(_CONDITIONS[form], _READERS)
    if isinstance(guard, CheckGuard):
        return guard.check
    return None if guard is None else guard.expr


def read_check(node: Node) -> Check | None:
    """A comparison, with exactly the values that its operator needs (`S5.8`)."""
    fields = node.fields(Check, {"values": _read_values})
    if fields is None:
        return None
    of_values = fields.values.get("op") in tuple(MEMBERSHIP) and not fields.has("values")
    if of_values and isinstance(fields.values.get("value"), list):
        fields.values["values"] = tuple(fields.values.pop("value"))
    check = node.build(Check, fields)
    problem = None if check is None else _value_problem(check)
    if check is None or problem is None:
        return check
    given = [key for key in ("value", "values", "op") if fields.has(key)]
    node.key_error(fields.key(given[0]), codes.CHECK_VALUE, f"`{check.op}` {problem}")
    return None


def _read_values(node: Node) -> tuple[Data, ...] | None:
    if isinstance(node.value, list):
        return tuple(node.value)
    node.wrong_type("a list")
    return None


def _value_problem(check: Check) -> str | None:
    """What is wrong with the value or values of a check, or None."""
    has_value, has_values = "value" in check.model_fields_set, check.values is not None
    if check.op in PRESENCE:  # PyStator's own templates write `value: true` here
        return None if (check.value is None or check.value is True) and not has_values else "takes no value"
    if check.op in MEMBERSHIP:
        return None if has_values and not has_value else "needs `values`, a list, and no `value`"
    if has_values or not has_value:
        return "needs `value`, and no `values`"
    if check.value is None and check.op not in EQUALITY:
        return "never holds for null; `is_null` asks for it"
    if check.op in TEXT and not isinstance(check.value, str):
        return "needs a text as `value`"
    return _pattern_problem(str(check.value)) if check.op == "matches" else None


def _pattern_problem(pattern: str) -> str | None:
    """Why a regular expression can't be compiled, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's hints at future syntax
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as failure:
            return f"needs a regular expression: {failure}"
    return None


_READERS: dict[str, Reader] = {
    "check": read_check,
    "allOf": read_guards,
    "anyOf": read_guards,
    "not": read_guard,
}
