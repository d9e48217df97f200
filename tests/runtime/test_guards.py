"""Verdicts of guards: what holds, what does not, and what is unknown because it raised (S5.1-S5.3)."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from support.doors import Door, bound

COMPILED = {
    True: '{expr: "1 == 1"}',
    False: '{expr: "1 == 2"}',
    None: '{expr: "missing > 1"}',
}
NAMED = {True: "holds", False: "does_not", None: "raises"}


def raises(ctx: Any) -> bool:
    raise RuntimeError("cannot tell")


FUNCTIONS = {"holds": lambda ctx: True, "does_not": lambda ctx: False, "raises": raises}


def guarded(guard: str) -> Any:
    """A machine whose one transition has ``guard``, and whose other one needs ``open`` to be true."""
    return bound(
        f"""
        states: [{{name: a, type: initial}}, {{name: b}}, {{name: otherwise}}]
        transitions:
          - {{trigger: go, source: a, dest: b, guards: [{guard}], actions: [{{set: {{taken: true}}}}]}}
          - {{trigger: go, source: a, dest: otherwise, guards: [{{check: {{field: open, op: is_set}}}}]}}
        """,
        guards={name: FUNCTIONS[name] for name in FUNCTIONS if name in guard},
    )


def verdict_of(outcome: Any) -> bool | None:
    """What the result says about the first guard that was asked."""
    if outcome.result.success:
        return True
    verdict: bool | None = outcome.result.metadata["guards"][0]["verdict"]
    return verdict


def any_of(verdicts: tuple[bool | None, ...]) -> bool | None:
    if True in verdicts:
        return True
    return None if None in verdicts else False


def all_of(verdicts: tuple[bool | None, ...]) -> bool | None:
    return next((verdict for verdict in verdicts if verdict is not True), True)


PAIRS = list(itertools.product([True, False, None], repeat=2))


@pytest.mark.parametrize("forms", [COMPILED, NAMED], ids=["compiled", "named"])
@pytest.mark.parametrize("verdicts", PAIRS)
def test_any_of_holds_if_a_child_holds_whatever_the_others_do(
    door: Door, forms: dict[bool | None, str], verdicts: tuple[bool | None, ...]
) -> None:
    """S5.3"""
    machine = guarded(f"{{anyOf: [{', '.join(forms[verdict] for verdict in verdicts)}]}}")
    assert verdict_of(door(machine, "a", "go")) is any_of(verdicts)


@pytest.mark.parametrize("forms", [COMPILED, NAMED], ids=["compiled", "named"])
@pytest.mark.parametrize("verdicts", PAIRS)
def test_all_of_stops_at_the_first_child_that_does_not_hold(
    door: Door, forms: dict[bool | None, str], verdicts: tuple[bool | None, ...]
) -> None:
    """S5.3"""
    machine = guarded(f"{{allOf: [{', '.join(forms[verdict] for verdict in verdicts)}]}}")
    assert verdict_of(door(machine, "a", "go")) is all_of(verdicts)


@pytest.mark.parametrize("forms", [COMPILED, NAMED], ids=["compiled", "named"])
@pytest.mark.parametrize(("child", "expected"), [(True, False), (False, True), (None, None)])
def test_not_is_the_opposite_and_not_of_unknown_is_unknown(
    door: Door, forms: dict[bool | None, str], child: bool | None, expected: bool | None
) -> None:
    """S5.3"""
    assert verdict_of(door(guarded(f"{{not: {forms[child]}}}"), "a", "go")) is expected


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("{not: {anyOf: [raises, does_not]}}", None),
        ("{not: {anyOf: [raises, holds]}}", False),
        ("{not: {allOf: [does_not, raises]}}", True),
        ("{not: {not: raises}}", None),
        ("{anyOf: [{not: raises}, holds]}", True),
        ("{anyOf: [{allOf: [holds, raises]}, does_not]}", None),
        ("{allOf: [{anyOf: [raises, holds]}, holds]}", True),
        ('{anyOf: [{expr: "missing"}, {not: {check: {field: x, op: is_set}}}]}', True),
        ('{not: {allOf: [{expr: "1 == 1"}, {expr: "missing == 1"}]}}', None),
        ('{not: {anyOf: [{expr: "missing == 1"}, {expr: "1 == 2"}]}}', None),
    ],
)
def test_combinations_nest_without_failing_open(door: Door, guard: str, expected: bool | None) -> None:
    """S5.2, S5.3"""
    assert verdict_of(door(guarded(guard), "a", "go")) is expected


@pytest.mark.parametrize("guard", ["raises", COMPILED[None], "{not: raises}", "{not: {expr: missing}}"])
def test_a_guard_that_raises_never_lets_a_transition_through(door: Door, guard: str) -> None:
    """S5.3"""
    outcome = door(guarded(guard), "a", "go", {"kept": 1})
    assert outcome.result.metadata["reason"] == "guards_failed"
    assert (outcome.state, outcome.context) == ("a", {"kept": 1})


@pytest.mark.parametrize("guard", ["raises", COMPILED[None]])
def test_a_guard_that_raises_falls_through_and_is_named_in_the_result(door: Door, guard: str) -> None:
    """S5.3, S2.2"""
    outcome = door(guarded(guard), "a", "go", {"open": True})
    assert outcome.state == "otherwise"
    assert outcome.result.success
    (error,) = outcome.result.metadata["guard_errors"]
    assert error["guard"] == ("raises" if guard == "raises" else "missing > 1")
    assert error["error"].startswith(("RuntimeError: cannot tell", "KeyError"))


def test_a_raising_child_of_a_combination_that_holds_is_named_too(door: Door) -> None:
    """S5.3"""
    outcome = door(guarded("{anyOf: [raises, holds]}"), "a", "go")
    assert outcome.context == {"taken": True}
    assert [error["guard"] for error in outcome.result.metadata["guard_errors"]] == ["raises"]


@pytest.mark.parametrize("guard", ["raises", COMPILED[None]])
def test_a_guard_that_raises_is_logged_once_an_event(door: Door, guard: str, caplog: pytest.LogCaptureFixture) -> None:
    """S5.3"""
    door(guarded(guard), "a", "go")
    (record,) = caplog.records
    caplog.clear()
    twice = bound(
        f"""
        states: [{{name: a, type: initial}}, {{name: b}}]
        transitions:
          - {{trigger: go, source: a, dest: b, guards: [{guard}]}}
          - {{trigger: go, source: a, dest: a, guards: [{guard}]}}
        """,
        guards={"raises": raises},
    )
    assert len(door(twice, "a", "go").result.metadata["guard_errors"]) == 1
    assert len(caplog.records) == 1
    assert record.levelno == logging.WARNING
    assert record.name == "pystator_runtime"
    assert record.exc_info is not None
    assert ("raises" if guard == "raises" else "missing > 1") in record.message


def test_the_verdicts_of_failed_guards_are_those_of_all_that_were_asked(door: Door) -> None:
    """S2.4, S5.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [holds, does_not, raises]}
          - {trigger: go, source: a, dest: c, guards: [raises]}
        """,
        guards=FUNCTIONS,
    )
    result = door(machine, "a", "go").result
    assert list(result.metadata["guards"]) == [
        {"guard": "holds", "verdict": True, "target": "b"},
        {"guard": "does_not", "verdict": False, "target": "b"},
        {"guard": "raises", "verdict": None, "target": "c"},
    ]
    assert "does_not (does not hold)" in str(result.error)
    assert "raises (raised)" in str(result.error)


@pytest.mark.parametrize("answer", [1, "yes", [0]])
def test_an_answer_that_is_true_enough_holds(door: Door, answer: object) -> None:
    """S5.1"""
    machine = bound(
        "{states: [{name: a, type: initial}], transitions: [{trigger: go, source: a, dest: a, guards: [g]}]}",
        guards={"g": lambda ctx: answer},
    )
    assert door(machine, "a", "go").result.success


@pytest.mark.parametrize("answer", [0, "", None, []])
def test_an_answer_that_is_not_true_does_not_hold(door: Door, answer: object) -> None:
    """S5.1"""
    machine = bound(
        "{states: [{name: a, type: initial}], transitions: [{trigger: go, source: a, dest: a, guards: [g]}]}",
        guards={"g": lambda ctx: answer},
    )
    assert not door(machine, "a", "go").result.success


def test_asking_guards_changes_nothing(door: Door) -> None:
    """S5.1: a guard that writes into its context writes into a copy"""

    def meddling(ctx: Any) -> bool:
        ctx["n"] = 99
        ctx["new"] = True
        ctx.pop("kept")
        ctx["lines"].append("spoilt")
        ctx["limits"]["low"]["deep"] = "spoilt"
        return True

    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{trigger: go, source: a, dest: b, guards: [g], actions: [{increment: n}]}]
        """,
        guards={"g": meddling},
    )
    outcome = door(machine, "a", "go", {"n": 1, "kept": 1, "lines": ["x"], "limits": {"low": {}}})
    assert outcome.context == {"n": 2, "kept": 1, "lines": ["x"], "limits": {"low": {}}}


