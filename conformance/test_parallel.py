"""Parallel states, and the functions that serve them (S6)."""

from __future__ import annotations

from typing import Any

import pytest
from pystator import StateMachine
from pystator._parallel import ParallelStateConfig

from conformance.sides import interpreted, is_refused

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


@pytest.fixture
def pystator() -> Any:
    return interpreted(ORDER)


def _planned(results: list[Any]) -> list[tuple[str, ...]]:
    """The actions of each region's result."""
    return [result.all_actions for result in results]


# -- PyStator --------------------------------------------------------------------------------------------------


def test_a_configuration_is_written_with_its_regions_in_order_of_the_alphabet(pystator: Any) -> None:
    """S6.2."""
    assert pystator.enter_parallel_state("open").to_string() == "open:bill=unpaid,parcel=packing"


def test_there_a_session_rests_in_the_parallel_state_and_enters_no_region(pystator: Any) -> None:
    session = pystator.create()
    assert session.send("place").all_actions == ("out_draft", "in_open")
    assert session.current_state == "open" == session.snapshot()["current_state"]
    assert session.is_open
    assert not session.is_packing
    assert not session.send("move").success
    assert session.allowed_triggers == ["_join_open", "cancel"]


def test_there_a_destination_inside_a_region_is_that_state_alone(pystator: Any) -> None:
    result = pystator.process("draft", "rush", {})
    assert (result.target_state, result.all_actions) == ("sent", ("out_draft", "in_sent"))


def test_there_every_region_has_a_result_of_its_own(pystator: Any) -> None:
    config, results = pystator.process_parallel(pystator.enter_parallel_state("open"), "move", {})
    assert config.to_string() == "open:bill=paid,parcel=sent"
    assert _planned(results) == [("out_packing", "move_parcel", "in_sent"), ("out_unpaid", "move_bill", "in_paid")]


def test_there_regions_are_in_order_of_the_alphabet_once_they_were_text(pystator: Any) -> None:
    read = ParallelStateConfig.from_string(pystator.enter_parallel_state("open").to_string())
    _, results = pystator.process_parallel(read, "move", {})
    assert [result.metadata["region"] for result in results] == ["bill", "parcel"]


@pytest.mark.parametrize("trigger", ["lose", "pay", "cancel", "unheard_of"])
def test_there_an_event_that_no_region_takes_has_no_result_at_all(pystator: Any, trigger: str) -> None:
    config = pystator.enter_parallel_state("open")
    assert pystator.process_parallel(config, trigger, {"enough": False}) == (config, [])


def test_there_a_self_transition_in_a_region_leaves_and_re_enters_and_so_does_an_internal_one(pystator: Any) -> None:
    config = pystator.enter_parallel_state("open")
    assert _planned(pystator.process_parallel(config, "again", {})[1]) == [("out_packing", "count", "in_packing")]
    assert _planned(pystator.process_parallel(config, "note", {})[1]) == [("out_packing", "write", "in_packing")]


def test_there_a_destination_outside_becomes_the_state_of_the_region(pystator: Any) -> None:
    config, results = pystator.process_parallel(_at("open:bill=unpaid,parcel=sent"), "lose", {})
    assert config.to_string() == "open:bill=unpaid,parcel=done"
    assert _planned(results) == [("out_sent", "in_done")]


def test_there_leaving_the_parallel_state_leaves_no_region(pystator: Any) -> None:
    assert pystator.process("open", "cancel", {}).all_actions == ("out_open", "in_done")


def test_there_a_join_is_told_and_not_taken(pystator: Any) -> None:
    config, results = pystator.process_parallel(_at("open:bill=paid,parcel=sent"), "arrive", {})
    assert config.to_string() == "open:bill=paid,parcel=arrived"
    assert results[-1].metadata["_join_trigger"] == "_join_open"
    assert pystator.process("open", "_join_open", {}).target_state == "done"
    _, results = pystator.process_parallel(config, "unheard_of", {})
    assert [result.metadata.get("no_op") for result in results] == [True]


def test_there_any_text_is_a_configuration(pystator: Any) -> None:
    config = ParallelStateConfig.from_string("open:nowhere=unpaid,bill=gone")
    assert pystator.process_parallel(config, "move", {}) == (config, [])


def test_there_a_transition_needs_its_region() -> None:
    machine = interpreted(ORDER.replace("dest: sent, region: parcel, actions: [move_parcel]", "dest: sent"))
    _, results = machine.process_parallel(machine.enter_parallel_state("open"), "move", {})
    assert [result.metadata["region"] for result in results] == ["bill"]


INSIDE = """
states:
  - {name: start, type: initial}
  - name: par
    type: parallel
    regions: [{name: r1, initial: outer, states: [outer, leaf, other, ch, slow]}, {name: r2, initial: x, states: [x]}]
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


def _unvalidated(text: str) -> Any:
    """Some of what is said here does not pass PyStator's validation."""
    return interpreted(text, validated=False)


def test_there_regions_know_no_children_no_history_and_no_choice() -> None:
    machine = _unvalidated(INSIDE)
    assert machine.enter_parallel_state("par").to_string() == "par:r1=outer,r2=x"
    for trigger, state in (("home", "outer"), ("back", "H(outer)"), ("pick", "ch")):
        config, _ = machine.process_parallel(_at("par:r1=other,r2=x"), trigger, {})
        assert config.get_region_state("r1") == state
    assert machine.process_parallel(_at("par:r1=leaf,r2=x"), "away", {})[1] == []


def test_there_automatic_transitions_in_regions_are_never_taken() -> None:
    machine = _unvalidated(INSIDE)
    config, results = machine.process_parallel(_at("par:r1=ch,r2=x"), "pick", {})
    assert config.get_region_state("r1") == "slow"
    assert len(results) == 1


def test_there_a_destination_in_another_region_is_taken() -> None:
    text = INSIDE.replace("source: outer, dest: other", "source: outer, dest: x")
    machine = _unvalidated(text)
    config, _ = machine.process_parallel(machine.enter_parallel_state("par"), "away", {})
    assert config.to_string() == "par:r1=x,r2=x"


def test_there_only_final_finishes_a_region_and_a_join_has_to_be_written() -> None:
    """S6.6."""
    assert is_refused(ORDER.replace("_join_open", "joined"))
    text = ORDER.replace(", final: paid", "").replace("{name: paid,", "{name: paid, type: terminal,")
    machine = interpreted(text)
    _, results = machine.process_parallel(_at("open:bill=unpaid,parcel=sent"), "arrive", {})
    assert results[-1].metadata["_join_trigger"] == "_join_open"


def test_there_an_initial_state_can_not_be_parallel() -> None:
    """S1.2."""
    config: dict[str, Any] = {
        "states": [{"name": "par", "type": "initial", "regions": [{"name": "r", "initial": "x"}]}, {"name": "x"}],
        "transitions": [],
    }
    assert StateMachine.validate_config(config) != []


def _at(text: str) -> ParallelStateConfig:
    return ParallelStateConfig.from_string(text)
