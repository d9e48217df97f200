"""Which transition is taken where states lie in each other (S2.1-S2.4)."""

from __future__ import annotations

import pytest

from pystator_runtime import InvalidTransitionError, UndefinedTriggerError
from support.doors import bound
from support.machines import problems
from support.walks import Walker

LEVELS = """
    states:
      - {name: outer, type: initial, initial_child: middle}
      - {name: middle, parent: outer, initial_child: leaf}
      - {name: leaf, parent: middle}
      - {name: sibling, parent: middle}
      - {name: own}
      - {name: own_second}
      - {name: of_middle}
      - {name: of_outer}
      - {name: of_all}
    transitions:
      - {trigger: go, source: "*", dest: of_all, priority: -9, actions: [by_all]}
      - {trigger: go, source: outer, dest: of_outer, priority: -5, guards: [outer_may], actions: [by_outer]}
      - {trigger: go, source: middle, dest: of_middle, priority: -1, guards: [middle_may], actions: [by_middle]}
      - {trigger: go, source: leaf, dest: own, guards: [own_may], actions: [by_own]}
      - {trigger: go, source: leaf, dest: own_second, priority: 7, guards: [second_may], actions: [by_second]}
      - {trigger: only_outer, source: outer, dest: of_outer}
      - {trigger: elsewhere, source: own, dest: of_outer}
      - {trigger: never, source: outer, dest: of_outer, guards: [never, {not: never}]}
      - {trigger: never, source: leaf, dest: of_outer, guards: [other]}
    """
MACHINE = bound(LEVELS)
LENIENT = bound("    meta: {strict_mode: false}\n" + LEVELS)
ALL = dict.fromkeys(("own_may", "second_may", "middle_may", "outer_may"), True)
IN_ORDER = ["own_may", "second_may", "middle_may", "outer_may"]
ENDS = ["own", "own_second", "of_middle", "of_outer", "of_all"]


@pytest.mark.parametrize("failing", range(5))
def test_inner_levels_are_asked_first_and_a_failing_guard_falls_through_outward(walk: Walker, failing: int) -> None:
    """S2.1, S2.2, S2.3: priority counts within a level only; `*` is asked last, whatever its priority."""
    context = {**ALL, **dict.fromkeys(IN_ORDER[:failing], False)}
    entity = walk(MACHINE, "leaf", context)
    assert entity.go("go") == ENDS[failing]
    assert entity.result.all_actions == (f"by_{['own', 'second', 'middle', 'outer', 'all'][failing]}",)


def test_guards_of_outer_levels_are_not_asked_once_an_inner_one_is_taken() -> None:
    """S2.2: the first candidate whose guards all hold."""
    asked: list[str] = []
    guards = {name: lambda ctx, name=name: asked.append(name) or name == "middle_may" for name in IN_ORDER}
    machine = bound(LEVELS, guards=guards)
    assert machine.process("leaf", "go", {}).target_state == "of_middle"
    assert asked == ["own_may", "second_may", "middle_may"]


def test_a_leaf_without_transitions_of_its_own_has_those_of_its_ancestors(walk: Walker) -> None:
    """S2.1: from the active leaf outward, up to the root."""
    assert walk(MACHINE, "sibling", ALL).go("go") == "of_middle"
    assert walk(MACHINE, "sibling", {**ALL, "middle_may": False}).go("go") == "of_outer"
    assert walk(MACHINE, "sibling").go("go") == "of_all"
    assert walk(MACHINE, "sibling").go("only_outer") == "of_outer"


def test_what_is_allowed_includes_what_ancestors_and_all_states_have() -> None:
    """S2.1, S2.3, docs/generated-module.md#sessions: allowed_triggers"""
    assert MACHINE.get_available_triggers("leaf") == ["go", "only_outer", "never"]
    assert MACHINE.get_available_triggers("of_outer") == ["go"]
    assert MACHINE.create().allowed_triggers == ["go", "only_outer", "never"]
    assert MACHINE.can_transition("sibling", "only_outer", {}) is True
    assert MACHINE.can_transition("leaf", "elsewhere", {}) is False


