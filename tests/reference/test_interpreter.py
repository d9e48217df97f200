"""The reference itself gives the well-known answers about parallel states, worked out by hand (S1-S4, S6, S7, S9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from reference.interpreter import Entity, Outcome

STATES = """
    - {name: out, type: initial}
    - {name: house, initial_child: par}
    - name: par
      type: parallel
      parent: house
      regions:
        - {name: right, initial: ra, states: [ra, rb]}
        - {name: left, initial: la, states: [la, lb]}
    - {name: ra}
    - {name: rb}
    - {name: la, parent: par}
    - {name: lb, initial_child: lc}
    - {name: lc, parent: lb}
    - {name: ld, parent: lb}
    """
"""The regions stand in another order than that of their names."""

NESTED = """
    - {name: out, type: initial}
    - name: par
      type: parallel
      regions: [{name: right, initial: ra, states: [ra, rb]}, {name: left, initial: box, states: [box, lz]}]
    - {name: ra}
    - {name: rb}
    - {name: box, initial_child: inner}
    - {name: lz}
    - name: inner
      type: parallel
      parent: box
      regions: [{name: u, initial: ua, states: [ua, ub]}, {name: d, initial: da, states: [da, db]}]
    - {name: ua}
    - {name: ub}
    - {name: da}
    - {name: db}
    """
"""A parallel state in a compound state in a region."""


def _unborn(states: str, transitions: str, **meta: Any) -> Entity:
    """An entity that is nowhere yet; its states tell of their entry and exit."""
    definition = {"meta": meta, "states": yaml.safe_load(states), "transitions": yaml.safe_load(transitions)}
    for state in definition["states"]:
        state.update({"on_enter": [f"in_{state['name']}"], "on_exit": [f"out_{state['name']}"]})
    return Entity(definition, {"may": lambda ctx: bool(ctx.get("may"))})


def _entity(states: str, transitions: str, at: str | None = None, **meta: Any) -> Entity:
    entity = _unborn(states, transitions, **meta)
    entity.start({"n": 0}, at)
    return entity


def _sent(entity: Entity, *triggers: str, payload: Mapping[str, Any] | None = None) -> Outcome:
    """What the last of some events did itself."""
    return [entity.send(trigger, payload or {}) for trigger in triggers][-1][0]


def _error(outcome: Outcome) -> tuple[str | None, str | None]:
    return outcome.error, outcome.reason


# -- entering and leaving --------------------------------------------------------------------------------------


def test_entering_a_parallel_state_enters_its_regions_in_order_of_definition() -> None:
    """S6.1"""
    entity = _entity(STATES, "[{trigger: go, source: out, dest: house}]")
    assert _sent(entity, "go").actions == ["out_out", "in_house", "in_par", "in_ra", "in_la"]
    assert entity.state == "par:left=la,right=ra"


def test_a_destination_inside_a_region_enters_the_other_regions_at_their_initials() -> None:
    """S1.2, S6.1"""
    entity = _entity(STATES, "[{trigger: go, source: out, dest: ld}]")
    assert _sent(entity, "go").actions == ["out_out", "in_house", "in_par", "in_ra", "in_lb", "in_ld"]
    assert entity.state == "par:left=ld,right=ra"


def test_an_entity_can_come_into_being_in_a_state_of_a_region() -> None:
    """S1.2, S3.5"""
    outcome = _unborn(STATES, "[]").start({}, "lb")
    assert outcome.actions == ["in_house", "in_par", "in_ra", "in_lb", "in_lc"]
    assert outcome.state == "par:left=lc,right=ra"


def test_a_region_can_start_in_a_state_that_lies_deeper() -> None:
    """S1.2"""
    entity = _entity(STATES.replace("initial: la", "initial: ld"), "[]", "par")
    assert entity.state == "par:left=ld,right=ra"


def test_a_parallel_state_inside_a_region_is_written_in_parentheses() -> None:
    """S6.2"""
    entity = _entity(NESTED, "[]", "db")
    assert entity.state == "par:left=(inner:d=db,u=ua),right=ra"
    tree = entity.definition.tree
    read = ["par", "par/right", "rb", "par/left", "box", "inner", "inner/u", "ub", "inner/d", "da"]
    assert tree.active("par:right=rb,left=(inner:u=ub,d=da)") == read
    assert tree.position(read) == "par:left=(inner:d=da,u=ub),right=rb"


def test_leaving_a_parallel_state_exits_the_last_region_first_and_the_container_last() -> None:
    """S6.5"""
    entity = _entity(STATES, "[{trigger: go, source: par, dest: out}]", "ld")
    assert _sent(entity, "go").actions == ["out_ld", "out_lb", "out_ra", "out_par", "out_house", "in_out"]


def test_a_step_inside_a_region_touches_no_other_region() -> None:
    """S1.1, S3.1"""
    entity = _entity(STATES, "[{trigger: go, source: la, dest: ld}, {trigger: back, source: ld, dest: lb}]", "par")
    assert _sent(entity, "go").actions == ["out_la", "in_lb", "in_ld"]
    assert _sent(entity, "back").actions == ["out_ld", "out_lb", "in_lb", "in_lc"]


def test_a_parallel_state_that_leads_to_its_own_inside_is_left_and_entered_again() -> None:
    """S3.2"""
    entity = _entity(STATES, "[{trigger: go, source: par, dest: la}]", "rb")
    assert _sent(entity, "go").actions == ["out_la", "out_rb", "out_par", "in_par", "in_ra", "in_la"]


def test_a_compound_state_around_a_parallel_state_leaves_it_to_get_inside_of_it() -> None:
    """S3.1: the parallel state stands for the active leaf, so the compound is the domain."""
    entity = _entity(STATES, "[{trigger: go, source: house, dest: rb}]", "par")
    assert _sent(entity, "go").actions == ["out_la", "out_ra", "out_par", "in_par", "in_rb", "in_la"]


# -- choosing --------------------------------------------------------------------------------------------------


def test_one_event_moves_several_regions_in_order_of_definition() -> None:
    """S6.3"""
    moves = """
        - {trigger: go, source: la, dest: lb, actions: [left]}
        - {trigger: go, source: ra, dest: rb, actions: [right]}
        """
    entity = _entity(STATES, moves, "par")
    assert _sent(entity, "go").actions == ["out_ra", "right", "in_rb", "out_la", "left", "in_lb", "in_lc"]


def test_all_regions_pick_on_the_context_before_any_effect() -> None:
    """S6.3"""
    moves = """
        - {trigger: go, source: ra, dest: rb, actions: [{increment: n}]}
        - {trigger: go, source: la, dest: lb, guards: [{expr: n == 0}], actions: [{compute: {m: n}}]}
        """
    entity = _entity(STATES, moves, "par")
    _sent(entity, "go")
    assert entity.state == "par:left=lc,right=rb"
    assert entity.context == {"n": 1, "m": 1}


def test_an_effect_that_fails_in_one_region_undoes_what_another_did() -> None:
    """S6.3, S8.2"""
    moves = """
        - {trigger: go, source: ra, dest: rb, actions: [{increment: n}]}
        - {trigger: go, source: la, dest: lb, actions: [{append: {field: n, value: 1}}]}
        """
    entity = _entity(STATES, moves, "par")
    assert _error(_sent(entity, "go")) == ("ActionError", None)
    assert (entity.state, entity.context) == ("par:left=la,right=ra", {"n": 0})


def test_the_container_is_asked_only_if_no_region_picks() -> None:
    """S6.3"""
    moves = """
        - {trigger: go, source: par, dest: out}
        - {trigger: go, source: ra, dest: rb, guards: [may]}
        """
    assert _sent(_entity(STATES, moves, "par"), "go", payload={"may": True}).state == "par:left=la,right=rb"
    assert _sent(_entity(STATES, moves, "par"), "go").state == "out"


def test_what_leaves_is_taken_alone_whichever_region_picks_it() -> None:
    """S6.5"""
    moves = """
        - {trigger: go, source: ra, dest: rb, actions: [right]}
        - {trigger: go, source: la, dest: out, actions: [left]}
        """
    outcome = _sent(_entity(STATES, moves, "par"), "go")
    assert outcome.actions == ["out_la", "out_ra", "out_par", "out_house", "left", "in_out"]


def test_of_two_that_leave_the_first_regions_is_taken() -> None:
    """S6.5"""
    moves = "[{trigger: go, source: la, dest: house}, {trigger: go, source: ra, dest: out}]"
    assert _sent(_entity(STATES, moves, "par"), "go").state == "out"


def test_from_anywhere_is_asked_once_after_all_that_is_around_the_container() -> None:
    """S2.3"""
    moves = """
        - {trigger: go, source: "*", internal: true, actions: [anywhere], priority: -1}
        - {trigger: go, source: house, internal: true, guards: [{expr: n == 1}], actions: [house]}
        """
    entity = _entity(STATES, moves, "par")
    assert _sent(entity, "go").actions == ["anywhere"]
    assert _sent(entity, "go", payload={"n": 1}).actions == ["house"]


def test_from_anywhere_in_a_region_is_asked_last_within_the_region() -> None:
    """S2.3, S6.4"""
    moves = """
        - {trigger: go, source: "*", region: left, dest: la, priority: -1, actions: [anywhere]}
        - {trigger: go, source: lb, dest: ld, guards: [{expr: n == 1}], actions: [own]}
        - {trigger: go, source: par, dest: out}
        """
    entity = _entity(STATES, moves, "ld")
    assert _sent(entity, "go").actions == ["out_ld", "out_lb", "anywhere", "in_la"]
    assert _sent(entity, "go").actions == ["out_la", "anywhere", "in_la"]
    entity = _entity(STATES, moves, "lb")
    assert _sent(entity, "go", payload={"n": 1}).actions == ["out_lc", "own", "in_ld"]


def test_a_list_of_sources_in_several_regions_fires_in_each_of_them() -> None:
    """S2.3, S6.3"""
    moves = "[{trigger: go, source: [la, ra, rb], internal: true, actions: [act]}]"
    assert _sent(_entity(STATES, moves, "par"), "go").actions == ["act", "act"]
    assert _sent(_entity(STATES, moves, "ld"), "go").actions == ["act"]


def test_an_event_that_no_region_takes_is_refused_as_a_whole() -> None:
    """S2.4, S6.3"""
    moves = """
        - {trigger: go, source: ra, dest: rb, guards: [{expr: n == 1}]}
        - {trigger: elsewhere, source: [rb, out], dest: out}
        """
    entity = _entity(STATES, moves, "par")
    assert _error(_sent(entity, "go")) == ("InvalidTransitionError", "guards_failed")
    assert _error(_sent(entity, "elsewhere")) == ("InvalidTransitionError", "invalid_transition")
    assert _error(_sent(entity, "unheard_of")) == ("UndefinedTriggerError", "undefined_trigger")
    lenient = _entity(STATES, moves, "par", strict_mode=False)
    assert _error(_sent(lenient, "go")) == ("InvalidTransitionError", "guards_failed")
    assert _sent(lenient, "elsewhere").no_op
    assert lenient.state == "par:left=la,right=ra"


# -- parallel states in regions of others ----------------------------------------------------------------------


def test_what_leaves_an_inner_parallel_state_lets_the_outer_regions_move() -> None:
    """S6.5, S6.7: it is alone among the inner regions only."""
    moves = """
        - {trigger: go, source: ra, dest: rb}
        - {trigger: go, source: ua, dest: ub}
        - {trigger: go, source: da, dest: lz}
        """
    entity = _entity(NESTED, moves, "par")
    outcome = _sent(entity, "go")
    assert outcome.actions == ["out_ra", "in_rb", "out_da", "out_ua", "out_inner", "out_box", "in_lz"]
    assert entity.state == "par:left=lz,right=rb"


def test_what_leaves_the_outer_parallel_state_from_an_inner_region_is_alone_among_all() -> None:
    """S6.5, S6.7"""
    moves = """
        - {trigger: go, source: ra, dest: rb}
        - {trigger: go, source: ua, dest: ub}
        - {trigger: go, source: da, dest: out}
        """
    outcome = _sent(_entity(NESTED, moves, "par"), "go")
    assert outcome.actions == ["out_da", "out_ua", "out_inner", "out_box", "out_ra", "out_par", "in_out"]


def test_the_inner_container_and_what_is_around_it_are_a_level_of_the_outer_region() -> None:
    """S2.1, S6.3, S6.7"""
    moves = """
        - {trigger: go, source: ua, internal: true, guards: [{expr: n == 1}], actions: [ua]}
        - {trigger: go, source: inner, internal: true, guards: [{expr: n == 2}], actions: [inner]}
        - {trigger: go, source: box, internal: true, guards: [{expr: n == 3}], actions: [box]}
        - {trigger: go, source: "*", region: left, internal: true, guards: [{expr: n == 4}], actions: [region]}
        - {trigger: go, source: ra, internal: true, guards: [{expr: n < 5}], actions: [ra]}
        - {trigger: go, source: par, internal: true, guards: [{expr: n == 5}], actions: [par]}
        - {trigger: go, source: "*", internal: true, actions: [anywhere]}
        """
    entity = _entity(NESTED, moves, "par")
    told = [_sent(entity, "go", payload={"n": n}).actions for n in (1, 2, 3, 4, 5, 6)]
    assert told == [["ra", "ua"], ["ra", "inner"], ["ra", "box"], ["ra", "region"], ["par"], ["anywhere"]]


# -- coming to an end ------------------------------------------------------------------------------------------


def test_where_a_region_has_come_to_its_end_only_the_container_is_asked() -> None:
    """S1.3"""
    moves = """
        - {trigger: go, source: "*", region: right, dest: rb}
        - {trigger: back, source: par, dest: out}
        """
    entity = _entity(STATES.replace("{name: ra}", "{name: ra, type: terminal}"), moves, "par")
    assert _error(_sent(entity, "go")) == ("InvalidTransitionError", "invalid_transition")
    assert not entity.definition.is_final(entity.state)
    assert _sent(entity, "back").state == "out"


def test_the_end_of_a_compound_state_in_a_region_is_the_end_of_the_region() -> None:
    """S1.3: the compound state's own transitions do not apply any more."""
    states = STATES.replace("{name: ld, parent: lb}", "{name: ld, parent: lb, type: terminal}")
    entity = _entity(states, "[{trigger: go, source: lb, dest: la}]", "lb")
    assert _sent(entity, "go").state == "par:left=la,right=ra"
    entity = _entity(states, "[{trigger: go, source: lb, dest: la}]", "ld")
    assert _error(_sent(entity, "go")) == ("InvalidTransitionError", "invalid_transition")


