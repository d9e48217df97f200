"""What a step leaves and enters, and in which order its actions are planned (S3.1-S3.4)."""

from __future__ import annotations

from support.doors import Door, bound
from support.machines import codes

MACHINE = bound(
    """
    states:
      - {name: a, type: initial, on_enter: [enter_a, {append: {field: log, value: enter_a}}],
         on_exit: [exit_a, {append: {field: log, value: exit_a}}]}
      - {name: b, on_enter: [enter_b, {append: {field: log, value: enter_b}}],
         on_exit: [exit_b, {append: {field: log, value: exit_b}}]}
    transitions:
      - {trigger: go, source: a, dest: b,
         actions: [on_the_way, {append: {field: log, value: on_the_way}}, second]}
      - {trigger: again, source: a, dest: a, actions: [on_the_way]}
      - {trigger: touch, source: [a, b], internal: true,
         actions: [inside, {append: {field: log, value: inside}}]}
      - {trigger: touch_named, source: [a, b], dest: a, internal: true, actions: [inside]}
      - {trigger: reset, source: "*", dest: a}
    """
)


def test_actions_are_planned_exit_first_then_transition_then_entry(door: Door) -> None:
    """S3.3"""
    result = door(MACHINE, "a", "go").result
    assert result.all_actions == ("exit_a", "on_the_way", "second", "enter_b")
    assert [spec.name for spec in result.on_exit_actions] == ["exit_a"]
    assert [spec.name for spec in result.actions_to_execute] == ["on_the_way", "second"]
    assert [spec.name for spec in result.on_enter_actions] == ["enter_b"]
    assert [spec.name for spec in result.all_action_specs] == list(result.all_actions)


def test_effects_are_applied_in_the_same_order(door: Door) -> None:
    """S3.3, S8.2"""
    assert door(MACHINE, "a", "go").context["log"] == ["exit_a", "on_the_way", "enter_b"]


def test_a_self_transition_leaves_and_reenters_its_state(door: Door) -> None:
    """S3.2"""
    outcome = door(MACHINE, "a", "again")
    assert outcome.state == "a"
    assert outcome.result.all_actions == ("exit_a", "on_the_way", "enter_a")
    assert outcome.context["log"] == ["exit_a", "enter_a"]


def test_a_transition_from_anywhere_to_the_active_state_leaves_and_reenters_it(
    door: Door,
) -> None:
    """S3.2, S2.3"""
    assert door(MACHINE, "a", "reset").result.all_actions == ("exit_a", "enter_a")
    assert door(MACHINE, "b", "reset").result.all_actions == ("exit_b", "enter_a")


def test_an_internal_transition_exits_and_enters_nothing(door: Door) -> None:
    """S3.4"""
    for state in ("a", "b"):
        outcome = door(MACHINE, state, "touch", {"log": []})
        assert outcome.state == state
        assert (outcome.result.source_state, outcome.result.target_state) == (state, state)
        assert outcome.result.all_actions == ("inside",)
        assert outcome.result.on_exit_actions == ()
        assert outcome.result.on_enter_actions == ()
        assert outcome.context["log"] == ["inside"]


def test_an_internal_transition_stays_where_it_is_even_if_it_names_one_of_its_sources(
    door: Door,
) -> None:
    """S3.4"""
    outcome = door(MACHINE, "b", "touch_named")
    assert outcome.state == "b"
    assert outcome.result.all_actions == ("inside",)


def test_an_internal_transition_that_names_another_state_is_refused() -> None:
    """S3.4"""
    found = codes(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{trigger: touch, source: a, dest: b, internal: true}]
        """
    )
    assert "PG054" in found


def test_only_an_internal_transition_may_leave_its_destination_out() -> None:
    """S3.4"""
    found = codes(
        """
        states: [{name: a, type: initial}]
        transitions: [{trigger: touch, source: a}]
        """
    )
    assert "PG021" in found


def test_an_internal_transition_from_anywhere_stays_where_it_is(door: Door) -> None:
    """S3.4, S2.3"""
    machine = bound(
        """
        states: [{name: a, type: initial, on_exit: [leave]}, {name: b, on_enter: [arrive]}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {trigger: count, source: "*", internal: true, actions: [{increment: n}]}
        """
    )
    for state in ("a", "b"):
        outcome = door(machine, state, "count", {"n": 1})
        assert (outcome.state, outcome.context) == (state, {"n": 2})
        assert outcome.result.all_actions == ()


def test_the_single_transition_of_a_step_is_told_apart(door: Door) -> None:
    """docs/generated-module.md#results"""
    (step,) = door(MACHINE, "a", "go").result.steps
    assert (step.source_state, step.target_state, step.trigger) == ("a", "b", "go")
    assert [spec.name for spec in step.all_action_specs] == [
        "exit_a",
        "on_the_way",
        "second",
        "enter_b",
    ]
