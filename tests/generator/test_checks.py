"""Checks compiled to Python (`S5.8`): every operator against values of every kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystator_gen.expressions import Compiled, Problem, compile_check
from pystator_runtime import checks

VALUES: list[Any] = [None, True, False, 0, 1, -2.5, "", "open", "10", [], [1, "open"], {"open": 1}, (1, 2)]
ORDERING: dict[str, Callable[[Any, Any], Any]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def ask(field: str, op: str, value: Any, context: dict[str, Any], values: list[Any] | None = None) -> bool:
    compiled = compile_check(field, op, value, values)
    assert isinstance(compiled, Compiled), compiled
    names = {name: getattr(checks, name) for name in compiled.helpers}
    return bool(eval(compiled.source, {**names, "ctx": context}))


@pytest.mark.parametrize("value", [v for v in VALUES if not isinstance(v, tuple)], ids=repr)
def test_eq_and_neq_compare_as_python_does(value: Any) -> None:
    """S5.8."""
    for held in VALUES:
        assert ask("f", "eq", value, {"f": held}) is (held == value)
        assert ask("f", "neq", value, {"f": held}) is (held != value)


def test_a_missing_field_is_null() -> None:
    """S5.8."""
    assert ask("f", "eq", None, {})
    assert ask("f", "is_null", None, {})
    assert not ask("f", "is_set", None, {})
    assert ask("f", "neq", 1, {})


@pytest.mark.parametrize("op", sorted(ORDERING))
@pytest.mark.parametrize("bound", [0, 1.5, "open", True, [1]], ids=repr)
def test_ordering_is_false_where_values_do_not_compare(op: str, bound: Any) -> None:
    """S5.8."""
    for held in VALUES:
        try:
            expected = bool(ORDERING[op](held, bound))
        except TypeError:
            expected = False
        assert ask("f", op, bound, {"f": held}) is expected
    assert not ask("f", op, bound, {})


@pytest.mark.parametrize(("op", "method"), [("starts_with", str.startswith), ("ends_with", str.endswith)])
def test_text_operators_are_false_for_anything_but_text(op: str, method: Callable[[str, str], bool]) -> None:
    """S5.8."""
    for held in VALUES:
        assert ask("f", op, "op", {"f": held}) is (isinstance(held, str) and method(held, "op"))


def test_contains_looks_into_texts_and_lists() -> None:
    """S5.8."""
    assert ask("f", "contains", "pe", {"f": "open"})
    assert ask("f", "contains", "open", {"f": ["open"]})
    assert not ask("f", "contains", 1, {"f": "1"})
    assert not ask("f", "contains", "open", {"f": {"open": 1}})
    assert not ask("f", "contains", "open", {})


def test_matches_searches() -> None:
    """S5.8."""
    assert ask("f", "matches", "p.n", {"f": "open"})
    assert not ask("f", "matches", "^p", {"f": "open"})
    assert not ask("f", "matches", "1", {"f": 1})


def test_in_and_not_in_compare_with_each_value() -> None:
    """S5.8."""
    assert ask("f", "in", None, {"f": "b"}, ["a", "b"])
    assert not ask("f", "in", None, {}, ["a"])
    assert ask("f", "in", None, {}, [None])
    assert ask("f", "not_in", None, {"f": [1]}, ["a", [2]])


def test_a_pattern_that_is_none_is_refused() -> None:
    """S5.8."""
    problem = compile_check("f", "matches", "(", None)
    assert isinstance(problem, Problem)
    assert problem.message


@given(st.text(), st.text())
def test_matches_agrees_with_re_search(pattern: str, text: str) -> None:
    """S5.8."""
    try:
        expected = re.search(pattern, text) is not None
    except (re.error, OverflowError, RecursionError):
        assert isinstance(compile_check("f", "matches", pattern, None), Problem)
        return
    assert ask("f", "matches", pattern, {"f": text}) is expected
