"""Parallel states, and the functions that serve them (S6)."""

from __future__ import annotations

from typing import Any

import pytest
from pystator._parallel import ParallelStateConfig

from conformance.rows import row
from conformance.sides import Both, both, interpreted, is_refused, meta
from pystator_runtime import InvalidTransitionError, UndefinedStateError, UndefinedTriggerError
from support.machines import codes, problems

ORDER = """
states:
  - {name: draft, type: initial, on_exit: [out_draft]}
  - name: open
    type: parallel
    on_enter: [in_open]
    on_exit: [out_open]
    regions:
      - {name: parcel, initial: packing, states: [packing, sent, arrived], final: arrived}
      - {name: bill, initial: unpaid, states: [unpaid, paid], final: paid}
  - {name: packing, on_enter: [in_packing], on_exit: [out_packing]}
  - {name: sent, on_enter: [in_sent], on_exit: [out_sent]}
  - {name: arrived, on_enter: [in_arrived], on_exit: [out_arrived]}
  - {name: unpaid, on_enter: [in_unpaid], on_exit: [out_unpaid]}
  - {name: paid, on_enter: [in_paid], on_exit: [out_paid]}
  - {name: done, on_enter: [in_done]}
transitions:
  - {trigger: place, source: draft, dest: open}
  - {trigger: rush, source: draft, dest: sent}
  - {trigger: move, source: packing, dest: sent, region: parcel, actions: [move_parcel]}
  - {trigger: move, source: unpaid, dest: paid, region: bill, actions: [move_bill]}
  - {trigger: again, source: packing, dest: packing, region: parcel, actions: [count]}
  - {trigger: note, source: packing, dest: packing, region: parcel, internal: true, actions: [write]}
  - {trigger: arrive, source: [packing, sent], dest: arrived, region: parcel}
  - {trigger: pay, source: unpaid, dest: paid, region: bill, guards: [{expr: enough}]}
  - {trigger: lose, source: sent, dest: done, region: parcel}
  - {trigger: cancel, source: open, dest: done}
  - {trigger: _join_open, source: open, dest: done}
"""


@pytest.fixture(scope="module")
def order() -> Both:
    return both(ORDER)


def _there(machine: Any, config: str, trigger: str, context: Any = None) -> tuple[str, list[tuple[str, ...]]]:
    """What an event makes of a configuration there, and the actions of each region's result."""
    found, results = machine.process_parallel(ParallelStateConfig.from_string(config), trigger, context or {})
    return found.to_string(), [result.all_actions for result in results]


def _here(machine: Any, config: str, trigger: str, context: Any = None) -> tuple[str, Any]:
    """Where an event leads from a configuration here, and the result."""
    at = type(machine.enter_parallel_state(config.partition(":")[0])).from_string(config)
    found, result = machine.process_parallel(at, trigger, context or {})
    is_left = result.success and ":" not in str(result.target_state)
    assert found == (at if is_left or not result.success else result.target_state)
    return str(result.target_state if is_left else found), result


def test_a_configuration_is_written_in_the_same_way(order: Both) -> None:
    """S6.2."""
    for machine in (order.pystator, order.ours):
        assert machine.enter_parallel_state("open").to_string() == "open:bill=unpaid,parcel=packing"


# -- getting in ------------------------------------------------------------------------------------------------


@row("a transition to a parallel state, in a session")
def test_a_session_rests_in_the_container_there_and_in_a_configuration_here(order: Both) -> None:
    """S6.1, S1.5."""
    session = order.pystator.create()
    assert session.send("place").all_actions == ("out_draft", "in_open")
    assert session.current_state == "open" == session.snapshot()["current_state"]
    assert (session.is_open, session.is_packing) == (True, False)
    assert not session.send("move").success
    session = order.ours.create()
    assert session.send("place").all_actions == ("out_draft", "in_open", "in_packing", "in_unpaid")
    assert str(session.current_state) == "open:bill=unpaid,parcel=packing" == session.snapshot()["current_state"]
    assert (session.is_open, session.is_packing, session.is_unpaid) == (True, True, True)
    assert session.send("move").success


@row("a transition to a state inside a region")
def test_a_state_inside_a_region_is_entered_alone_there_and_with_all_regions_here(order: Both) -> None:
    """S6.1."""
    result = order.pystator.process("draft", "rush", {})
    assert (result.target_state, result.all_actions) == ("sent", ("out_draft", "in_sent"))
    result = order.ours.process("draft", "rush", {})
    assert str(result.target_state) == "open:bill=unpaid,parcel=sent"
    assert result.all_actions == ("out_draft", "in_open", "in_sent", "in_unpaid")


# -- events ----------------------------------------------------------------------------------------------------


