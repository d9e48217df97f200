"""Validation of the context (S10.1)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import InvalidTransitionError
from support.doors import Door, bound

YAML = """
    state_variables:
      - {key: qty, type: integer, required: true}
      - {key: filled, type: number, default: 0, required: true}
      - {key: tags, type: "list[string]"}
      - {key: side, values: [buy, sell]}
      - {key: free}
      - {key: boom}
      - {key: approved}
    context_invariants:
      - {name: not_overfilled, expr: "filled <= qty"}
      - {check: {field: free, op: neq, value: hold}}
      - {name: agreed, anyOf: [approved, {check: {field: free, op: is_set}}]}
    states: [{name: a, type: initial}, {name: b}, {name: done, type: terminal}]
    transitions:
      - {trigger: go, source: a, dest: b, guards: [{expr: "boom.x"}]}
      - {trigger: move, source: a, dest: b, actions: [{compute: {qty: "{'it': 'nonsense'}.it"}}]}
      - {trigger: back, source: b, dest: a}
    """
CHECKED = bound("\n    meta: {validate_context: true}" + YAML)
UNCHECKED = bound(YAML)
GOOD = {"qty": 3, "filled": 2, "approved": True}


def test_a_context_that_fits_is_no_obstacle(door: Door) -> None:
    """S10.1"""
    assert door(CHECKED, "a", "move", GOOD).state == "b"
    assert door(CHECKED, "a", "move", {**GOOD, "tags": ["x"], "side": "buy", "more": 1}).state == "b"


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"filled": 0, "approved": True}, "qty is required and missing"),
        ({**GOOD, "qty": "3"}, "qty must be integer, not '3'"),
        ({**GOOD, "qty": True}, "qty must be integer"),
        ({**GOOD, "filled": None}, "filled must be number"),
        ({**GOOD, "tags": [1]}, "tags must be list[string]"),
        ({**GOOD, "side": "hold"}, "side must be one of 'buy', 'sell'"),
        ({**GOOD, "filled": 4}, "invariant not_overfilled does not hold"),
        ({**GOOD, "approved": False}, "invariant agreed does not hold"),
    ],
)
def test_a_context_that_does_not_fit_is_a_result_and_never_an_exception(
    door: Door, context: dict[str, Any], told: str
) -> None:
    """S10.1: checked before the guards, of which one would raise"""
    for trigger in ("go", "move"):
        outcome = door(CHECKED, "a", trigger, context)
        assert type(outcome.result.error) is InvalidTransitionError
        assert outcome.result.metadata["reason"] == "context_validation"
        assert any(told in error for error in outcome.result.metadata["errors"])
        assert told in str(outcome.result.error)
        assert (outcome.state, outcome.context) == ("a", context)


def test_all_that_is_wrong_is_told_at_once(door: Door) -> None:
    """S10.1"""
    outcome = door(CHECKED, "a", "move", {"qty": "x", "side": "hold", "filled": 1})
    assert len(outcome.result.metadata["errors"]) >= 4


def test_an_invariant_that_raises_has_failed(door: Door) -> None:
    """S10.1, S5.3"""
    outcome = door(CHECKED, "a", "move", {**GOOD, "qty": None})
    assert "invariant not_overfilled could not be checked" in outcome.result.metadata["errors"]
    assert outcome.result.metadata["guard_errors"]


def test_the_payload_counts_as_part_of_the_context(door: Door) -> None:
    """S10.1, S8.3"""
    assert door(CHECKED, "a", "move", {"filled": 0, "approved": True}, {"qty": 1}).state == "b"
    outcome = door(CHECKED, "a", "move", GOOD, {"qty": 1})
    assert outcome.result.metadata["reason"] == "context_validation"
    assert outcome.context == GOOD


def test_what_an_event_leaves_behind_is_checked_at_the_next(door: Door) -> None:
    """S10.1"""
    moved = door(CHECKED, "a", "move", GOOD)
    assert moved.context["qty"] == "nonsense"
    outcome = door(CHECKED, "b", "back", moved.context)
    assert outcome.result.metadata["reason"] == "context_validation"


@pytest.mark.parametrize(
    ("state", "trigger", "reason"),
    [("done", "go", "terminal_state"), ("a", "fly", "undefined_trigger"), ("b", "go", "invalid_transition")],
)
def test_the_context_is_checked_only_where_the_trigger_leads_somewhere(
    open_door: Door, state: str, trigger: str, reason: str
) -> None:
    """S2.4, S10.1"""
    assert open_door(CHECKED, state, trigger).result.metadata["reason"] == reason


def test_nothing_is_checked_unless_asked_for(door: Door) -> None:
    """S10.1"""
    assert door(UNCHECKED, "a", "move", {"qty": "x", "filled": None}).state == "b"


def test_a_guard_of_the_application_in_an_invariant_has_to_be_bound() -> None:
    """S5.4"""
    assert CHECKED.chart.guards == ("approved",)