JOINED = STATES.replace("states: [ra, rb]", "states: [ra, rb], final: rb").replace(
    "states: [la, lb]", "states: [la, lb], final: lb"
)
JOIN = """
    - {trigger: go, source: ra, dest: rb}
    - {trigger: poke, source: la, dest: ld}
    - {trigger: _join_par, source: par, dest: out, actions: [join]}
    """


def test_a_join_fires_as_soon_as_all_regions_that_can_finish_have_finished() -> None:
    """S6.6: a final state counts as active through a state in it."""
    entity = _entity(JOINED, JOIN, "par")
    assert _sent(entity, "poke").state == "par:left=ld,right=ra"
    outcome = _sent(entity, "go")
    assert (outcome.state, outcome.actions[:2]) == ("out", ["out_ra", "in_rb"])
    assert outcome.actions[2:] == ["out_ld", "out_lb", "out_rb", "out_par", "out_house", "join", "in_out"]


def test_a_region_that_can_not_finish_does_not_hold_a_join_up() -> None:
    """S6.6"""
    states = STATES.replace("{name: rb}", "{name: rb, type: terminal}")
    entity = _entity(states, JOIN, "par")
    assert _sent(entity, "poke").state == "par:left=ld,right=ra"
    assert _sent(entity, "go").state == "out"