def test_a_guard_that_refuses_has_changed_nothing(door: Door) -> None:
    """S5.1: nor the lists of the caller, or of the payload"""

    def meddling(ctx: Any) -> bool:
        ctx["lines"].append("spoilt")
        ctx["given"].append("spoilt")
        return False

    machine = bound(
        "{states: [{name: a, type: initial}], transitions: [{trigger: go, source: a, dest: a, guards: [g]}]}",
        guards={"g": meddling},
    )
    context, payload = {"lines": ["x"]}, {"given": ["y"]}
    outcome = door(machine, "a", "go", context, payload)
    assert not outcome.result.success
    assert outcome.context == {"lines": ["x"]}
    assert (context, payload) == ({"lines": ["x"]}, {"given": ["y"]})


def test_expressions_and_checks_read_the_context_and_the_payload(door: Door) -> None:
    """S5.2, S8.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - trigger: go
            source: a
            dest: b
            guards:
              - {expr: "order.lines[0]['qty'] * price >= minimum and sku.startswith('A-')"}
              - {check: {field: country, op: in, values: [de, fr]}}
        """
    )
    context = {"order": {"lines": [{"qty": 3}]}, "minimum": 6, "country": "de"}
    payload = {"price": 2, "sku": "A-1"}
    assert door(machine, "a", "go", context, payload).state == "b"
    assert door(machine, "a", "go", context, {**payload, "price": 1}).state == "a"
    assert door(machine, "a", "go", {**context, "country": "it"}, payload).state == "a"
    assert door(machine, "a", "go", context, {"price": 2}).state == "a"
