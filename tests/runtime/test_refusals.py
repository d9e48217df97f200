"""Events that are not taken (S2.4-S2.6)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import (
    Event,
    InvalidTransitionError,
    TerminalStateError,
    UndefinedStateError,
    UndefinedTriggerError,
)
from support.doors import Door, bound, placed

YAML = """
    states:
      - {name: a, type: initial, on_exit: [leave]}
      - {name: b, on_enter: [arrive]}
      - {name: done, type: terminal}
    transitions:
      - {trigger: go, source: a, dest: b, guards: [g, {expr: "n > 1"}]}
      - {trigger: go, source: a, dest: done, guards: [h]}
      - {trigger: back, source: b, dest: a, actions: [{increment: n}]}
      - {trigger: end, source: "*", dest: done}
    """
STRICT = bound(YAML)
LENIENT = bound("\n    meta: {strict_mode: false}" + YAML)
BOTH_WAYS = {
    "strict_mode: true, reject_invalid_events: false": True,
    "strict_mode: false, reject_invalid_events: true": False,
    "strict_mode: false": True,
    "reject_invalid_events: false": True,
    "strict_mode: true": False,
}


def test_an_unknown_trigger_is_undefined(open_door: Door) -> None:
    """S2.4"""
    outcome = open_door(STRICT, "a", "fly", {"n": 5}, {"p": 1})
    assert isinstance(outcome.result.error, UndefinedTriggerError)
    assert not outcome.result.success
    assert outcome.result.target_state is None
    assert outcome.result.source_state == "a"
    assert outcome.result.trigger == "fly"
    assert (outcome.state, outcome.context) == ("a", {"n": 5})


def test_a_known_trigger_that_leads_nowhere_from_here_is_invalid(door: Door) -> None:
    """S2.4"""
    outcome = door(STRICT, "a", "back", {"n": 5}, {"p": 1})
    assert type(outcome.result.error) is InvalidTransitionError
    assert outcome.result.metadata["reason"] == "invalid_transition"
    assert outcome.result.steps == ()
    assert outcome.result.all_actions == ()
    assert (outcome.state, outcome.context) == ("a", {"n": 5})


def test_failed_guards_are_told_with_their_verdicts(door: Door) -> None:
    """S2.4"""
    outcome = door(STRICT, "a", "go", {"n": 1, "g": True, "h": False}, {"p": 1})
    assert type(outcome.result.error) is InvalidTransitionError
    assert outcome.result.metadata["reason"] == "guards_failed"
    assert [(entry["guard"], entry["verdict"]) for entry in outcome.result.metadata["guards"]] == [
        ("g", True),
        ("n > 1", False),
        ("h", False),
    ]
    assert (outcome.state, outcome.context) == ("a", {"n": 1, "g": True, "h": False})


def test_failed_guards_are_no_no_op_without_strictness(door: Door) -> None:
    """S2.4"""
    outcome = door(LENIENT, "a", "go")
    assert not outcome.result.success
    assert outcome.result.metadata["reason"] == "guards_failed"


def test_the_end_is_told_before_the_unknown_trigger(open_door: Door) -> None:
    """S2.4"""
    outcome = open_door(STRICT, "done", "fly")
    assert isinstance(outcome.result.error, TerminalStateError)
    assert outcome.result.metadata["reason"] == "terminal_state"


@pytest.mark.parametrize("trigger", ["fly", "_auto_a", "_start"])
def test_an_unknown_trigger_is_a_no_op_without_strictness(open_door: Door, trigger: str) -> None:
    """S2.4"""
    outcome = open_door(LENIENT, "a", trigger, {"n": 1}, {"p": 1})
    _is_no_op(outcome, "a", {"n": 1})


def test_a_trigger_that_leads_nowhere_is_a_no_op_without_strictness(door: Door) -> None:
    """S2.4"""
    outcome = door(LENIENT, "a", "back", {"n": 1}, {"p": 1})
    _is_no_op(outcome, "a", {"n": 1})


def _is_no_op(outcome: Any, state: str, context: dict[str, Any]) -> None:
    result = outcome.result
    assert result.success
    assert result.error is None
    assert result.metadata["no_op"] is True
    assert (result.source_state, result.target_state) == (state, state)
    assert (result.all_actions, result.steps, result.execution) == ((), (), None)
    assert (dict(result.changes), result.removed) == ({}, ())
    assert (outcome.state, outcome.context) == (state, context)


@pytest.mark.parametrize("settings", BOTH_WAYS)
def test_reject_invalid_events_decides_where_it_is_given(open_door: Door, settings: str) -> None:
    """S2.4"""
    machine = bound(f"\n    meta: {{{settings}}}" + YAML)
    for trigger in ("fly", "back"):
        assert open_door(machine, "a", trigger).result.success is BOTH_WAYS[settings]


def test_a_no_op_is_no_step_so_nothing_automatic_follows(door: Door) -> None:
    """S2.4, S7.1"""
    machine = bound(
        """
        meta: {strict_mode: false}
        states: [{name: a, type: initial}, {name: b}, {name: c}]
        transitions:
          - {auto: true, source: a, dest: b, guards: [{check: {field: ready, op: eq, value: true}}]}
          - {trigger: go, source: c, dest: b}
        """
    )
    assert door(machine, "a", "go", {"ready": True}).state == "a"


def test_nothing_taken_is_a_result_and_never_an_exception(open_door: Door) -> None:
    """S2.4"""
    for state, trigger in (("a", "fly"), ("b", "go"), ("a", "go"), ("done", "go")):
        assert not open_door(STRICT, state, trigger).result.success


@pytest.mark.parametrize("state", ["c", "A", "", "a ", None, 7, ["a"]])
def test_a_current_state_that_the_machine_does_not_define_raises(state: Any) -> None:
    """S2.5"""
    with pytest.raises(UndefinedStateError):
        STRICT.process(state, "go", {})
    with pytest.raises(UndefinedStateError):
        STRICT.can_transition(state, "go", {})
    with pytest.raises(UndefinedStateError):
        STRICT.get_available_triggers(state)
    with pytest.raises(UndefinedStateError):
        STRICT.is_terminal(state)


@pytest.mark.parametrize("state", ["c", "", "A"])
def test_an_initial_state_that_the_machine_does_not_define_raises(state: str) -> None:
    """S2.5, S3.5"""
    with pytest.raises(UndefinedStateError):
        STRICT.create(initial_state=state)


def test_a_misspelt_state_is_told_with_the_one_that_was_meant() -> None:
    """S2.5"""
    with pytest.raises(UndefinedStateError, match="did you mean 'done'"):
        STRICT.process("doen", "go", {})


def test_a_choice_is_no_state_that_can_be_rested_in() -> None:
    """S2.5, S7.3"""
    machine = bound(
        """
        states: [{name: a, type: initial}, {name: pick, type: choice}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: pick}
          - {source: pick, trigger: x, dest: b}
        """
    )
    with pytest.raises(UndefinedStateError, match="choice"):
        machine.process("pick", "go", {})
    with pytest.raises(UndefinedStateError, match="choice"):
        machine.create(initial_state="pick")


@pytest.mark.parametrize("key", ["_event", "_x", "_"])
def test_a_payload_key_that_starts_with_an_underscore_raises(session_door: Door, key: str) -> None:
    """S2.5"""
    with pytest.raises(ValueError, match="belong to the engine"):
        session_door(STRICT, "a", "end", {}, {key: 1})


def test_a_context_key_that_starts_with_an_underscore_raises_at_creation() -> None:
    """S2.5, S8.4"""
    with pytest.raises(ValueError, match="_secret"):
        STRICT.create(context={"_secret": 1})
    with pytest.raises(ValueError, match="_secret"):
        STRICT.start({"_secret": 1})


AUTOMATIC = bound(
    """
    states: [{name: a, type: initial}, {name: b}, {name: pick, type: choice}]
    transitions:
      - {auto: true, trigger: labelled, source: a, dest: b, guards: [ready]}
      - {auto: true, source: b, dest: a, guards: [ready]}
      - {trigger: go, source: a, dest: pick}
      - {trigger: only_from_choice, source: pick, dest: b}
    """
)


@pytest.mark.parametrize("trigger", ["labelled", "_auto_b", "_anything", "only_from_choice", ""])
def test_labels_of_automatic_transitions_and_internal_triggers_are_never_accepted(
    open_door: Door, trigger: str
) -> None:
    """S2.6, S7.3"""
    for state in ("a", "b"):
        outcome = open_door(AUTOMATIC, state, trigger)
        assert isinstance(outcome.result.error, UndefinedTriggerError)
        assert outcome.state == state


def test_labels_of_automatic_transitions_are_no_triggers_of_the_machine() -> None:
    """S2.6"""
    assert [str(trigger) for trigger in AUTOMATIC.triggers] == ["go"]
    assert AUTOMATIC.get_available_triggers("a") == ["go"]
    assert not hasattr(AUTOMATIC.create(), "labelled")


def test_refusals_speak_of_names_and_not_of_members() -> None:
    """S2.4: the same words whether a trigger came as text or as a member of its enum"""
    by_member = STRICT.process("a", next(t for t in STRICT.triggers if t == "back"), {})
    by_name = STRICT.process("a", "back", {})
    assert str(by_member.error) == str(by_name.error)
    assert "'back' leads nowhere from 'a'" in str(by_name.error)
    assert "possible there: 'go', 'end'" in str(by_name.error)
    assert repr(by_member) == repr(by_name)


def test_a_misspelt_trigger_is_told_with_the_one_that_was_meant() -> None:
    """S2.4"""
    result = placed(STRICT, "a").handle(Event("goo"))
    assert "did you mean 'go'?" in str(result.error)
