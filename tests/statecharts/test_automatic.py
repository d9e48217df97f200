"""Automatic transitions and choices where states lie in each other (S7)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import AutoTransitionLoopError, InvalidTransitionError
from support.doors import bound
from support.walks import Walker

LEVELS = bound(
    """
    states:
      - {name: off, type: initial}
      - {name: outer, initial_child: inner, on_enter: [in_outer], on_exit: [out_outer]}
      - {name: inner, parent: outer, initial_child: leaf, on_enter: [in_inner], on_exit: [out_inner]}
      - {name: leaf, parent: inner, on_enter: [in_leaf], on_exit: [out_leaf]}
      - {name: second, parent: inner, on_enter: [in_second, {increment: n}], on_exit: [out_second]}
      - {name: aside, parent: outer, on_enter: [in_aside]}
      - {name: end}
      - {name: fallback}
    transitions:
      - {trigger: start, source: off, dest: outer}
      - {trigger: touch, source: outer, internal: true, actions: [{increment: n}]}
      - {trigger: back, source: [aside, end, fallback], dest: leaf}
      - {auto: true, source: leaf, dest: second, guards: [{expr: "to_second == 1"}], actions: [by_leaf]}
      - {auto: true, source: inner, dest: aside, guards: [{expr: "n > 2"}], actions: [by_inner]}
      - {auto: true, source: outer, dest: end, guards: [{expr: "n > 5"}], actions: [by_outer]}
      - {auto: true, source: "*", dest: fallback, guards: [{expr: "give_up"}],
         actions: [by_all, {set: {give_up: false}}]}
    """
)
QUIET = {"to_second": 0, "n": 0, "give_up": False}


@pytest.mark.parametrize(
    ("context", "way", "by"),
    [
        ({"to_second": 1}, ["leaf", "second"], "by_leaf"),
        ({"n": 3}, ["leaf", "aside"], "by_inner"),
        ({"n": 9}, ["leaf", "aside", "end"], "by_inner"),
        ({"give_up": True}, ["leaf", "fallback"], "by_all"),
        ({"give_up": True, "to_second": 1}, ["leaf", "second", "fallback"], "by_leaf"),
        ({}, ["leaf"], None),
    ],
)
def test_automatic_transitions_of_every_level_are_asked_from_the_leaf_outward(
    walk: Walker, context: dict[str, Any], way: list[str], by: str | None
) -> None:
    """S7.1, S2.1: chosen like an event without a name, `*` last."""
    entity = walk(LEVELS, "off", {**QUIET, **context})
    result = entity.fire("start")
    assert [step.target_state for step in result.steps] == way
    assert [spec.name for step in result.steps[1:2] for spec in step.actions_to_execute] == ([by] if by else [])
    assert entity.state == way[-1]


def test_inner_levels_come_first_round_after_round(walk: Walker) -> None:
    """S7.1: each round sees the context as the effects before it left it, and begins with the leaf again."""
    entity = walk(LEVELS, "off", {**QUIET, "to_second": 1, "n": 5})
    result = entity.fire("start")
    assert [step.target_state for step in result.steps] == ["leaf", "second", "aside", "end"]
    assert list(result.all_actions) == [
        *("in_outer", "in_inner", "in_leaf"),
        *("out_leaf", "by_leaf", "in_second"),
        *("out_second", "out_inner", "by_inner", "in_aside"),
        *("out_outer", "by_outer"),
    ]
    assert entity.context["n"] == 6


def test_automatic_transitions_are_asked_after_an_internal_transition_of_an_ancestor(walk: Walker) -> None:
    """S7.1: internal transitions are steps, a refused event is none."""
    entity = walk(LEVELS, "leaf", {**QUIET, "n": 1})
    assert entity.go("touch") == "leaf"
    assert entity.go("touch") == "aside"
    entity = walk(LEVELS, "off", {**QUIET, "n": 9})
    assert not entity.fire("touch").success
    assert entity.state == "off"


def test_automatic_transitions_follow_the_entry_of_the_initial_chain(walk: Walker) -> None:
    """S7.1, S3.5."""
    machine = bound("""
        states:
          - {name: outer, type: initial, initial_child: inner, on_enter: [{increment: n}]}
          - {name: inner, parent: outer, on_enter: [{increment: n}]}
          - {name: ready, parent: outer, on_enter: [in_ready]}
        transitions:
          - {auto: true, source: outer, dest: ready, guards: [{expr: "n == 2"}], actions: [{set: {n: 0}}]}
          - {trigger: go, source: ready, dest: inner}
    """)
    entity = walk(machine)
    assert (entity.state, entity.context) == ("ready", {"n": 0})
    assert [step.source_state for step in entity.result.steps] == [None, "inner"]
    entity.go("go")
    assert (entity.state, entity.context) == ("inner", {"n": 1})


def test_a_loop_through_several_levels_ends_the_step_and_keeps_nothing(walk: Walker) -> None:
    """S7.2."""
    machine = bound("""
        states:
          - {name: off, type: initial}
          - {name: outer, initial_child: a}
          - {name: a, parent: outer}
          - {name: b, parent: outer, on_enter: [{increment: n}]}
        transitions:
          - {trigger: go, source: off, dest: outer}
          - {auto: true, source: a, dest: b, guards: [{expr: "n < limit"}]}
          - {auto: true, source: outer, dest: outer, guards: [{expr: "n < limit"}]}
    """)
    entity = walk(machine, "off", {"n": 0, "limit": 1_000})
    assert isinstance(entity.fire("go").error, AutoTransitionLoopError)
    assert (entity.state, entity.context) == ("off", {"n": 0, "limit": 1_000})
    assert walk(machine, "off", {"n": 0, "limit": 50}).go("go") == "b"


CHOICE = bound(
    """
    states:
      - {name: off, type: initial, on_exit: [out_off]}
      - {name: outer, initial_child: a, on_enter: [in_outer], on_exit: [out_outer]}
      - {name: a, parent: outer, on_enter: [in_a], on_exit: [out_a]}
      - {name: b, parent: outer, initial_child: b1, on_enter: [in_b], on_exit: [out_b]}
      - {name: b1, parent: b, on_enter: [in_b1], on_exit: [out_b1]}
      - {name: b2, parent: b, on_enter: [in_b2], on_exit: [out_b2]}
      - {name: pick, parent: b, type: choice}
      - {name: then, parent: outer, type: choice}
      - {name: end, on_enter: [in_end]}
    transitions:
      - {trigger: choose, source: off, dest: pick, actions: [leg_0]}
      - {trigger: choose, source: [a, b1, b2], dest: pick, actions: [leg_0]}
      - {trigger: choose, source: outer, dest: end, actions: [otherwise]}
      - {trigger: x, source: pick, dest: b2, guards: [to_b2], actions: [leg_1]}
      - {trigger: y, source: pick, dest: then, guards: [onward], actions: [leg_1]}
      - {trigger: x, source: then, dest: a, guards: [to_a], actions: [leg_2]}
      - {trigger: x, source: then, dest: outer, guards: [to_outer], actions: [leg_2]}
      - {trigger: x, source: then, dest: end, priority: -1, guards: [to_end], actions: [leg_2]}
      - {auto: true, source: b2, dest: pick, guards: [{expr: "hurry == 1"}], actions: [{set: {hurry: 0, onward: true}}]}
    """
)


@pytest.mark.parametrize(
    ("state", "holding", "planned"),
    [
        ("off", ["to_b2"], "out_off leg_0 leg_1 in_outer in_b in_b2"),
        ("a", ["to_b2"], "out_a leg_0 leg_1 in_b in_b2"),
        ("b1", ["to_b2"], "out_b1 leg_0 leg_1 in_b2"),
        ("b2", ["to_b2"], "out_b2 leg_0 leg_1 in_b2"),
        ("off", ["onward", "to_a"], "out_off leg_0 leg_1 leg_2 in_outer in_a"),
        ("a", ["onward", "to_a"], "out_a leg_0 leg_1 leg_2 in_a"),
        ("b1", ["onward", "to_a"], "out_b1 out_b leg_0 leg_1 leg_2 in_a"),
        ("b1", ["onward", "to_outer"], "out_b1 out_b out_outer leg_0 leg_1 leg_2 in_outer in_a"),
        ("b1", ["onward", "to_end"], "out_b1 out_b out_outer leg_0 leg_1 leg_2 in_end"),
        ("b1", ["onward", "to_a", "to_end"], "out_b1 out_b out_outer leg_0 leg_1 leg_2 in_end"),
    ],
)
def test_a_choice_in_a_compound_state_is_passed_through_without_entering_it(
    walk: Walker, state: str, holding: list[str], planned: str
) -> None:
    """S7.3: domain, exit and entry are those from the active leaf to the final destination."""
    entity = walk(CHOICE, state, {"hurry": 0, **dict.fromkeys(holding, True)})
    assert entity.did("choose") == planned.split()


def test_a_choice_without_a_branch_that_holds_falls_through_to_outer_levels(walk: Walker) -> None:
    """S7.3, S2.2: it counts as a failed guard."""
    assert walk(CHOICE, "b1", {"hurry": 0}).did("choose") == ["out_b1", "out_b", "out_outer", "otherwise", "in_end"]
    assert walk(CHOICE, "a", {"hurry": 0, "onward": True}).go("choose") == "end"
    result = walk(CHOICE, "off", {"hurry": 0, "onward": True}).fire("choose")
    assert isinstance(result.error, InvalidTransitionError)
    assert result.metadata["reason"] == "guards_failed"


def test_an_automatic_transition_may_lead_to_a_choice(walk: Walker) -> None:
    """S7.1, S7.3: the branch's guards see the context before this transition's effects."""
    entity = walk(CHOICE, "b1", {"hurry": 1, "to_b2": True, "onward": False, "to_a": True})
    result = entity.fire("choose")
    assert [step.target_state for step in result.steps] == ["b2", "b2"]
    assert entity.state == "b2"
    assert entity.context == {"hurry": 0, "to_b2": True, "onward": True, "to_a": True}


def test_a_choice_inside_a_compound_state_is_never_active(walk: Walker) -> None:
    """S7.3: nothing is told of it by `is_...`, history or the result."""
    entity = walk(CHOICE, "off", {"hurry": 0, "to_b2": True})
    result = entity.fire("choose")
    assert (len(result.steps), result.steps[0].source_state, result.steps[0].target_state) == (1, "off", "b2")
    result = entity.fire("choose")
    assert result.history_updates == {}