def test_where_no_region_can_finish_there_is_no_join() -> None:
    """S6.6"""
    entity = _entity(STATES, JOIN, "par")
    assert _sent(entity, "poke", "go").state == "par:left=ld,right=rb"


def test_a_terminal_state_of_a_further_region_finishes_that_one_only() -> None:
    """S6.6: it does not lie in the outer region itself, which can't finish."""
    states = NESTED.replace("{name: ub}", "{name: ub, type: terminal}")
    joins = """
        - {trigger: go, source: ua, dest: ub}
        - {trigger: _join_par, source: par, dest: out}
        - {trigger: _join_inner, source: inner, dest: db, guards: [{expr: n == 1}]}
        """
    assert _sent(_entity(states, joins, "par"), "go").state == "par:left=(inner:d=da,u=ub),right=ra"
    left_again = "par:left=(inner:d=db,u=ua),right=ra"
    assert _sent(_entity(states, joins, "par"), "go", payload={"n": 1}).state == left_again


def test_a_join_stands_in_the_order_of_the_other_automatic_transitions_of_its_level() -> None:
    """S2.1, S6.6"""
    automatic = (
        "- {auto: true, source: par, dest: la, guards: [{expr: n == 1}], actions: [auto, {clear: n}], priority: %d}"
    )
    for priority, actions in ((0, ["join"]), (-1, ["auto"])):
        entity = _entity(JOINED, f"{JOIN}{automatic % priority}", "rb")
        taken = _sent(entity, "poke", payload={"n": 1}).actions
        assert [name for name in taken if name in ("join", "auto")] == actions