@row("`process_parallel(config, trigger, context)`")
def test_there_is_a_result_for_each_region_there_and_one_result_here(order: Both) -> None:
    """S6.3, S6.8."""
    config, planned = _there(order.pystator, "open:parcel=packing,bill=unpaid", "move")
    assert config == "open:bill=paid,parcel=sent"
    assert planned == [("out_packing", "move_parcel", "in_sent"), ("out_unpaid", "move_bill", "in_paid")]
    config, result = _here(order.ours, "open:parcel=packing,bill=unpaid", "move")
    assert config == "open:bill=paid,parcel=sent"
    assert result.all_actions == (*planned[0], *planned[1])


@row("the regions of a configuration that was text")
def test_regions_are_in_the_order_of_the_text_there_and_in_that_of_the_definition_here(order: Both) -> None:
    """S6.2, S6.3."""
    text = "open:bill=unpaid,parcel=packing"
    assert [actions[1] for actions in _there(order.pystator, text, "move")[1]] == ["move_bill", "move_parcel"]
    assert _here(order.ours, text, "move")[1].all_actions[1] == "move_parcel"


@row("an event that nothing in the parallel state takes")
@pytest.mark.parametrize(
    ("trigger", "error"),
    [("lose", InvalidTransitionError), ("pay", InvalidTransitionError), ("unheard_of", UndefinedTriggerError)],
)
def test_an_event_that_nothing_takes_has_no_result_there_and_one_like_any_other_here(
    order: Both, trigger: str, error: type[Exception]
) -> None:
    """S6.3, S2.4."""
    text = "open:bill=unpaid,parcel=packing"
    assert _there(order.pystator, text, trigger, {"enough": False}) == (text, [])
    config, result = _here(order.ours, text, trigger, {"enough": False})
    assert config == text
    assert type(result.error) is error
    lenient = both(ORDER, ", strict_mode: false")
    assert _there(lenient.pystator, text, "unheard_of") == (text, [])
    assert _here(lenient.ours, text, "unheard_of")[1].metadata["no_op"] is True


@row("transitions of the parallel state itself, in `process_parallel`")
def test_the_container_is_asked_only_here(order: Both) -> None:
    """S6.3."""
    text = "open:bill=unpaid,parcel=packing"
    assert _there(order.pystator, text, "cancel") == (text, [])
    assert _here(order.ours, text, "cancel")[0] == "done"


@row("an internal transition in a region")
def test_an_internal_transition_in_a_region_leaves_and_re_enters_only_there(order: Both) -> None:
    """S3.4."""
    text = "open:bill=unpaid,parcel=packing"
    assert _there(order.pystator, text, "note") == (text, [("out_packing", "write", "in_packing")])
    assert _here(order.ours, text, "note")[1].all_actions == ("write",)


def test_a_self_transition_in_a_region_leaves_and_re_enters_on_both_sides(order: Both) -> None:
    """S3.2."""
    text = "open:bill=unpaid,parcel=packing"
    actions = ("out_packing", "count", "in_packing")
    assert _there(order.pystator, text, "again") == (text, [actions])
    assert _here(order.ours, text, "again")[1].all_actions == actions


@row("a transition between states of a region, without `region:`")
def test_a_transition_belongs_to_the_region_of_its_sources_only_here() -> None:
    """S6.4."""
    machines = both(ORDER.replace("dest: sent, region: parcel, actions: [move_parcel]", "dest: sent"))
    text = "open:bill=unpaid,parcel=packing"
    assert _there(machines.pystator, text, "move")[0] == "open:bill=paid,parcel=packing"
    assert _here(machines.ours, text, "move")[0] == "open:bill=paid,parcel=sent"


# -- getting out -----------------------------------------------------------------------------------------------


@row("a destination outside of the parallel state")
def test_a_destination_outside_replaces_the_regions_state_there_and_leaves_here(order: Both) -> None:
    """S6.5."""
    text = "open:bill=unpaid,parcel=sent"
    assert _there(order.pystator, text, "lose") == ("open:bill=unpaid,parcel=done", [("out_sent", "in_done")])
    state, result = _here(order.ours, text, "lose")
    assert state == "done"
    assert result.all_actions == ("out_unpaid", "out_sent", "out_open", "in_done")


@row("leaving a parallel state")
def test_leaving_leaves_the_regions_only_here(order: Both) -> None:
    """S6.5."""
    assert order.pystator.process("open", "cancel", {}).all_actions == ("out_open", "in_done")
    _, result = _here(order.ours, "open:bill=unpaid,parcel=sent", "cancel")
    assert result.all_actions == ("out_unpaid", "out_sent", "out_open", "in_done")


@row("`_join_<state>`")
def test_a_join_is_told_there_and_taken_here(order: Both) -> None:
    """S6.6, S2.6."""
    text = "open:bill=paid,parcel=sent"
    config, results = order.pystator.process_parallel(ParallelStateConfig.from_string(text), "arrive", {})
    assert config.to_string() == "open:bill=paid,parcel=arrived"
    assert results[-1].metadata["_join_trigger"] == "_join_open"
    assert order.pystator.process("open", "_join_open", {}).target_state == "done"
    assert _here(order.ours, text, "arrive")[0] == "done"
    assert type(_here(order.ours, text, "_join_open")[1].error) is UndefinedTriggerError


