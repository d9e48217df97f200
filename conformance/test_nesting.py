"""States in states, and what is remembered of them (S1.2, S2.1, S3, S4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.rows import row
from conformance.sides import Both, both, interpreted

PLAYER = """
states:
  - {name: away, type: initial}
  - {name: p, initial_child: a, on_enter: [in_p], on_exit: [out_p]}
  - {name: a, parent: p, on_enter: [in_a], on_exit: [out_a]}
  - {name: b, parent: p, initial_child: b1, on_enter: [in_b], on_exit: [out_b]}
  - {name: b1, parent: b, on_enter: [in_b1], on_exit: [out_b1]}
  - {name: b2, parent: b, on_enter: [in_b2], on_exit: [out_b2]}
transitions:
  - {trigger: enter, source: away, dest: p}
  - {trigger: leave, source: p, dest: away}
  - {trigger: to_a, source: b, dest: a}
  - {trigger: to_b, source: a, dest: b}
  - {trigger: next, source: b1, dest: b2}
  - {trigger: outward, source: [a, b2], dest: p}
  - {trigger: shallow, source: [away, p], dest: H(p)}
  - {trigger: deep, source: [away, p], dest: H*(p)}
"""


def _sent(session: Any, *triggers: str) -> list[str]:
    """Where a session rests after each of some events."""
    found: list[str] = []
    for trigger in triggers:
        assert session.send(trigger).success, trigger
        found.append(str(session.current_state))
    return found


@pytest.fixture
def machines() -> Both:
    """New ones for each test: there, what is remembered outlives the entities."""
    return both(PLAYER)


# -- states in states ------------------------------------------------------------------------------------------


@row("a transition to a state that encloses the active one")
def test_a_transition_outward_re_enters_its_destination_only_here(machines: Both) -> None:
    """S3.2."""
    assert machines.pystator.process("b2", "outward", {}).all_actions == ("out_b2", "out_b", "in_a")
    assert machines.ours.process("b2", "outward", {}).all_actions == ("out_b2", "out_b", "out_p", "in_p", "in_a")
    assert machines.pystator.process("a", "outward", {}).all_actions == ()
    assert machines.ours.process("a", "outward", {}).all_actions == ("out_a", "out_p", "in_p", "in_a")


@row('`source: "*"` and transitions of enclosing states')
def test_anywhere_is_asked_before_enclosing_states_there_and_after_them_here() -> None:
    """S2.3."""
    text = """
states: [{name: p, type: initial, initial_child: a}, {name: a, parent: p}, {name: b, parent: p}, {name: c}]
transitions:
  - {trigger: go, source: p, dest: b}
  - {trigger: go, source: "*", dest: c}
"""
    found = both(text, validated=False)
    assert found.pystator.process("a", "go", {}).target_state == "c"
    assert found.ours.process("a", "go", {}).target_state == "b"


@row("a choice inside a state that has transitions with the same trigger")
def test_transitions_of_enclosing_states_are_branches_of_a_choice_only_there() -> None:
    """S7.3."""
    text = """
states:
  - {name: away, type: initial}
  - {name: p, initial_child: a}
  - {name: a, parent: p}
  - {name: ch, type: choice, parent: p}
transitions:
  - {trigger: go, source: away, dest: ch}
  - {trigger: go, source: ch, dest: a, guards: [{expr: n > 0}]}
  - {trigger: go, source: p, dest: away}
"""
    found = both(text)
    assert found.pystator.process("away", "go", {"n": 0}).target_state == "away"
    assert found.ours.process("away", "go", {"n": 0}).metadata["reason"] == "guards_failed"


@row("a state with children as `initial_state=`, in `process` or in a snapshot")
def test_a_state_with_children_is_rested_in_there_and_means_its_initial_leaf_here(machines: Both) -> None:
    """S1.2."""
    for machine, state in ((machines.pystator, "p"), (machines.ours, "a")):
        session = machine.create(initial_state="p")
        assert session.current_state == state
        restored = type(session).from_snapshot(machine, {"current_state": "p", "context": {}})
        assert restored.current_state == state
        assert machine.process("p", "to_b", {}).success is (state == "a")


@row("`is_<state>` of a state around the active one")
def test_a_state_around_the_active_one_is_active_only_here(machines: Both) -> None:
    """S1.5."""
    for machine, is_p in ((machines.pystator, False), (machines.ours, True)):
        session = machine.create()
        _sent(session, "enter")
        assert (session.is_p, session.is_a, session.is_b) == (is_p, True, False)


@row("a terminal state inside another one")
def test_an_entity_in_a_terminal_state_goes_on_there_and_is_final_here() -> None:
    """S1.3."""
    text = """