def test_a_join_can_not_be_sent() -> None:
    """S2.6"""
    entity = _entity(JOINED, JOIN, "par")
    assert _error(_sent(entity, "_join_par")) == ("UndefinedTriggerError", "undefined_trigger")


# -- automatic transitions and choices -------------------------------------------------------------------------


def test_regions_take_automatic_transitions_in_the_same_round_and_before_their_container() -> None:
    """S6.3, S7.1: what the container has is asked in the round in which no region has any left."""
    automatic = """
        - {auto: true, source: ra, dest: rb, actions: [right, {increment: n}]}
        - {auto: true, source: la, dest: lb, actions: [left], guards: [{expr: n == 0}]}
        - {auto: true, source: par, dest: out, actions: [container]}
        """
    outcome = _unborn(STATES, automatic).start({"n": 0}, "par")
    steps = [name for name in outcome.actions if name in ("right", "left", "container")]
    assert (steps, outcome.state) == (["right", "left", "container"], "out")


def test_a_step_in_one_region_lets_an_automatic_transition_of_another_fire() -> None:
    """S7.1"""
    moves = """
        - {trigger: go, source: ra, dest: rb, actions: [{increment: n}]}
        - {auto: true, source: la, dest: lb, guards: [{expr: n == 1}]}
        """
    assert _sent(_entity(STATES, moves, "par"), "go").state == "par:left=lc,right=rb"


