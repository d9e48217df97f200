"""Choices (S7.3)."""

from __future__ import annotations

import pytest

from support.doors import Door, bound
from support.machines import codes

CREDIT = bound(
    """
    states:
      - {name: asked, type: initial, on_exit: [exit_asked]}
      - {name: sort_out, type: choice}
      - {name: look_closer, type: choice}
      - {name: granted, on_enter: [enter_granted]}
      - {name: refused, on_enter: [enter_refused]}
      - {name: manual}
    transitions:
      - {trigger: decide, source: asked, dest: sort_out, actions: [leg_one, {increment: n}], guards: [{expr: "open"}]}
      - {trigger: whatever, source: sort_out, dest: granted, guards: [{expr: "score > 80"}], actions: [leg_two]}
      - {trigger: other, source: sort_out, dest: look_closer, guards: [{expr: "score > 50"}],
         actions: [leg_closer, {append: {field: way, value: closer}}]}
      - {trigger: other, source: sort_out, dest: refused, guards: [{expr: "score < 10"}], priority: -1}
      - {auto: true, source: look_closer, dest: granted, guards: [{expr: "n == 0"}], actions: [leg_three]}
      - {auto: true, source: look_closer, dest: manual, guards: [{expr: "n == 7"}]}
      - {trigger: decide, source: asked, dest: manual}
    """
)


def asked(score: int, n: int = 0, is_open: bool = True) -> dict[str, object]:
    return {"score": score, "n": n, "open": is_open}


def test_a_choice_is_passed_through_by_the_first_branch_that_holds(door: Door) -> None:
    """S7.3"""
    outcome = door(CREDIT, "asked", "decide", asked(90))
    assert outcome.state == "granted"
    assert outcome.result.all_actions == ("exit_asked", "leg_one", "leg_two", "enter_granted")
    assert outcome.context["n"] == 1


def test_the_plan_is_exit_then_all_legs_in_order_then_entry(door: Door) -> None:
    """S7.3"""
    outcome = door(CREDIT, "asked", "decide", asked(60))
    assert outcome.state == "granted"
    assert outcome.result.all_actions == (*("exit_asked", "leg_one", "leg_closer", "leg_three", "enter_granted"),)
    assert outcome.context["way"] == ["closer"]
    (step,) = outcome.result.steps
    assert (step.source_state, step.target_state, step.trigger) == ("asked", "granted", "decide")


def test_branches_see_the_context_before_effects(door: Door) -> None:
    """S7.3"""
    assert door(CREDIT, "asked", "decide", asked(60, n=0)).state == "granted"
    assert door(CREDIT, "asked", "decide", asked(60, n=6)).state == "manual"
    assert door(CREDIT, "asked", "decide", asked(60, n=6)).context["n"] == 6
    assert door(CREDIT, "asked", "decide", asked(60, n=7)).context["n"] == 8


def test_branches_are_asked_by_priority_then_order(door: Door) -> None:
    """S7.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: pick, type: choice}, {name: x}, {name: y}, {name: z}]
        transitions:
          - {trigger: go, source: a, dest: pick}
          - {trigger: t1, source: pick, dest: x, guards: [gx]}
          - {trigger: t2, source: pick, dest: y, guards: [gy]}
          - {auto: true, source: pick, dest: z, guards: [gz], priority: -1}
        """
    )
    assert door(machine, "a", "go", {"gx": True, "gy": True, "gz": True}).state == "z"
    assert door(machine, "a", "go", {"gx": True, "gy": True}).state == "x"
    assert door(machine, "a", "go", {"gy": True}).state == "y"


def test_no_branch_counts_as_a_failed_guard_so_the_next_candidate_is_asked(door: Door) -> None:
    """S7.3, S2.2"""
    outcome = door(CREDIT, "asked", "decide", asked(30))
    assert outcome.state == "manual"
    assert outcome.result.all_actions == ("exit_asked",)
    assert outcome.context["n"] == 0
    assert door(CREDIT, "asked", "decide", asked(60, n=3)).state == "manual"


def test_no_branch_and_no_other_candidate_is_told_as_failed_guards(door: Door) -> None:
    """S7.3, S2.4"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: pick, type: choice}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: pick}
          - {trigger: x, source: pick, dest: b, guards: [{expr: "n > 1"}]}
        """
    )
    outcome = door(machine, "a", "go", {"n": 1}, {"p": 1})
    assert outcome.result.metadata["reason"] == "guards_failed"
    assert outcome.result.metadata["guards"][0]["verdict"] is False
    assert (outcome.state, outcome.context) == ("a", {"n": 1})


def test_the_guards_of_the_arrow_into_a_choice_must_hold_too(door: Door) -> None:
    """S7.3, S5.1"""
    assert door(CREDIT, "asked", "decide", asked(90, is_open=False)).state == "manual"


def test_a_branch_back_to_the_source_leaves_and_reenters_it(door: Door) -> None:
    """S7.3, S3.2"""
    machine = bound(
        """
        states: [{name: a, type: initial, on_enter: [hi], on_exit: [bye]}, {name: pick, type: choice}]
        transitions:
          - {trigger: go, source: a, dest: pick}
          - {trigger: x, source: pick, dest: a, actions: [leg]}
        """
    )
    assert door(machine, "a", "go").result.all_actions == ("bye", "leg", "hi")


def test_an_automatic_transition_may_lead_through_a_choice(door: Door) -> None:
    """S7.1, S7.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: pick, type: choice}, {name: x}, {name: y}]
        transitions:
          - {trigger: go, source: a, dest: b, actions: [{increment: n}]}
          - {auto: true, source: b, dest: pick, actions: [{increment: n}]}
          - {trigger: t, source: pick, dest: x, guards: [{expr: "n == 1"}]}
          - {trigger: t, source: pick, dest: y}
        """
    )
    outcome = door(machine, "a", "go")
    assert (outcome.state, outcome.context) == ("x", {"n": 2})


def test_anywhere_applies_to_no_choice(door: Door) -> None:
    """S7.3, S2.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: pick, type: choice}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: pick}
          - {trigger: x, source: pick, dest: b, guards: [{expr: "n"}]}
          - {trigger: reset, source: "*", dest: c}
        """
    )
    assert door(machine, "a", "go", {"n": False}).state == "a"
    assert door(machine, "a", "reset").state == "c"


@pytest.mark.parametrize(
    "transitions",
    [
        "[{trigger: go, source: a, dest: pick}]",
        "[{trigger: go, source: a, dest: pick}, {trigger: x, source: pick, internal: true}]",
    ],
)
def test_a_choice_without_a_way_out_is_refused(transitions: str) -> None:
    """S7.3"""
    assert "PG055" in codes(
        f"""
        states: [{{name: a, type: initial}}, {{name: pick, type: choice}}]
        transitions: {transitions}
        """
    )


def test_choices_that_lead_in_a_circle_are_refused() -> None:
    """S7.3"""
    assert "PG056" in codes(
        """
        states: [{name: a, type: initial}, {name: p, type: choice}, {name: q, type: choice}]
        transitions:
          - {trigger: go, source: a, dest: p}
          - {trigger: x, source: p, dest: q}
          - {trigger: x, source: q, dest: p}
        """
    )