def test_what_leads_nowhere_from_any_level_is_an_invalid_transition(walk: Walker) -> None:
    """S2.4: known but not from here, which no ancestor changes."""
    entity = walk(MACHINE, "leaf")
    result = entity.fire("elsewhere")
    assert isinstance(result.error, InvalidTransitionError)
    assert result.metadata["reason"] == "invalid_transition"
    assert entity.state == "leaf"


def test_an_unknown_trigger_is_unknown_at_every_level(walk: Walker) -> None:
    """S2.4."""
    result = walk(MACHINE, "leaf").fire("unheard_of")
    assert isinstance(result.error, UndefinedTriggerError)


def test_guards_that_fail_are_told_level_by_level(walk: Walker) -> None:
    """S2.4: each guard's verdict, in the order in which they were asked."""
    result = walk(MACHINE, "leaf", {"never": True}).fire("never")
    assert result.metadata["reason"] == "guards_failed"
    assert [(entry["guard"], entry["verdict"]) for entry in result.metadata["guards"]] == [
        ("other", False),
        ("never", True),
        ("not never", False),
    ]


def test_without_strictness_what_leads_nowhere_changes_nothing(walk: Walker) -> None:
    """S2.4: a successful no-op that is no step: no actions, no state change, no history."""
    entity = walk(LENIENT, "leaf", {"n": 1})
    for trigger in ("elsewhere", "unheard_of"):
        result = entity.fire(trigger, n=2)
        assert result.success
        assert result.metadata["no_op"]
        assert (entity.state, entity.context, result.history_updates) == ("leaf", {"n": 1}, {})
    assert not entity.fire("never").success


SEVERAL = bound(
    """
    states:
      - {name: outer, type: initial, initial_child: leaf, on_exit: [left_outer]}
      - {name: leaf, parent: outer, on_exit: [left_leaf]}
      - {name: other, parent: outer}
      - {name: end}
    transitions:
      - {trigger: go, source: [outer, leaf], dest: end, guards: [may], actions: [count]}
      - {trigger: go, source: leaf, dest: other, priority: 5}
      - {trigger: back, source: [leaf, "*"], dest: leaf, guards: [may]}
      - {trigger: back, source: outer, dest: end, actions: [by_outer]}
    """
)


def test_a_list_of_sources_is_the_same_transition_written_for_each_level(walk: Walker) -> None:
    """S2.3: asked at the inner level first, and not changed by also standing at the outer one."""
    assert walk(SEVERAL, "leaf", {"may": True}).go("go") == "end"
    assert walk(SEVERAL, "leaf").go("go") == "other"
    assert walk(SEVERAL, "other", {"may": True}).go("go") == "end"
    assert not walk(SEVERAL, "other").fire("go").success


def test_a_list_with_a_star_is_asked_at_its_states_level_and_last_everywhere_else(walk: Walker) -> None:
    """S2.3."""
    assert walk(SEVERAL, "leaf", {"may": True}).go("back") == "leaf"
    assert walk(SEVERAL, "leaf", {"may": False}).go("back") == "end"
    assert walk(SEVERAL, "other", {"may": True}).go("back") == "end"
    assert walk(SEVERAL, "end", {"may": True}).go("back") == "leaf"


def test_where_a_transition_is_hidden_is_said_once_for_the_state_it_belongs_to() -> None:
    """PG063: an inner level may override an outer one, but two of one level may not."""
    found = problems("""
        states:
          - {name: outer, type: initial, initial_child: a}
          - {name: a, parent: outer}
          - {name: b, parent: outer}
          - {name: end}
        transitions:
          - {trigger: go, source: outer, dest: end}
          - {trigger: go, source: outer, dest: a}
          - {trigger: go, source: b, dest: a}
          - {trigger: go, source: [a, outer], dest: b, after: 5s}
          - {after: 5s, source: a, dest: b}
          - {after: 5s, source: a, dest: end}
    """)
    assert sorted((d.code, d.span.line, d.message) for d in found) == [
        ("PG063", 9, "this transition is never taken from `outer`: an earlier one without guards always is"),
        ("PG063", 13, "this transition is never taken from `a`: an earlier one without guards always is"),
    ]