def test_a_choice_in_a_region_prolongs_the_arrow_inside_it_or_out_of_the_parallel_state() -> None:
    """S6.5, S7.3"""
    states = STATES.replace("[la, lb]", "[la, lb, fork]").replace(
        "{name: lb,", "{name: fork, type: choice}\n    - {name: lb,"
    )
    moves = """
        - {trigger: go, source: la, dest: fork, actions: [go]}
        - {trigger: go, source: ra, dest: rb}
        - {trigger: one, source: fork, dest: ld, guards: [{expr: n == 1}], actions: [one]}
        - {trigger: two, source: fork, dest: out, guards: [{expr: n == 2}]}
        """
    inside = _sent(_entity(states, moves, "par"), "go", payload={"n": 1})
    assert inside.actions == ["out_ra", "in_rb", "out_la", "go", "one", "in_lb", "in_ld"]
    assert _sent(_entity(states, moves, "par"), "go", payload={"n": 2}).state == "out"
    assert _sent(_entity(states, moves, "par"), "go").state == "par:left=la,right=rb"


# -- history ---------------------------------------------------------------------------------------------------

BACK = """
    - {trigger: go, source: par, dest: out}
    - {trigger: shallow, source: [out, par], dest: H(par)}
    - {trigger: deep, source: [out, par], dest: H*(par)}
    - {trigger: shallow_house, source: out, dest: H(house)}
    - {trigger: deep_house, source: out, dest: H*(house)}
    - {trigger: step, source: lb, dest: la}
    """