states: [{name: a, type: initial}, {name: p, initial_child: q}, {name: q, parent: p, type: terminal}, {name: b}]
transitions:
  - {trigger: go, source: a, dest: p}
  - {trigger: back, source: p, dest: a}
  - {auto: true, source: p, dest: b, guards: [{expr: n > 0}]}
"""
    found = both(text)
    for machine, state in ((found.pystator, "b"), (found.ours, "q")):
        session = machine.create()
        session.send("go", n=1)
        assert session.current_state == state
    assert "back" in found.pystator.create(initial_state="q").allowed_triggers
    assert found.ours.create(initial_state="q", context={"n": 0}).allowed_triggers == []
    for machine in (found.pystator, found.ours):
        assert machine.process("q", "back", {}).metadata["reason"] == "terminal_state"


# -- history ---------------------------------------------------------------------------------------------------


@row("what a state remembers")
def test_what_is_remembered_is_everybodys_there_and_the_entitys_here(machines: Both) -> None:
    """S4.1."""
    for machine, state in ((machines.pystator, "b1"), (machines.ours, "a")):
        _sent(machine.create(), "enter", "to_b", "leave")
        assert _sent(machine.create(), "deep") == [state]


@row("history and snapshots")
def test_what_is_remembered_is_in_snapshots_only_here(machines: Both) -> None:
    """S4.1."""
    for machine, elsewhere, state in (
        (machines.pystator, interpreted(PLAYER), "a"),
        (machines.ours, machines.ours, "b1"),
    ):
        session = machine.create()
        _sent(session, "enter", "to_b", "leave")
        snapshot = json.loads(json.dumps(session.snapshot()))
        assert _sent(type(session).from_snapshot(elsewhere, snapshot), "deep") == [state]


@row("history and `process`")
def test_process_looks_into_the_machine_there_and_at_its_argument_here(machines: Both) -> None:
    """S4.3."""
    left = machines.pystator.process("b1", "leave", {})
    assert machines.pystator.process("away", "deep", {}).target_state == "a"
    _sent(machines.pystator.create(), "enter", "to_b", "leave")
    assert left.metadata["_history_updates"] == {"b": "b1", "p": "b"}
    assert machines.pystator.process("away", "deep", {}).target_state == "b1"
    left = machines.ours.process("b1", "leave", {})
    assert machines.ours.process("away", "deep", {}, history=left.history_updates).target_state == "b1"
    assert machines.ours.process("away", "deep", {}).target_state == "a"


@row("`H(p)` where a child with children is remembered")
def test_shallow_history_rests_in_the_child_there_and_in_its_initial_leaf_here(machines: Both) -> None:
    """S4.2."""
    for machine, state in ((machines.pystator, "b"), (machines.ours, "b1")):
        assert _sent(machine.create(), "enter", "to_b", "next", "leave", "shallow")[-1] == state


@row("`H*(p)` where a leaf deeper down is remembered")
def test_deep_history_ends_in_an_initial_leaf_there_and_in_the_very_leaf_here(machines: Both) -> None:
    """S4.2."""
    for machine, state in ((machines.pystator, "b1"), (machines.ours, "b2")):
        assert _sent(machine.create(), "enter", "to_b", "next", "leave", "deep")[-1] == state


@row("`H(p)` and `H*(p)` from inside `p`")
def test_history_from_inside_is_the_sibling_before_there_and_the_active_child_here(machines: Both) -> None:
    """S4.2: what is restored is looked up after the exits were recorded."""
    for trigger in ("shallow", "deep"):
        session = machines.pystator.create()
        _sent(session, "enter", "to_b")
        result = session.send(trigger)
        assert (result.target_state, result.all_actions) == ("a", ("out_b1", "out_b", "in_a"))
        session = machines.ours.create()
        _sent(session, "enter", "to_b")
        result = session.send(trigger)
        assert result.target_state == "b1"
        assert result.all_actions == ("out_b1", "out_b", "out_p", "in_p", "in_b", "in_b1")
