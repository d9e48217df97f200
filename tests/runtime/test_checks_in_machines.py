"""Checks in a machine (S5.8)."""

from __future__ import annotations

from typing import Any

import pytest

from support.doors import Door, bound

ABSENT: Any = object()


def checking(check: str) -> Any:
    return bound(
        f"""
        states: [{{name: a, type: initial}}]
        transitions: [{{trigger: go, source: a, dest: a, guards: [{{check: {{field: x, {check}}}}}]}}]
        """
    )


def context(value: Any) -> dict[str, Any]:
    return {} if value is ABSENT else {"x": value}


CASES = [
    ("op: eq, value: 3", [3, 3.0], [4, "3", None, ABSENT]),
    ("op: eq, value: null", [None, ABSENT], [0, "", False]),
    ("op: neq, value: 3", [4, "3", None, ABSENT], [3]),
    ("op: neq, value: null", [0, ""], [None, ABSENT]),
    ("op: gt, value: 3", [4, 3.5], [3, 2, "4", None, ABSENT, [4], {}]),
    ("op: gte, value: 3", [3, 4], [2, "3", None, ABSENT]),
    ("op: lt, value: 3", [2, -1.5], [3, 4, "2", None, ABSENT, []]),
    ("op: lte, value: 3", [3, 2], [4, "3", None, ABSENT]),
    ("op: lt, value: b", ["a", ""], ["b", 1, None, ABSENT]),
    ("op: in, values: [1, b]", [1, "b"], [2, "1", None, ABSENT]),
    ("op: in, values: [1, null]", [1, None, ABSENT], [2]),
    ("op: not_in, values: [1, b]", [2, None, ABSENT, "c"], [1, "b"]),
    ("op: is_set", [0, "", False, []], [None, ABSENT]),
    ("op: is_null", [None, ABSENT], [0, "", False]),
    ("op: contains, value: bc", ["abcd", ["bc", "x"]], ["ab", ["abcd"], None, ABSENT, 5, {"bc": 1}]),
    ("op: contains, value: 3", [[1, 3]], ["123", [1], None, ABSENT, 3]),
    ("op: starts_with, value: ab", ["abc", "ab"], ["cab", ["ab"], None, ABSENT, 5]),
    ("op: ends_with, value: bc", ["abc", "bc"], ["bcd", ["bc"], None, ABSENT, 5]),
    ('op: matches, value: "b+c"', ["abbcd", "bc"], ["ac", "", None, ABSENT, 5, ["bc"]]),
    ('op: matches, value: "^b"', ["bc"], ["abc", None]),
]


@pytest.mark.parametrize(("check", "holding", "failing"), CASES, ids=[case[0] for case in CASES])
def test_a_check_holds_for_these_values_and_plainly_not_for_those(
    check: str, holding: list[Any], failing: list[Any]
) -> None:
    """S5.8"""
    machine = checking(check)
    for value in holding:
        assert machine.process("a", "go", context(value)).success, value
    for value in failing:
        result = machine.process("a", "go", context(value))
        assert result.metadata["reason"] == "guards_failed", value
        assert "guard_errors" not in result.metadata, value


@pytest.mark.parametrize("check", ["op: gt, value: 3", "op: contains, value: a", "op: is_set"])
def test_a_check_answers_alike_at_every_door(door: Door, check: str) -> None:
    """S5.8, S preamble"""
    machine = checking(check)
    value = "abc" if "contains" in check else 4
    assert door(machine, "a", "go", {"x": value}).result.success
    assert not door(machine, "a", "go", {}).result.success
    assert door(machine, "a", "go", {}, {"x": value}).result.success


def test_a_check_that_fails_plainly_is_false_under_not(door: Door) -> None:
    """S5.8, S5.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}]
        transitions:
          - {trigger: go, source: a, dest: a, guards: [{not: {check: {field: x, op: gt, value: 3}}}]}
        """
    )
    for value in ("text", 3, None):
        assert door(machine, "a", "go", {"x": value}).result.success
    assert not door(machine, "a", "go", {"x": 4}).result.success


def test_an_action_may_depend_on_a_check_or_an_expression(door: Door) -> None:
    """S5.8, S8.5"""
    machine = bound(
        """
        states: [{name: a, type: initial}]
        transitions:
          - trigger: go
            source: a
            dest: a
            actions:
              - {name: big, when: {field: n, op: gt, value: 3}}
              - {name: checked, when: {check: {field: n, op: gt, value: 3}}}
              - {name: odd, when: "n % 2 == 1"}
        """
    )
    assert door(machine, "a", "go", {"n": 4}).result.all_actions == ("big", "checked")
    assert door(machine, "a", "go", {"n": 3}).result.all_actions == ("odd",)
    assert door(machine, "a", "go", {"n": 5}).result.all_actions == ("big", "checked", "odd")