@row("a terminal state in a region without `final`")
def test_a_terminal_state_finishes_its_region_only_here() -> None:
    """S6.6."""
    machines = both(ORDER.replace(", final: paid", "").replace("{name: paid,", "{name: paid, type: terminal,"))
    at = ParallelStateConfig.from_string("open:bill=unpaid,parcel=sent")
    assert "_join_trigger" in machines.pystator.process_parallel(at, "arrive", {})[1][-1].metadata
    config, _ = _here(machines.ours, "open:bill=unpaid,parcel=sent", "arrive")
    assert config == "open:bill=unpaid,parcel=arrived"
    assert _here(machines.ours, config, "pay", {"enough": True})[0] == "done"


@row("a configuration that does not fit")
def test_any_text_is_a_configuration_only_there(order: Both) -> None:
    """S6.2, S2.5."""
    assert _there(order.pystator, "open:bill=gone,nowhere=unpaid", "move")[1] == []
    with pytest.raises(UndefinedStateError):
        _here(order.ours, "open:bill=gone,nowhere=unpaid", "move")


# -- what lies in regions --------------------------------------------------------------------------------------

INSIDE = """
states:
  - {name: start, type: initial}
  - name: par
    type: parallel
    regions: [{name: r1, initial: outer, states: [outer, other, ch, slow]}, {name: r2, initial: x, states: [x]}]
  - {name: outer, initial_child: leaf}
  - {name: leaf, parent: outer}
  - {name: other}
  - {name: slow}
  - {name: ch, type: choice}
  - {name: x}
transitions:
  - {trigger: go, source: start, dest: par}
  - {trigger: away, source: outer, dest: other, region: r1}
  - {trigger: home, source: other, dest: outer, region: r1}
  - {trigger: back, source: other, dest: H(outer), region: r1}
  - {trigger: pick, source: other, dest: ch, region: r1}
  - {trigger: pick, source: ch, dest: slow, region: r1}
  - {auto: true, source: slow, dest: other, region: r1}
"""


@pytest.fixture(scope="module")
def inside() -> Both:
    return both(INSIDE)


@row("states with children, history and choices in a region")
def test_regions_have_children_history_and_choices_only_here(inside: Both) -> None:
    """S6.7."""
    assert inside.pystator.enter_parallel_state("par").to_string() == "par:r1=outer,r2=x"
    assert str(inside.ours.enter_parallel_state("par")) == "par:r1=leaf,r2=x"
    for trigger, there, here in (
        ("home", "par:r1=outer,r2=x", "par:r1=leaf,r2=x"),
        ("back", "par:r1=H(outer),r2=x", "par:r1=leaf,r2=x"),
        ("pick", "par:r1=ch,r2=x", "par:r1=other,r2=x"),
    ):
        assert _there(inside.pystator, "par:r1=other,r2=x", trigger)[0] == there
        assert _here(inside.ours, "par:r1=other,r2=x", trigger)[0] == here
    assert _there(inside.pystator, "par:r1=leaf,r2=x", "away") == ("par:r1=leaf,r2=x", [])
    assert _here(inside.ours, "par:r1=leaf,r2=x", "away")[0] == "par:r1=other,r2=x"


@row("automatic transitions in a region")
def test_automatic_transitions_in_regions_are_taken_only_here(inside: Both) -> None:
    """S6.7."""
    config, planned = _there(inside.pystator, "par:r1=ch,r2=x", "pick")
    assert (config, len(planned)) == ("par:r1=slow,r2=x", 1)
    _, result = _here(inside.ours, "par:r1=other,r2=x", "pick")
    assert [str(step.target_state) for step in result.steps] == ["slow", "other"]


@row("a transition from one region into another")
def test_a_destination_in_another_region_is_taken_there_and_an_error_here() -> None:
    """S6.5."""
    text = ORDER.replace("source: packing, dest: sent, region", "source: packing, dest: paid, region")
    assert _there(interpreted(text), "open:bill=unpaid,parcel=packing", "move")[0] == "open:bill=paid,parcel=paid"
    assert "PG075" in codes(meta() + text)


def test_an_initial_state_can_have_regions_only_here() -> None:
    """S1.2."""
    text = "states: [{name: a, type: initial, regions: [{name: r, initial: x}]}, {name: x}]\ntransitions: []\n"
    assert is_refused(text)
    assert not any(problem.is_error for problem in problems(meta() + text))


def test_a_region_with_final_needs_a_join_only_there() -> None:
    """S6.6."""
    text = ORDER.replace("_join_open", "joined")
    assert is_refused(text)
    assert not any(problem.is_error for problem in problems(meta() + text))


def test_what_is_no_parallel_state_can_not_be_entered_on_either_side(order: Both) -> None:
    """S6.8."""
    with pytest.raises(ValueError, match="not a parallel state"):
        order.pystator.enter_parallel_state("draft")
    with pytest.raises(UndefinedStateError):
        order.ours.enter_parallel_state("draft")
