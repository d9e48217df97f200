"""Which transition an event takes (S2.1-S2.3)."""

from __future__ import annotations

import pytest

from support.doors import Door, bound

ORDER = bound(
    """
    states: [{name: a, type: initial}, {name: first}, {name: second}, {name: third}]
    transitions:
      - {trigger: go, source: a, dest: first, guards: [g1]}
      - {trigger: go, source: a, dest: second, guards: [g2]}
      - {trigger: go, source: a, dest: third, guards: [g3]}
    """
)
PRIORITY = bound(
    """
    states: [{name: a, type: initial}, {name: p0}, {name: p5}, {name: p_minus}, {name: absent}]
    transitions:
      - {trigger: go, source: a, dest: p5, guards: [g_p5], priority: 5}
      - {trigger: go, source: a, dest: absent, guards: [g_absent]}
      - {trigger: go, source: a, dest: p0, guards: [g_p0], priority: 0}
      - {trigger: go, source: a, dest: p_minus, guards: [g_minus], priority: -1}
    """
)
ANYWHERE = bound(
    """
    states:
      - {name: a, type: initial}
      - {name: b, type: error}
      - {name: own}
      - {name: general}
      - {name: general_too}
      - {name: done, type: terminal}
    transitions:
      - {trigger: go, source: "*", dest: general, guards: [g_general], priority: -9}
      - {trigger: go, source: "*", dest: general_too, guards: [g_too], priority: -10}
      - {trigger: go, source: a, dest: own, guards: [g_own], priority: 9}
      - {trigger: end, source: "*", dest: done}
    """
)


@pytest.mark.parametrize(
    ("holding", "target"),
    [
        (("g1", "g2", "g3"), "first"),
        (("g2", "g3"), "second"),
        (("g3",), "third"),
        (("g1", "g3"), "first"),
    ],
)
def test_the_first_candidate_in_order_of_definition_whose_guards_hold_is_taken(
    door: Door, holding: tuple[str, ...], target: str
) -> None:
    """S2.1, S2.2"""
    outcome = door(ORDER, "a", "go", dict.fromkeys(holding, True))
    assert outcome.state == target


@pytest.mark.parametrize(
    ("holding", "target"),
    [
        (("g_p5", "g_absent", "g_p0", "g_minus"), "p_minus"),
        (("g_p5", "g_absent", "g_p0"), "absent"),
        (("g_p5", "g_p0"), "p0"),
        (("g_p5",), "p5"),
    ],
)
def test_lower_priority_comes_first_and_an_absent_one_counts_as_zero(
    door: Door, holding: tuple[str, ...], target: str
) -> None:
    """S2.1"""
    outcome = door(PRIORITY, "a", "go", dict.fromkeys(holding, True))
    assert outcome.state == target


def test_all_guards_of_a_candidate_must_hold(door: Door) -> None:
    """S2.2, S5.1"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: both}, {name: rest}]
        transitions:
          - {trigger: go, source: a, dest: both, guards: [g1, {expr: "n > 1"}, g2]}
          - {trigger: go, source: a, dest: rest}
        """
    )
    assert door(machine, "a", "go", {"g1": True, "g2": True, "n": 2}).state == "both"
    assert door(machine, "a", "go", {"g1": True, "g2": False, "n": 2}).state == "rest"
    assert door(machine, "a", "go", {"g1": True, "g2": True, "n": 1}).state == "rest"
    assert door(machine, "a", "go", {"g1": False, "g2": True, "n": 2}).state == "rest"


def test_a_failing_guard_falls_through_in_compiled_conditions_too(door: Door) -> None:
    """S2.2"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: big}, {name: middle}, {name: small}]
        transitions:
          - {trigger: go, source: a, dest: big, guards: [{expr: "n > 10"}]}
          - {trigger: go, source: a, dest: middle, guards: [{expr: "n > 5"}]}
          - {trigger: go, source: a, dest: small}
        """
    )
    found = [door(machine, "a", "go", {"n": n}).state for n in (11, 6, 5)]
    assert found == ["big", "middle", "small"]


def test_anywhere_is_asked_after_the_states_own_whatever_its_priority(door: Door) -> None:
    """S2.3"""
    everything = {"g_own": True, "g_general": True, "g_too": True}
    assert door(ANYWHERE, "a", "go", everything).state == "own"
    assert door(ANYWHERE, "a", "go", {**everything, "g_own": False}).state == "general_too"
    assert door(ANYWHERE, "a", "go", {"g_general": True}).state == "general"


@pytest.mark.parametrize("state", ["a", "b", "own", "general"])
def test_anywhere_applies_in_every_state_that_is_not_terminal(door: Door, state: str) -> None:
    """S2.3"""
    assert door(ANYWHERE, state, "end").state == "done"


def test_anywhere_does_not_apply_in_a_terminal_state(door: Door) -> None:
    """S2.3, S1.3"""
    assert door(ANYWHERE, "done", "end").result.metadata["reason"] == "terminal_state"


def test_a_list_of_sources_is_the_same_transition_written_for_each(door: Door) -> None:
    """S2.3"""
    listed = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: [a, b], dest: c, guards: [g], actions: [{increment: n}, note]}
        """
    )
    written = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {trigger: go, source: a, dest: c, guards: [g], actions: [{increment: n}, note]}
          - {trigger: go, source: b, dest: c, guards: [g], actions: [{increment: n}, note]}
        """
    )
    for state in ("a", "b", "c"):
        for holds in (True, False):
            one = door(listed, state, "go", {"g": holds})
            other = door(written, state, "go", {"g": holds})
            assert (one.state, one.context) == (other.state, other.context)
            assert one.result.all_actions == other.result.all_actions
            assert one.result.metadata == other.result.metadata


def test_a_state_that_is_named_beside_anywhere_asks_the_transition_among_its_own(
    door: Door,
) -> None:
    """S2.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}, {name: named}, {name: other}]
        transitions:
          - {trigger: go, source: [a, "*"], dest: named}
          - {trigger: go, source: b, dest: other}
        """
    )
    assert door(machine, "a", "go").state == "named"
    assert door(machine, "b", "go").state == "other"


def test_guards_of_later_candidates_are_not_asked_once_one_holds(door: Door) -> None:
    """S2.2"""
    asked: list[str] = []

    def noting(name: str, answer: bool) -> object:
        return lambda ctx: asked.append(name) or answer

    machine = bound(
        """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, guards: [no, never]}
          - {trigger: go, source: a, dest: b, guards: ["yes"]}
          - {trigger: go, source: a, dest: b, guards: [never_too]}
        """,
        guards={
            "no": noting("no", False),
            "yes": noting("yes", True),
            "never": noting("never", True),
            "never_too": noting("never_too", True),
        },
    )
    assert door(machine, "a", "go").state == "b"
    assert asked == ["no", "yes"]
