"""The tree of states: where a machine can rest, and what it is in then (S1)."""

from __future__ import annotations

import pytest

from pystator_runtime import Event, TerminalStateError, UndefinedStateError
from support.doors import bound
from support.walks import Walker

MACHINE = bound(
    """
    meta: {machine_name: plant}
    states:
      - {name: off, type: initial}
      - {name: on, initial_child: idle}
      - {name: idle, parent: on}
      - {name: work, parent: on, initial_child: prepare}
      - {name: prepare, parent: work, initial_child: warm_up}
      - {name: warm_up, parent: prepare}
      - {name: ready, parent: prepare}
      - {name: scrapped, parent: work, type: terminal}
      - {name: trouble, type: error, initial_child: jammed}
      - {name: jammed, parent: trouble, type: error}
      - {name: route, parent: work, type: choice}
      - {name: gone, type: terminal}
    transitions:
      - {trigger: start, source: off, dest: on}
      - {trigger: work, source: idle, dest: work}
      - {trigger: warm, source: warm_up, dest: ready}
      - {trigger: sort, source: ready, dest: route}
      - {trigger: x, source: route, dest: scrapped, guards: [bad]}
      - {trigger: x, source: route, dest: idle}
      - {trigger: scrap, source: work, dest: scrapped}
      - {trigger: fail, source: on, dest: trouble}
      - {trigger: stop, source: "*", dest: gone}
    """
)
STARTING_DEEP = bound(
    """
    states:
      - {name: outer, type: initial, initial_child: middle, on_enter: [enter_outer]}
      - {name: middle, parent: outer, initial_child: inner, on_enter: [enter_middle]}
      - {name: other, parent: middle, on_enter: [enter_other]}
      - {name: inner, parent: middle, on_enter: [enter_inner]}
    transitions:
      - {trigger: go, source: inner, dest: other}
    """
)


def test_a_machine_rests_only_in_leaves(walk: Walker) -> None:
    """S1.2: a compound state is entered down to its initial leaf, however deep that is."""
    entity = walk(MACHINE)
    assert entity.state == "off"
    assert entity.go("start") == "idle"
    assert entity.go("work") == "warm_up"
    assert entity.go("fail") == "jammed"


def test_every_active_state_is_told_from_the_leaf_to_its_root(walk: Walker) -> None:
    """S1.5: the leaf and each of its ancestors; walks compare every `is_<state>` at every step."""
    entity = walk(MACHINE)
    entity.go("start", "work")
    assert entity.active == ["warm_up", "prepare", "work", "on"]
    entity.go("warm")
    assert entity.active == ["ready", "prepare", "work", "on"]


def test_naming_a_compound_state_as_a_destination_means_its_initial_leaf(walk: Walker) -> None:
    """S1.2: also where the compound is the one that is active."""
    entity = walk(MACHINE, "idle")
    assert entity.go("fail") == "jammed"
    assert walk(MACHINE, "ready").go("fail") == "jammed"


@pytest.mark.parametrize(
    ("named", "meant"), [("on", "idle"), ("work", "warm_up"), ("prepare", "warm_up"), ("trouble", "jammed")]
)
def test_naming_a_compound_state_anywhere_means_its_initial_leaf(named: str, meant: str) -> None:
    """S1.2: as `initial_state=`, as the current state of `process`, and in a snapshot."""
    session = MACHINE.create("e1", initial_state=named)
    assert session.current_state == meant
    assert MACHINE.create("e1", initial_state=MACHINE.states[0]).current_state == "off"
    assert MACHINE.process(named, "stop", {}).source_state == meant
    assert MACHINE.get_available_triggers(named) == MACHINE.get_available_triggers(meant)
    assert MACHINE.can_transition(named, "stop", {}) is True
    assert MACHINE.is_terminal(named) is False
    restored = MACHINE.session_class.from_snapshot(MACHINE, {"current_state": named})
    assert restored.current_state == meant


def test_an_entity_starts_in_the_initial_leaf_of_the_initial_state() -> None:
    """S1.2, S3.5: `type: initial` stands at the root, `initial_child` leads on."""
    assert STARTING_DEEP.get_initial_state() == "inner"
    assert STARTING_DEEP.create().current_state == "inner"
    result = STARTING_DEEP.start({})
    assert result.target_state == "inner"
    assert result.all_actions == ("enter_outer", "enter_middle", "enter_inner")


def test_a_machine_knows_its_compound_states_beside_its_leaves() -> None:
    """S1.1: `states` are all of them in order of definition, choices included."""
    assert [str(state) for state in MACHINE.states] == [state["name"] for state in MACHINE.definition["states"]]
    assert "work" in list(MACHINE.states)


@pytest.mark.parametrize("name", ["nowhere", "route", "ON"])
def test_a_state_that_is_not_defined_or_never_rested_in_is_the_callers_bug(name: str) -> None:
    """S2.5, S7.3."""
    with pytest.raises(UndefinedStateError, match=name):
        MACHINE.process(name, "stop", {})
    with pytest.raises(UndefinedStateError, match=name):
        MACHINE.create(initial_state=name)


def test_a_terminal_leaf_in_a_compound_state_makes_the_entity_final(walk: Walker) -> None:
    """S1.3: every known trigger answers `TerminalStateError` then, inherited ones and `*` included."""
    entity = walk(MACHINE, "ready")
    assert entity.go("scrap") == "scrapped"
    assert MACHINE.is_terminal("scrapped") is True
    for trigger in MACHINE.triggers:
        result = entity.fire(str(trigger))
        assert isinstance(result.error, TerminalStateError)
        assert result.metadata["reason"] == "terminal_state"
    assert MACHINE.get_available_triggers("scrapped") == []


def test_a_terminal_leaf_is_final_however_it_was_reached(walk: Walker) -> None:
    """S1.3, S7.3: through a choice, and by coming into being there."""
    assert walk(MACHINE, "ready", {"bad": True}).go("sort") == "scrapped"
    session = MACHINE.create(initial_state="scrapped")
    assert (session.is_final, session.is_scrapped, session.is_work, session.is_on) == (True, True, True, True)


def test_a_compound_state_around_a_terminal_leaf_is_not_terminal_itself(walk: Walker) -> None:
    """S1.3: its other leaves are left as ever."""
    entity = walk(MACHINE, "warm_up")
    assert entity.go("warm") == "ready"
    assert MACHINE.is_terminal("work") is False


def test_a_state_deep_inside_can_be_any_kind_of_leaf() -> None:
    """S1.4: an `error` state is an ordinary one."""
    session = MACHINE.create(initial_state="trouble")
    assert (session.is_trouble, session.is_jammed) == (True, True)
    assert session.handle(Event("stop")).target_state == "gone"