def test_every_state_that_is_left_records_the_position_in_it() -> None:
    """S4.1"""
    entity = _entity(STATES, BACK, "ld")
    there = "par:left=ld,right=ra"
    assert _sent(entity, "go").history_updates == {"lb": "ld", "par": there, "house": there}
    assert entity.history == {"lb": "ld", "par": there, "house": there}


def test_a_step_inside_a_region_records_what_it_leaves_only() -> None:
    """S4.1"""
    assert _sent(_entity(STATES, BACK, "ld"), "step").history_updates == {"lb": "ld"}


@pytest.mark.parametrize(
    ("trigger", "position"),
    [
        ("shallow", "par:left=lc,right=rb"),
        ("deep", "par:left=ld,right=rb"),
        ("shallow_house", "par:left=la,right=ra"),
        ("deep_house", "par:left=ld,right=rb"),
    ],
)
def test_history_brings_back_each_regions_state_or_all_of_it(trigger: str, position: str) -> None:
    """S4.2"""
    entity = _entity(STATES, f"{BACK}- {{trigger: both, source: ra, dest: rb}}", "ld")
    assert _sent(entity, "both", "go", trigger).state == position


def test_history_enters_in_the_order_of_any_entry() -> None:
    """S4.2, S6.1"""
    entity = _entity(STATES, BACK, "ld")
    entered = ["in_house", "in_par", "in_ra", "in_lb", "in_ld"]
    assert _sent(entity, "go", "deep").actions == ["out_out", *entered]


def test_history_from_inside_leads_back_to_where_the_entity_just_was() -> None:
    """S4.2"""
    entity = _entity(STATES, BACK, "ld")
    left = ["out_ld", "out_lb", "out_ra", "out_par"]
    assert _sent(entity, "deep").actions == [*left, "in_par", "in_ra", "in_lb", "in_ld"]
    assert _sent(entity, "shallow").actions == [*left, "in_par", "in_ra", "in_lb", "in_lc"]


def test_where_nothing_is_recorded_history_is_the_initial_position() -> None:
    """S4.2"""
    for trigger in ("shallow", "deep", "shallow_house", "deep_house"):
        assert _sent(_entity(STATES, BACK), trigger).state == "par:left=la,right=ra"


