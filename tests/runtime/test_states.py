"""States of a flat machine (S1)."""

from __future__ import annotations

from typing import Any

import pytest

from support.doors import Door, bound, placed
from support.machines import codes, load

ONE_WAY = """
    states:
      - {name: open, type: initial}
      - {name: broken, type: error}
      - {name: done, type: terminal}
    transitions:
      - {trigger: break_it, source: open, dest: broken}
      - {trigger: repair, source: broken, dest: open}
      - {trigger: finish, source: "*", dest: done}
      - {trigger: touch, source: open, internal: true}
    """
MACHINE = bound(ONE_WAY)
LENIENT = bound("\n    meta: {strict_mode: false}" + ONE_WAY)


@pytest.mark.parametrize("kinds", [("stable", "stable"), ("initial", "initial")])
def test_a_machine_without_exactly_one_initial_state_is_refused(kinds: tuple[str, str]) -> None:
    """S1.2"""
    found = codes(
        f"""
        states: [{{name: a, type: {kinds[0]}}}, {{name: b, type: {kinds[1]}}}]
        transitions: [{{trigger: go, source: a, dest: b}}]
        """
    )
    assert "PG051" in found


def test_an_entity_begins_in_the_initial_state_wherever_that_stands() -> None:
    """S1.2"""
    machine = bound(
        """
        states: [{name: later}, {name: first, type: initial}]
        transitions: [{trigger: go, source: first, dest: later}]
        """
    )
    assert machine.create().current_state == "first"
    assert machine.start({}).target_state == "first"
    assert machine.get_initial_state() == "first"


@pytest.mark.parametrize("source", ["done", "[open, done]"])
def test_a_transition_written_out_of_a_terminal_state_is_refused(source: str) -> None:
    """S1.3"""
    found = codes(
        f"""
        states: [{{name: open, type: initial}}, {{name: done, type: terminal}}]
        transitions: [{{trigger: go, source: {source}, dest: open}}]
        """
    )
    assert "PG052" in found


@pytest.mark.parametrize("trigger", ["break_it", "repair", "finish", "touch"])
def test_every_known_trigger_of_a_final_entity_answers_that_it_is_final(door: Door, trigger: str) -> None:
    """S1.3, S2.4"""
    outcome = door(MACHINE, "done", trigger, {"kept": 1})
    assert type(outcome.result.error).__name__ == "TerminalStateError"
    assert outcome.result.metadata["reason"] == "terminal_state"
    assert outcome.state == "done"
    assert outcome.context == {"kept": 1}


@pytest.mark.parametrize("trigger", ["break_it", "finish"])
def test_a_final_entity_says_so_without_strictness_too(door: Door, trigger: str) -> None:
    """S2.4"""
    outcome = door(LENIENT, "done", trigger)
    assert not outcome.result.success
    assert outcome.result.metadata["reason"] == "terminal_state"


def test_a_terminal_state_makes_the_entity_final() -> None:
    """S1.3"""
    session = MACHINE.create()
    assert not session.is_final
    session.finish()
    assert session.is_final
    assert session.allowed_triggers == []


def test_a_machine_tells_which_states_are_terminal() -> None:
    """S1.3"""
    assert [str(state) for state in MACHINE.states if MACHINE.is_terminal(state)] == ["done"]


def test_an_entity_can_begin_in_a_terminal_state() -> None:
    """S1.3, S3.5"""
    session = MACHINE.create(initial_state="done")
    assert session.is_final
    assert session.finish().metadata["reason"] == "terminal_state"


def test_an_error_state_is_entered_and_left_like_any_other(door: Door) -> None:
    """S1.4"""
    assert door(MACHINE, "open", "break_it").state == "broken"
    assert door(MACHINE, "broken", "repair").state == "open"
    assert door(MACHINE, "broken", "finish").state == "done"


def test_is_state_is_true_for_the_active_state_and_for_no_other() -> None:
    """S1.5"""
    for state in ("open", "broken", "done"):
        session = placed(MACHINE, state)
        found = {name: getattr(session, f"is_{name}") for name in ("open", "broken", "done")}
        assert found == {name: name == state for name in found}


def test_is_state_follows_the_entity() -> None:
    """S1.5"""
    session = MACHINE.create()
    assert session.is_open is True
    session.break_it()
    assert (session.is_open, session.is_broken) == (False, True)


@pytest.mark.parametrize("name", ["Open", "in-progress", "übrig", "a b", "a.b"])
def test_a_name_with_other_characters_than_lower_case_digits_and_underscores_is_refused(
    name: str,
) -> None:
    """S1.6"""
    found = codes(
        f"""
        states: [{{name: "{name}", type: initial}}]
        transitions: [{{trigger: go, source: "{name}", dest: "{name}"}}]
        """
    )
    assert "PG024" in found


def test_names_may_begin_with_a_digit_and_hold_underscores() -> None:
    """S1.6, docs/yaml.md#names-in-python"""
    module: Any = load(
        """
        meta: {machine_name: lamp}
        states: [{name: 1st, type: initial}, {name: a__b_}]
        transitions: [{trigger: 2nd, source: 1st, dest: a__b_}]
        """
    )
    session = module.LampMachine().create()
    assert session.current_state == module.LampState.N1ST
    assert session.n2nd().target_state == module.LampState.A__B_
    assert session.is_a__b_
