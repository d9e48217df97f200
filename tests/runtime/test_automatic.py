"""Automatic transitions (S7.1, S7.2)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import AutoTransitionLoopError
from support.doors import Door, bound
from support.machines import codes

CHAIN = bound(
    """
    states:
      - {name: a, type: initial, on_exit: [exit_a]}
      - {name: b, on_enter: [enter_b, {increment: n}], on_exit: [exit_b]}
      - {name: c, on_enter: [enter_c, {increment: n}]}
      - {name: done, type: terminal, on_enter: [enter_done]}
    transitions:
      - {trigger: go, source: a, dest: b, actions: [go]}
      - {auto: true, source: b, dest: c, actions: [bc, {compute: {at_bc: "n"}}]}
      - {auto: true, trigger: finish, source: c, dest: done, guards: [{expr: "n >= limit"}]}
      - {trigger: touch, source: c, internal: true, actions: [{increment: n}]}
      - {trigger: back, source: c, dest: a}
    """
)
COUNTING = bound(
    """
    states: [{name: off, type: initial}, {name: on, on_enter: [tick]}]
    transitions:
      - {trigger: go, source: off, dest: "on"}
      - {auto: true, source: "on", dest: "on", guards: [{expr: "n < limit"}], actions: [{increment: n}]}
      - {auto: true, source: off, dest: "on", guards: [{expr: "n == -1"}]}
    """
)


def test_automatic_transitions_follow_round_after_round_until_none_fires(door: Door) -> None:
    """S7.1"""
    outcome = door(CHAIN, "a", "go", {"limit": 2})
    result = outcome.result
    assert outcome.state == "done"
    assert result.target_state == "done"
    assert result.source_state == "a"
    assert result.trigger == "go"
    assert result.all_actions == ("exit_a", "go", "enter_b", "exit_b", "bc", "enter_c", "enter_done")
    assert [(s.source_state, s.target_state, s.trigger) for s in result.steps] == [
        ("a", "b", "go"),
        ("b", "c", "_auto_b"),
        ("c", "done", "finish"),
    ]
    assert [spec.name for spec in result.on_enter_actions] == ["enter_b"]
    assert outcome.context == {"limit": 2, "n": 2, "at_bc": 1}


def test_each_round_sees_the_context_as_left_by_the_effects_before_it(door: Door) -> None:
    """S7.1, S8.2"""
    outcome = door(CHAIN, "a", "go", {"limit": 3})
    assert (outcome.state, outcome.context["n"]) == ("c", 2)


def test_automatic_transitions_follow_an_internal_transition_too(door: Door) -> None:
    """S7.1"""
    outcome = door(CHAIN, "c", "touch", {"limit": 3, "n": 2})
    assert outcome.state == "done"
    assert outcome.result.all_actions == ("enter_done",)
    assert door(CHAIN, "c", "touch", {"limit": 4, "n": 2}).state == "c"


def test_nothing_automatic_follows_an_event_that_is_not_taken(door: Door) -> None:
    """S7.1"""
    assert door(CHAIN, "c", "go", {"limit": 0, "n": 5}).state == "c"


def test_an_automatic_transition_is_chosen_by_priority_and_order_and_falls_through(
    door: Door,
) -> None:
    """S7.1, S2"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: x}, {name: y}, {name: z}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {auto: true, source: "*", dest: z, guards: [{expr: "z"}], priority: -1}
          - {auto: true, source: b, dest: x, guards: [{expr: "x"}]}
          - {auto: true, source: b, dest: y, guards: [{expr: "y"}], priority: -1}
        """
    )
    off = {"x": False, "y": False, "z": False}
    assert door(machine, "a", "go", {**off, "x": True, "y": True}).state == "y"
    assert door(machine, "a", "go", {**off, "x": True}).state == "x"
    assert door(machine, "a", "go", off).state == "b"


def test_a_guard_of_the_application_is_asked_anew_in_each_round(door: Door) -> None:
    """S7.1, S5.1"""
    seen: list[int] = []

    def small(ctx: Any) -> bool:
        seen.append(ctx["n"])
        return ctx["n"] < 3

    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [small]}
          - {auto: true, source: b, dest: b, guards: [small], actions: [{increment: n}]}
        """,
        guards={"small": small},
    )
    outcome = door(machine, "a", "go", {"n": 1})
    assert (outcome.state, outcome.context) == ("b", {"n": 3})
    assert seen == [1, 1, 2, 3]