def test_shallow_history_of_a_region_with_a_parallel_state_in_it_starts_that_one_afresh() -> None:
    """S4.2: the direct child, then its initial position."""
    back = """
        - {trigger: go, source: par, dest: out}
        - {trigger: shallow, source: out, dest: H(par)}
        - {trigger: deep, source: out, dest: H*(par)}
        - {trigger: deep_box, source: out, dest: H*(box)}
        """
    fresh, exact = "par:left=(inner:d=da,u=ua),right=ra", "par:left=(inner:d=da,u=ub),right=ra"
    entity = _entity(NESTED, back, "ub")
    inner = "inner:d=da,u=ub"
    assert _sent(entity, "go").history_updates == {"inner": inner, "box": inner, "par": exact}
    assert _sent(entity, "deep").state == exact
    assert _sent(entity, "go", "deep_box").state == exact
    assert _sent(entity, "go", "shallow").state == fresh


# -- time ------------------------------------------------------------------------------------------------------


def test_timers_of_containers_and_regions_are_armed_in_the_order_of_entry() -> None:
    """S9.2"""
    timers = """
        - {source: la, after: 100, internal: true, actions: [la]}
        - {source: ra, after: 100, internal: true, actions: [ra]}
        - {source: par, after: 100, internal: true, actions: [par]}
        - {source: house, after: 100, internal: true, actions: [house]}
        - {trigger: go, source: out, dest: house}
        """
    entity = _entity(STATES, timers)
    assert [timer[0] for timer in _sent(entity, "go").armed] == ["house", "par", "ra", "la"]
    assert [outcome.actions for outcome in entity.advance(100)] == [["house"], ["par"], ["ra"], ["la"]]


def test_a_timer_asks_its_own_transition_only_and_may_leave_the_parallel_state() -> None:
    """S6.5, S9.4"""
    moves = """
        - {source: la, after: 100, dest: out, trigger: go}
        - {source: ra, dest: rb, trigger: go}
        - {source: par, after: 200, dest: house}
        """
    entity = _entity(STATES, moves, "par")
    (outcome,) = entity.advance(500)
    assert outcome.actions == ["out_la", "out_ra", "out_par", "out_house", "in_out"]
    assert outcome.disarmed == [("par", "_after_par_200_ms", 200)]


def test_a_timeout_of_a_compound_state_in_a_region_moves_that_region() -> None:
    """S9.3"""
    states = STATES.replace("{name: lb,", "{name: lb, timeout: {seconds: 1, destination: la},")
    entity = _entity(states, "[]", "ld")
    (outcome,) = entity.advance(1000)
    assert (outcome.actions, outcome.state) == (["out_ld", "out_lb", "in_la"], "par:left=la,right=ra")


def test_where_a_region_comes_to_its_end_its_timers_are_gone_and_no_others() -> None:
    """S1.3, S9.5"""
    states = STATES.replace("{name: ld, parent: lb}", "{name: ld, parent: lb, type: terminal}")
    moves = """
        - {trigger: go, source: lc, dest: ld}
        - {source: lb, after: 100, internal: true, actions: [lb]}
        - {source: ra, after: 100, internal: true, actions: [ra]}
        - {source: par, after: 100, internal: true, actions: [par]}
        """
    entity = _entity(states, moves, "lb")
    assert _sent(entity, "go").disarmed == [("lb", "_after_lb_100_ms", 100)]
    assert [outcome.actions for outcome in entity.advance(100)] == [["par"], ["ra"]]


def test_a_step_in_one_region_restarts_no_timer_of_another() -> None:
    """S9.2"""
    moves = """
        - {trigger: go, source: la, dest: la}
        - {source: la, after: 100, internal: true, actions: [la]}
        - {source: ra, after: 100, internal: true, actions: [ra]}
        """
    entity = _entity(STATES, moves, "par")
    entity.advance(50)
    assert _sent(entity, "go").armed == [("la", "_after_la_100_ms", 100)]
    assert [outcome.actions for outcome in entity.advance(50)] == [["ra"]]
    assert [outcome.actions for outcome in entity.advance(50)] == [["la"]]
