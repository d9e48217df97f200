"""Which transition is taken, and what is left and entered, where states are not nested (S2, S3, S7)."""

from __future__ import annotations

import pystator
import pytest

from conformance.rows import row
from conformance.sides import STATES, both, is_refused, one
from pystator_runtime import UndefinedStateError, UndefinedTriggerError

ANYWHERE_FIRST = (
    STATES + 'transitions:\n  - {trigger: go, source: "*", dest: c}\n  - {trigger: go, source: a, dest: b}\n'
)


@row('`source: "*"` before a transition of the state itself')
def test_anywhere_is_asked_in_its_place_there_and_last_here() -> None:
    """S2.3."""
    machines = both(ANYWHERE_FIRST, validated=False)
    assert machines.pystator.process("a", "go", {}).target_state == "c"
    assert machines.ours.process("a", "go", {}).target_state == "b"


def test_files_that_say_anywhere_do_not_pass_pystators_validation() -> None:
    """S2.3."""
    assert is_refused(ANYWHERE_FIRST)


@row('`source: "*"` and a choice')
def test_anywhere_is_a_branch_of_every_choice_there_and_of_none_here() -> None:
    """S7.3."""
    text = """
states: [{name: a, type: initial}, {name: b}, {name: c}, {name: ch, type: choice}]
transitions:
  - {trigger: go, source: a, dest: ch}
  - {trigger: go, source: ch, dest: b, guards: [{expr: n > 0}]}
  - {trigger: go, source: "*", dest: c, guards: [{expr: m > 0}], actions: [t]}
"""
    machines = both(text, validated=False)
    result = machines.pystator.process("a", "go", {"n": 0, "m": 1})
    assert (result.target_state, result.all_actions) == ("c", ())
    result = machines.ours.process("a", "go", {"n": 0, "m": 1})
    assert (result.target_state, result.all_actions) == ("c", ("t",))


@row("a transition from a state to itself")
def test_a_transition_to_itself_leaves_and_enters_only_here() -> None:
    """S3.2."""
    text = (
        "states: [{name: a, type: initial, on_enter: [e], on_exit: [x]}]\n"
        "transitions: [{trigger: go, source: a, dest: a, actions: [t]}]\n"
    )
    machines = both(text)
    assert machines.pystator.process("a", "go", {}).all_actions == ("t",)
    assert machines.ours.process("a", "go", {}).all_actions == ("x", "t", "e")


@row("automatic transitions")
def test_automatic_transitions_have_results_of_their_own_there_and_belong_to_the_step_here() -> None:
    """S7.1."""
    machines = both(one("", "  - {auto: true, source: b, dest: c, actions: [t]}\n"))
    session = machines.pystator.create()
    assert session.send("go").target_state == "b"
    assert session.current_state == "c"
    assert [result.all_actions for result in session.history] == [(), ("t",)]
    assert machines.pystator.process("a", "go", {}).target_state == "b"
    ours = machines.ours.create(history=5)
    assert ours.send("go").target_state == "c"
    assert [result.all_actions for result in ours.history] == [("t",)]
    assert machines.ours.process("a", "go", {}).target_state == "c"


@row("the guards of the second automatic transition in a row")
def test_a_second_automatic_transition_sees_what_the_first_has_done_only_here() -> None:
    """S7.1."""
    chain = (
        "  - {auto: true, source: b, dest: c, actions: [{set: {n: 1}}]}\n"
        "  - {auto: true, source: c, dest: z, guards: [{expr: n == 1}]}\n"
    )
    machines = both(one("", chain))
    there = machines.pystator.create(context={"n": 0}, execute_actions=True)
    there.send("go")
    assert (there.current_state, there.context["n"]) == ("c", 1)
    here = machines.ours.create(context={"n": 0}, execute_actions=True)
    here.send("go")
    assert (here.current_state, here.context["n"]) == ("z", 1)


@row("automatic transitions of the initial state")
def test_automatic_transitions_of_the_initial_state_are_asked_only_here() -> None:
    """S3.5, S7.1."""
    machines = both(one("", "  - {auto: true, source: a, dest: c}\n"))
    assert machines.pystator.create().current_state == "a"
    assert machines.ours.create().current_state == "c"


@row("the trigger of an automatic transition, sent")
def test_the_label_of_an_automatic_transition_is_known_there_and_no_trigger_here() -> None:
    """S2.6."""
    machines = both(one("", "  - {auto: true, trigger: label, source: b, dest: c, guards: [{expr: n > 0}]}\n"))
    assert type(machines.pystator.process("b", "label", {"n": 1}).error) is pystator.InvalidTransitionError
    assert type(machines.ours.process("b", "label", {"n": 1}).error) is UndefinedTriggerError


@row("branches of a choice with another trigger, or `auto`")
def test_branches_with_another_trigger_count_only_here() -> None:
    """S7.3."""
    states = "states: [{name: a, type: initial}, {name: b}, {name: ch, type: choice}]\n"
    for branch in ("auto: true", "trigger: other"):
        text = (
            f"{states}transitions:\n  - {{trigger: go, source: a, dest: ch}}\n  - {{{branch}, source: ch, dest: b}}\n"
        )
        machines = both(text)
        assert not machines.pystator.process("a", "go", {}).success
        assert machines.ours.process("a", "go", {}).target_state == "b"


CHOICES = """
states: [{name: a, type: initial}, {name: b}, {name: c}, {name: one, type: choice}, {name: two, type: choice}]
transitions:
  - {trigger: go, source: a, dest: one, actions: [t1]}
  - {trigger: go, source: one, dest: c, actions: [t2]}
  - {trigger: far, source: a, dest: two}
  - {trigger: far, source: two, dest: one}
  - {trigger: wait, source: a, dest: b}
  - {auto: true, source: b, dest: one}
"""


@row("actions of a choice's branches")
def test_actions_of_branches_are_planned_only_here() -> None:
    """S7.3."""
    machines = both(CHOICES)
    assert machines.pystator.process("a", "go", {}).all_actions == ("t1",)
    assert machines.ours.process("a", "go", {}).all_actions == ("t1", "t2")


@row("a choice that leads to a choice, or is reached by an automatic transition")
@pytest.mark.parametrize("trigger", ["far", "wait"])
def test_a_choice_can_be_rested_in_only_there(trigger: str) -> None:
    """S7.3."""
    machines = both(CHOICES)
    for machine, state in ((machines.pystator, "one"), (machines.ours, "c")):
        session = machine.create()
        session.send(trigger)
        assert session.current_state == state


@row("an ignored event (`strict_mode: false`)")
def test_after_an_ignored_event_automatic_transitions_are_asked_only_there() -> None:
    """S2.4, S7.1."""
    machines = both(one("", "  - {auto: true, source: b, dest: c, guards: [{expr: n > 0}]}\n"), ", strict_mode: false")
    for machine, state in ((machines.pystator, "c"), (machines.ours, "b")):
        session = machine.create()
        session.send("go")
        ignored = session.send("go", n=1)
        assert ignored.success
        assert ignored.metadata["no_op"] is True
        assert session.current_state == state


@row("`initial_state=` that does not exist")
def test_a_session_in_no_state_can_be_made_only_there() -> None:
    """S2.5."""
    machines = both(one())
    session = machines.pystator.create(initial_state="nowhere")
    with pytest.raises(pystator.UndefinedStateError):
        session.send("go")
    with pytest.raises(UndefinedStateError):
        machines.ours.create(initial_state="nowhere")