def test_the_payload_is_seen_by_automatic_transitions(door: Door) -> None:
    """S7.1, S8.3"""
    assert door(CHAIN, "a", "go", {}, {"limit": 1}).state == "done"


def test_a_hundred_rounds_are_fine(door: Door) -> None:
    """S7.2"""
    outcome = door(COUNTING, "off", "go", {"n": 0, "limit": 100})
    assert outcome.result.success
    assert outcome.context["n"] == 100
    assert len(outcome.result.steps) == 101
    assert outcome.result.all_actions == ("tick",) * 101


def test_the_hundred_and_first_round_is_an_error_and_nothing_is_kept(door: Door) -> None:
    """S7.2"""
    outcome = door(COUNTING, "off", "go", {"n": 0, "limit": 101}, {"p": 1})
    assert isinstance(outcome.result.error, AutoTransitionLoopError)
    assert outcome.result.target_state is None
    assert outcome.result.all_actions == ()
    assert dict(outcome.result.changes) == {}
    assert outcome.state == "off"
    assert outcome.context == {"n": 0, "limit": 101}


def test_the_rounds_after_an_entry_are_counted_alike() -> None:
    """S7.2, S3.5: one round leads there, the others count from -1"""
    assert len(COUNTING.start({"n": -1, "limit": 98}).steps) == 101
    assert COUNTING.create(context={"n": -1, "limit": 98}).context["n"] == 98
    failed = COUNTING.start({"n": -1, "limit": 99})
    assert isinstance(failed.error, AutoTransitionLoopError)


def test_the_error_of_a_loop_names_where_it_went_round() -> None:
    """S7.2"""
    result = COUNTING.process("off", "go", {"n": 0, "limit": 1000})
    assert "'on'" in str(result.error)
    assert "100" in str(result.error)


def test_a_failing_effect_of_an_automatic_round_keeps_nothing(door: Door) -> None:
    """S8.2"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: b, actions: [{increment: n}, act]}
          - {auto: true, source: b, dest: c, actions: [{append: {field: n, value: 1}}]}
        """
    )
    outcome = door(machine, "a", "go", {}, {"p": 1})
    assert type(outcome.result.error).__name__ == "ActionError"
    assert (outcome.state, outcome.context) == ("a", {})
    assert outcome.result.all_actions == ()


@pytest.mark.parametrize(
    "loop",
    [
        "[{auto: true, source: a, dest: a}]",
        "[{auto: true, source: a, dest: b}, {auto: true, source: b, dest: a}]",
        "[{auto: true, source: a, internal: true}]",
        '[{auto: true, source: "*", dest: b}]',
    ],
)
def test_a_loop_that_is_certain_from_the_definition_alone_is_refused(loop: str) -> None:
    """S7.2"""
    assert "PG057" in codes(
        f"""
        states: [{{name: a, type: initial}}, {{name: b}}]
        transitions: {loop}
        """
    )


def test_a_guard_that_raises_in_an_automatic_round_only_keeps_it_from_firing(door: Door) -> None:
    """S5.3, S7.1"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: b, actions: [{increment: n}]}
          - {auto: true, source: b, dest: c, guards: [{expr: "missing > 1"}]}
        """
    )
    outcome = door(machine, "a", "go")
    assert (outcome.state, outcome.context) == ("b", {"n": 1})
    assert outcome.result.success
    assert [entry["guard"] for entry in outcome.result.metadata["guard_errors"]] == ["missing > 1"]
