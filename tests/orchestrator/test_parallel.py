"""Parallel states and history in stored entities (S4, S6)."""

from __future__ import annotations

from typing import Any

from support.orchestrated import Deeds, orchestrated

YAML = """
    meta: {machine_name: desk}
    states:
      - {name: idle, type: initial}
      - name: work
        regions:
          - {name: risk, initial: unchecked, states: [unchecked, checked, ok], final: ok}
          - {name: fill, initial: none, states: [none, some, deep, all], final: all}
        on_enter: [enter_work]
        on_exit: [exit_work]
      - {name: unchecked}
      - {name: checked}
      - {name: ok}
      - {name: none}
      - {name: some, initial_child: deep}
      - {name: deep, parent: some}
      - {name: all}
      - {name: away}
      - {name: booked, type: terminal}
    transitions:
      - {trigger: begin, source: idle, dest: work}
      - {trigger: move, source: unchecked, dest: checked, actions: [one, {increment: n}]}
      - {trigger: move, source: none, dest: some, actions: [two, {increment: n}]}
      - {trigger: finish, source: checked, dest: ok}
      - {trigger: finish, source: some, dest: all}
      - {trigger: pause, source: work, dest: away}
      - {trigger: resume, source: away, dest: "H*(work)"}
      - {trigger: _join_work, source: work, dest: booked, actions: [book]}
    """
NAMES = ("enter_work", "exit_work", "one", "two", "book")


def test_one_event_moves_several_regions_in_one_commit(store: Any, door: Any) -> None:
    """S6.1, S6.3"""
    deeds = Deeds()
    desks = orchestrated(YAML, store, actions=deeds.named(*NAMES))
    door.send(desks, "d-1", "begin")
    result = door.send(desks, "d-1", "move")
    entity = door.get(desks, "d-1")
    assert str(entity.state) == str(result.target_state) == "work:fill=deep,risk=checked"
    assert entity.state == result.target_state
    assert type(entity.state) is type(result.target_state)
    assert (entity.version, entity.context) == (2, {"n": 2})
    assert deeds.names == ["enter_work", "one", "two"]
    assert [(row.source_state, row.target_state) for row in desks.history("d-1")] == [
        ("idle", "work:fill=none,risk=unchecked"),
        ("work:fill=none,risk=unchecked", "work:fill=deep,risk=checked"),
    ]


def test_history_is_stored_and_restored_exactly(store: Any, door: Any) -> None:
    """S4.1, S4.2"""
    desks = orchestrated(YAML, store)
    for trigger in ("begin", "move", "pause"):
        door.send(desks, "d-1", trigger)
    assert door.get(desks, "d-1").state == "away"
    assert door.get(desks, "d-1").history == {"work": "work:fill=deep,risk=checked", "some": "deep"}
    other = orchestrated(YAML, store)
    assert str(door.send(other, "d-1", "resume").target_state) == "work:fill=deep,risk=checked"


def test_history_belongs_to_one_entity(store: Any, door: Any) -> None:
    """S4.1: nothing is shared between entities"""
    desks = orchestrated(YAML, store)
    for trigger in ("begin", "move", "pause"):
        door.send(desks, "d-1", trigger)
    for trigger in ("begin", "pause", "resume"):
        door.send(desks, "d-2", trigger)
    assert str(door.get(desks, "d-2").state) == "work:fill=none,risk=unchecked"


def test_a_join_is_part_of_the_commit_that_finishes_the_last_region(store: Any, door: Any) -> None:
    """S6.6, S7.1"""
    deeds = Deeds()
    desks = orchestrated(YAML, store, actions=deeds.named(*NAMES))
    for trigger in ("begin", "move"):
        door.send(desks, "d-1", trigger)
    result = door.send(desks, "d-1", "finish", event_id="e-1")
    assert (result.target_state, door.get(desks, "d-1").version) == ("booked", 3)
    assert deeds.names[-2:] == ["exit_work", "book"]
    assert len(result.steps) == 3
    again = door.send(desks, "d-1", "finish", event_id="e-1")
    assert again.steps == result.steps
    assert again.source_state == result.source_state
