"""Regions: how they are entered and left, and what one event does in several of them (S6.1, S6.3 to S6.5)."""

from __future__ import annotations

import pytest

from pystator_runtime import InvalidTransitionError, TerminalStateError, UndefinedTriggerError
from support.doors import audible, bound
from support.walks import Walker

YAML = audible("""
    states:
      - {name: idle, type: initial}
      - name: house
        initial_child: hall
      - {name: hall, parent: house}
      - name: run
        parent: house
        entry_points: [b2]
        regions:
          - {name: right, initial: r1, states: [r1, r2, which]}
          - {name: left, initial: box, states: [box, l2]}
          - {name: mid, initial: m1, states: [m1, m2]}
      - {name: r1}
      - {name: r2}
      - {name: which, type: choice}
      - {name: box, initial_child: b1}
      - {name: b1, parent: box}
      - {name: b2, parent: box}
      - {name: l2}
      - {name: m1}
      - {name: m2}
      - {name: away}
    transitions:
      - {trigger: go, source: idle, dest: run, actions: [go]}
      - {trigger: point, source: idle, dest: "run:b2"}
      - {trigger: to_r2, source: [idle, hall], dest: r2}
      - {trigger: to_box, source: idle, dest: box}
      - {trigger: chosen, source: idle, dest: which}
      - {trigger: x, source: which, dest: r2, guards: [{expr: "n > 0"}]}
      - {trigger: x, source: which, dest: r1, actions: [by_choice]}
      - {trigger: both, source: r1, dest: r2, actions: [right]}
      - {trigger: both, source: b1, dest: b2, actions: [left]}
      - {trigger: one, source: r1, dest: r2}
      - {trigger: one, source: run, dest: away}
      - {trigger: inner, source: b1, internal: true, actions: [inner]}
      - {trigger: inner, source: box, dest: l2}
      - {trigger: inner, source: run, dest: away}
      - {trigger: reset, source: run, dest: run, actions: [reset]}
      - {trigger: stay, source: run, internal: true, actions: [stay]}
      - {trigger: inside, source: run, dest: b2}
      - {trigger: house, source: run, dest: house}
      - {trigger: out, source: run, dest: away, actions: [out]}
      - {trigger: flee, source: b2, dest: away, actions: [flee]}
      - {trigger: flee, source: r2, dest: hall, actions: [sidle]}
      - {trigger: flee, source: m1, dest: m2}
      - {trigger: home, source: house, dest: idle}
      - {trigger: up, source: b1, dest: run}
      - {trigger: anywhere, source: "*", dest: away, actions: [from_anywhere]}
      - {trigger: anywhere, source: r2, dest: r1}
      - {trigger: anywhere, source: house, dest: hall, guards: [{expr: "n > 1"}]}
      - {trigger: in_right, source: "*", region: right, dest: r1, actions: [last_in_right]}
      - {trigger: in_right, source: r1, dest: r2}
      - {trigger: in_right, source: b1, dest: b2}
      - {trigger: twice, source: b1, dest: l2, guards: [{expr: "False"}]}
""")
MACHINE = bound(YAML)


def run(right: str = "r1", left: str = "b1", mid: str = "m1") -> str:
    """What is active in `run`, as it is written."""
    return f"run:left={left},mid={mid},right={right}"


IN_RUN = ["in_house", "in_run", "in_r1", "in_box", "in_b1", "in_m1"]
OUT_OF_RUN = ["out_m1", "out_b1", "out_box", "out_r1", "out_run"]


# -- entering (S6.1) -------------------------------------------------------------------------------------------


def test_a_parallel_state_is_entered_and_then_each_region_in_order_of_definition(walk: Walker) -> None:
    """S6.1, S3.3: down to their initial leaves."""
    entity = walk(MACHINE)
    assert entity.did("go") == ["out_idle", "go", *IN_RUN]
    assert entity.state == run()


@pytest.mark.parametrize(
    ("trigger", "state", "entered"),
    [
        ("to_r2", run(right="r2"), ["in_r2", "in_box", "in_b1", "in_m1"]),
        ("to_box", run(), ["in_r1", "in_box", "in_b1", "in_m1"]),
        ("point", run(left="b2"), ["in_r1", "in_box", "in_b2", "in_m1"]),
    ],
)
def test_a_destination_in_a_region_enters_that_region_there_and_the_others_at_their_initials(
    walk: Walker, trigger: str, state: str, entered: list[str]
) -> None:
    """S6.1, S1.2, S12.2: in order of definition all the same."""
    entity = walk(MACHINE)
    assert entity.did(trigger) == ["out_idle", "in_house", "in_run", *entered]
    assert entity.state == state


def test_a_choice_may_lead_into_a_region(walk: Walker) -> None:
    """S7.3, S6.1: domain, exit and entry are those of the whole way."""
    assert walk(MACHINE, "idle", {"n": 1}).go("chosen") == run(right="r2")
    entity = walk(MACHINE, "idle", {"n": 0})
    assert entity.did("chosen") == ["out_idle", "by_choice", *IN_RUN]


def test_entering_from_where_its_own_parent_is_active_leaves_that_alone(walk: Walker) -> None:
    """S3.1."""
    assert walk(MACHINE, "hall").did("to_r2") == ["out_hall", "in_run", "in_r2", "in_box", "in_b1", "in_m1"]


@pytest.mark.parametrize(
    ("named", "state"),
    [
        ("run", run()),
        ("house", "hall"),
        ("r2", run(right="r2")),
        ("box", run()),
        ("b2", run(left="b2")),
        (run(right="r2", mid="m2"), run(right="r2", mid="m2")),
        ("run:right=r2,left=b1,mid=m2", run(right="r2", mid="m2")),
    ],
)
def test_an_entity_may_be_put_into_a_configuration_by_any_of_its_names(walk: Walker, named: str, state: str) -> None:
    """S1.2, S6.2: the name of a region's state means the others at their initials."""
    assert walk(MACHINE, named).state == state
    assert str(MACHINE.create("e1", {"n": 0}, named).current_state) == state
    assert str(MACHINE.process(named, "reset", {}).source_state) == state


def test_creating_an_entity_in_a_region_enters_everything_around_it() -> None:
    """S3.5."""
    session = MACHINE.create("e1", {}, "b2", execute_actions=True, history=1)
    assert str(session.current_state) == run(left="b2")
    assert (session.is_house, session.is_run, session.is_r1, session.is_box, session.is_m1) == (True,) * 5


ROOT = bound(
    audible("""
    states:
      - name: all
        type: initial
        regions: [{name: b, initial: b1, states: [b1, b2]}, {name: a, initial: a1, states: [a1, a2]}]
      - {name: a1}
      - {name: a2}
      - {name: b1, on_enter: [{increment: n}]}
      - {name: b2}
    transitions:
      - {trigger: go, source: a1, dest: a2}
      - {trigger: go, source: b1, dest: b2}
      - {trigger: again, source: all, dest: all}
    """)
)


def test_an_entity_may_come_into_being_in_a_configuration(walk: Walker) -> None:
    """S1.2, S3.5: the initial state may have regions."""
    entity = walk(ROOT)
    assert entity.result.all_actions == ("in_all", "in_b1", "in_a1")
    assert (entity.state, entity.context) == ("all:a=a1,b=b1", {"n": 1})
    assert ROOT.get_initial_state().to_string() == "all:a=a1,b=b1"
    assert entity.go("go") == "all:a=a2,b=b2"
    assert entity.go("again") == "all:a=a1,b=b1"
    assert entity.context == {"n": 2}


# -- one event (S6.3) ------------------------------------------------------------------------------------------


def test_each_region_takes_an_event_by_a_transition_of_its_own_one_after_the_other(walk: Walker) -> None:
    """S6.3: in order of definition, and all of their actions are in the one result."""
    entity = walk(MACHINE, "run")
    assert entity.did("both") == ["out_r1", "right", "in_r2", "out_b1", "left", "in_b2"]
    assert entity.state == run(right="r2", left="b2")


def test_a_result_tells_the_transitions_of_the_regions_apart(walk: Walker) -> None:
    """S6.3; docs/generated-module.md#results: the three action fields are the first one's."""
    result = walk(MACHINE, "run").fire("both")
    assert [(step.source_state, step.target_state, step.trigger) for step in result.steps] == [
        ("r1", "r2", "both"),
        ("b1", "b2", "both"),
    ]
    assert [spec.name for spec in result.on_exit_actions] == ["out_r1"]
    assert [spec.name for spec in result.actions_to_execute] == ["right"]
    assert [spec.name for spec in result.on_enter_actions] == ["in_r2"]
    assert (str(result.source_state), str(result.target_state)) == (run(), run(right="r2", left="b2"))


def test_a_region_that_has_nothing_for_an_event_stays_as_it_is(walk: Walker) -> None:
    """S6.3, S1.1: a step inside one region never touches another."""
    entity = walk(MACHINE, run(right="r2"))
    assert entity.did("both") == ["out_b1", "left", "in_b2"]
    assert entity.state == run(right="r2", left="b2")
    assert not entity.fire("both").success


def test_the_parallel_state_itself_is_asked_only_if_no_region_takes_the_event(walk: Walker) -> None:
    """S6.3."""
    entity = walk(MACHINE, "run")
    assert entity.go("one") == run(right="r2")
    assert entity.go("one") == "away"


def test_within_a_region_inner_levels_come_first(walk: Walker) -> None:
    """S6.3, S2.1."""
    entity = walk(MACHINE, "run")
    assert entity.did("inner") == ["inner"]
    assert walk(MACHINE, run(left="b2")).go("inner") == run(left="l2")
    assert walk(MACHINE, run(left="l2")).go("inner") == "away"


def test_what_is_around_a_parallel_state_is_asked_last(walk: Walker) -> None:
    """S6.3, S2.1."""
    entity = walk(MACHINE, "run")
    assert entity.did("home") == [*OUT_OF_RUN, "out_house", "in_idle"]


EFFECTS = bound("""
    states:
      - {name: p, type: initial, regions: [{name: a, initial: a1, states: [a1, a2]}, {name: b, initial: b1}]}
      - {name: a1}
      - {name: a2}
      - {name: b1}
      - {name: over}
    transitions:
      - {trigger: go, source: a1, dest: a2, guards: [{expr: "n == 0"}], actions: [{increment: n}, first]}
      - {trigger: go, source: b1, dest: b1, guards: [{expr: "n == 0"}], actions: [{compute: {m: "n * 10"}}, second]}
      - {trigger: go, source: a2, internal: true, guards: [{expr: "n == 1"}], actions: [{increment: n}]}
      - {trigger: go, source: b1, internal: true, guards: [{expr: "n == 2"}], actions: [late]}
      - {trigger: told, source: a1, internal: true, actions: [{increment: n}]}
      - {trigger: told, source: b1, internal: true, actions: [{name: second, when: "n == 1"}, {increment: n}]}
      - {trigger: break, source: a1, dest: a2, actions: [{increment: n}, first]}
      - {trigger: break, source: b1, internal: true, actions: [{compute: {n: "1 / zero"}}, second]}
    """)


def test_all_regions_choose_by_the_context_before_any_effect(walk: Walker) -> None:
    """S6.3: what the first region writes does not count, neither for nor against."""
    entity = walk(EFFECTS, "p", {"n": 0})
    assert entity.did("go") == ["first", "second"]
    assert entity.did("go") == []
    assert (entity.state, entity.context["n"]) == ("p:a=a2,b=b1", 2)


def test_effects_and_conditions_see_what_the_regions_before_have_written(walk: Walker) -> None:
    """S8.2, S8.5: planned order runs through all regions."""
    entity = walk(EFFECTS, "p", {"n": 0})
    entity.go("go")
    assert entity.context == {"n": 1, "m": 10}
    entity = walk(EFFECTS, "p", {"n": 0})
    assert entity.did("told") == ["second"]
    assert entity.context == {"n": 2}


def test_an_effect_that_fails_in_one_region_fails_the_step_in_all(walk: Walker) -> None:
    """S8.2."""
    entity = walk(EFFECTS, "p", {"n": 0, "zero": 0})
    result = entity.fire("break")
    assert type(result.error).__name__ == "ActionError"
    assert (entity.state, entity.context) == ("p:a=a1,b=b1", {"n": 0, "zero": 0})


def test_a_payload_is_seen_in_every_region_and_kept(walk: Walker) -> None:
    """S8.3."""
    entity = walk(EFFECTS, "p", {})
    assert list(entity.fire("go", n=0, word="x").all_actions) == ["first", "second"]
    assert entity.context == {"n": 1, "m": 10, "word": "x"}


# -- what is not taken (S2.4) ----------------------------------------------------------------------------------

REFUSING = """
    meta: {{strict_mode: {strict}}}
    states:
      - {{name: p, type: initial, regions: [{{name: a, initial: a1, states: [a1, a2]}}, {{name: b, initial: b1}}]}}
      - {{name: a1}}
      - {{name: a2, type: terminal}}
      - {{name: b1}}
      - {{name: out}}
    transitions:
      - {{trigger: go, source: a1, dest: a2, guards: [{{expr: "n == 1"}}]}}
      - {{trigger: go, source: b1, dest: b1, guards: [{{expr: "n == 2"}}]}}
      - {{trigger: go, source: p, dest: out, guards: [{{expr: "n == 3"}}]}}
      - {{trigger: back, source: out, dest: p}}
      - {{trigger: _join_p, source: p, dest: out, guards: [{{expr: "n == 1"}}]}}
    """


def test_an_event_that_no_level_takes_tells_the_guards_of_all_of_them(walk: Walker) -> None:
    """S2.4, S6.3: in the order in which they were asked."""
    entity = walk(bound(REFUSING.format(strict="true")), "p", {"n": 0})
    result = entity.fire("go")
    assert (result.metadata["reason"], str(result.source_state)) == ("guards_failed", "p:a=a1,b=b1")
    assert [verdict["guard"] for verdict in result.metadata["guards"]] == ["n == 1", "n == 2", "n == 3"]
    assert "'go' is not possible from 'p:a=a1,b=b1' now" in str(result.error)


@pytest.mark.parametrize(
    ("trigger", "kind", "message"),
    [
        ("back", InvalidTransitionError, "'back' leads nowhere from 'p:a=a1,b=b1'; possible there: 'go'"),
        ("_join_p", UndefinedTriggerError, "has no trigger '_join_p'"),
        ("unheard_of", UndefinedTriggerError, "has no trigger 'unheard_of'"),
    ],
)
def test_an_event_that_is_known_elsewhere_or_nowhere_is_refused(
    walk: Walker, trigger: str, kind: type[Exception], message: str
) -> None:
    """S2.4, S2.6: the configuration is told in writing."""
    result = walk(bound(REFUSING.format(strict="true")), "p", {"n": 0}).fire(trigger)
    assert type(result.error) is kind
    assert message in str(result.error)


def test_without_strictness_what_no_region_knows_is_ignored(walk: Walker) -> None:
    """S6.3, S2.4: but failed guards are told."""
    entity = walk(bound(REFUSING.format(strict="false")), "p", {"n": 0})
    result = entity.fire("back")
    assert (result.success, result.metadata["no_op"], str(result.target_state)) == (True, True, "p:a=a1,b=b1")
    assert not entity.fire("go").success


def test_a_terminal_state_in_a_region_ends_that_region_only(walk: Walker) -> None:
    """S1.3: the others and the parallel state's own level still apply, and the entity is not final."""
    machine = bound(REFUSING.format(strict="true"))
    entity = walk(machine, "p:a=a2,b=b1", {"n": 2})
    assert entity.go("go") == "p:a=a2,b=b1"
    assert not machine.is_terminal("p:a=a2,b=b1")
    assert walk(machine, "p:a=a2,b=b1", {"n": 3}).go("go") == "out"
    assert not isinstance(walk(machine, "p:a=a2,b=b1", {"n": 9}).fire("back").error, TerminalStateError)


# -- from anywhere, and in one region (S2.3, S6.4) -------------------------------------------------------------


def test_from_anywhere_is_asked_once_after_the_regions_and_all_that_is_around(walk: Walker) -> None:
    """S2.3: not once per region."""
    entity = walk(MACHINE, "run", {"n": 0})
    assert entity.did("anywhere") == [*OUT_OF_RUN, "out_house", "from_anywhere", "in_away"]
    assert walk(MACHINE, run(right="r2"), {"n": 0}).go("anywhere") == run(right="r1")
    assert walk(MACHINE, "run", {"n": 2}).go("anywhere") == "hall"


def test_from_anywhere_in_a_region_is_asked_last_within_that_region(walk: Walker) -> None:
    """S2.3, S6.4: and only there."""
    entity = walk(MACHINE, "run")
    assert entity.did("in_right") == ["out_r1", "in_r2", "out_b1", "in_b2"]
    assert entity.did("in_right") == ["out_r2", "last_in_right", "in_r1"]
    assert not walk(MACHINE, "idle").fire("in_right").success


def test_from_anywhere_in_a_region_holds_on_all_levels_in_it_but_not_in_parallel_states_further_inside(
    walk: Walker,
) -> None:
    """S2.3, S6.4: those are left as a whole."""
    machine = bound(
        audible("""
        states:
          - {name: p, type: initial, regions: [{name: r, initial: c, states: [c, d]}, {name: s, initial: e}]}
          - {name: c, initial_child: c1}
          - {name: c1, parent: c}
          - {name: q, parent: c, regions: [{name: t, initial: q1, states: [q1]}, {name: u, initial: q2}]}
          - {name: q1}
          - {name: q2}
          - {name: d}
          - {name: e}
        transitions:
          - {trigger: deep, source: c1, dest: q}
          - {trigger: any, source: "*", region: r, dest: d}
        """)
    )
    assert walk(machine).go("any") == "p:r=d,s=e"
    entity = walk(machine)
    assert entity.go("deep") == "p:r=(q:t=q1,u=q2),s=e"
    assert entity.did("any") == ["out_q2", "out_q1", "out_q", "out_c", "in_d"]


def test_a_transition_may_say_the_region_that_its_sources_lie_in(walk: Walker) -> None:
    """S6.4: it changes nothing."""
    machines = [
        bound(f"""
            states:
              - {{name: p, type: initial, regions: [{{name: r, initial: a, states: [a, b]}}, {{name: s, initial: c}}]}}
              - {{name: a}}
              - {{name: b}}
              - {{name: c}}
            transitions: [{{trigger: go, source: [a, b], dest: b{region}}}]
        """)
        for region in ("", ", region: r")
    ]
    results = [walk(machine).fire("go") for machine in machines]
    assert [(str(r.target_state), r.all_actions) for r in results] == [("p:r=b,s=c", ())] * 2


# -- leaving (S6.5, S3) ----------------------------------------------------------------------------------------


def test_leaving_exits_the_last_region_first_each_innermost_first_and_then_the_parallel_state(walk: Walker) -> None:
    """S6.5, S3.2."""
    assert walk(MACHINE, "run").did("out") == [*OUT_OF_RUN, "out_house", "out", "in_away"]


def test_a_transition_that_leaves_is_taken_alone(walk: Walker) -> None:
    """S6.5: the first such pick, and no other region's, whether it stays or leaves too."""
    entity = walk(MACHINE, run(right="r2", left="b2"))
    result = entity.fire("flee")
    assert list(result.all_actions) == ["out_m1", "out_b2", "out_box", "out_r2", "out_run", "sidle", "in_hall"]
    assert len(result.steps) == 1
    assert entity.state == "hall"


def test_a_region_that_stays_does_nothing_if_a_later_one_leaves(walk: Walker) -> None:
    """S6.5: also the region before it."""
    machine = bound(
        audible("""
        states:
          - {name: p, type: initial, regions: [{name: a, initial: a1, states: [a1, a2]}, {name: b, initial: b1}]}
          - {name: a1}
          - {name: a2}
          - {name: b1}
          - {name: out}
        transitions:
          - {trigger: go, source: a1, dest: a2, actions: [{increment: n}]}
          - {trigger: go, source: b1, dest: out, guards: [{expr: "leave"}]}
        """)
    )
    entity = walk(machine, "p", {"leave": True})
    assert entity.did("go") == ["out_b1", "out_a1", "out_p", "in_out"]
    assert entity.context == {"leave": True}
    assert walk(machine, "p", {"leave": False}).go("go") == "p:a=a2,b=b1"


def test_the_step_of_a_transition_that_leaves_a_region_starts_where_it_was_written(walk: Walker) -> None:
    """docs/generated-module.md#results"""
    (step,) = walk(MACHINE, run(left="b2")).fire("flee").steps
    assert (step.source_state, step.target_state) == ("b2", "away")
    (step,) = walk(MACHINE, "run").fire("out").steps
    assert (str(step.source_state), step.target_state) == (run(), "away")


def test_a_self_transition_leaves_and_enters_the_parallel_state_with_all_regions(walk: Walker) -> None:
    """S3.2: other regions at their initials."""
    entity = walk(MACHINE, run(right="r2", mid="m2"))
    assert entity.did("reset") == ["out_m2", "out_b1", "out_box", "out_r2", "out_run", "reset", *IN_RUN[1:]]
    assert entity.state == run()


def test_an_internal_transition_of_a_parallel_state_leaves_all_regions_alone(walk: Walker) -> None:
    """S3.4."""
    entity = walk(MACHINE, run(right="r2", mid="m2"))
    assert entity.did("stay") == ["stay"]
    assert entity.state == run(right="r2", mid="m2")


def test_a_transition_from_a_parallel_state_to_its_own_inside_leaves_and_enters_it(walk: Walker) -> None:
    """S3.1, S3.2: the parallel state stands for the active leaf."""
    entity = walk(MACHINE, run(right="r2", mid="m2"))
    assert entity.did("inside") == [
        *("out_m2", "out_b1", "out_box", "out_r2", "out_run"),
        *("in_run", "in_r1", "in_box", "in_b2", "in_m1"),
    ]
    assert entity.state == run(left="b2")


def test_a_transition_from_a_region_to_its_own_parallel_state_leaves_and_enters_it(walk: Walker) -> None:
    """S3.1: the declared destination is always entered."""
    entity = walk(MACHINE, run(right="r2"))
    assert entity.did("up") == ["out_m1", "out_b1", "out_box", "out_r2", "out_run", *IN_RUN[1:]]
    assert entity.state == run()


def test_a_transition_to_the_compound_around_enters_that_again(walk: Walker) -> None:
    """S3.2."""
    entity = walk(MACHINE, "run")
    assert entity.did("house") == [*OUT_OF_RUN, "out_house", "in_house", "in_hall"]


# -- asking ----------------------------------------------------------------------------------------------------


def test_every_active_state_is_told(walk: Walker) -> None:
    """S1.5: each region's leaf, what lies around it there, the parallel state and all around that."""
    entity = walk(MACHINE, run(right="r2"))
    assert entity.active == ["b1", "box", "m1", "r2", "run", "house"]


def test_the_triggers_of_a_configuration_are_those_of_its_regions_and_of_its_own_level() -> None:
    """In order of definition, whatever the guards will say."""
    expected = ["both", "one", "inner", "reset", "stay", "inside", "house", "out", "flee", "home", "up", "anywhere"]
    assert MACHINE.get_available_triggers("run") == [*expected, "in_right", "twice"]
    assert MACHINE.get_available_triggers(MACHINE.enter_parallel_state("run")) == [*expected, "in_right", "twice"]
    assert "both" not in MACHINE.get_available_triggers(run(right="r2", left="b2"))
    session = MACHINE.create("e1", {}, run(right="r2", left="l2", mid="m2"))
    assert session.allowed_triggers == [
        *("one", "inner", "reset", "stay", "inside", "house", "out", "flee", "home", "anywhere", "in_right")
    ]


@pytest.mark.parametrize(("trigger", "can"), [("both", True), ("twice", False), ("go", False)])
def test_whether_an_event_would_be_taken_in_a_configuration_can_be_asked(trigger: str, can: bool) -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    for state in ("run", run(), MACHINE.enter_parallel_state("run")):
        assert MACHINE.can_transition(state, trigger, {}) is can


def test_a_region_may_be_alone_and_is_a_region_all_the_same(walk: Walker) -> None:
    machine = bound(
        audible("""
        states:
          - {name: p, type: initial, regions: [{name: only, initial: a, states: [a, b]}]}
          - {name: a}
          - {name: b}
        transitions: [{trigger: go, source: a, dest: b}, {trigger: go, source: p, dest: a}]
        """)
    )
    entity = walk(machine)
    assert entity.go("go") == "p:only=b"
    assert entity.did("go") == ["out_b", "out_p", "in_p", "in_a"]


def test_many_regions_take_one_event(walk: Walker) -> None:
    """S6.3: in order of definition, not of names."""
    numbers = [7, 3, 11, 1, 20, *range(30, 60)]
    regions = ", ".join(f"{{name: r{n}, initial: a{n}, states: [a{n}, b{n}]}}" for n in numbers)
    states = "".join(f"\n      - {{name: a{n}}}\n      - {{name: b{n}, on_enter: [in_{n}]}}" for n in numbers)
    moves = "".join(f"\n      - {{trigger: go, source: a{n}, dest: b{n}}}" for n in numbers)
    machine = bound(f"""
    states:
      - {{name: p, type: initial, regions: [{regions}]}}{states}
    transitions:{moves}
    """)
    entity = walk(machine)
    assert entity.did("go") == [f"in_{n}" for n in numbers]
    assert all(entity.at(f"r{n}") == f"b{n}" for n in numbers)


# -- in one another (S6.7) -------------------------------------------------------------------------------------

NESTED = bound(
    audible("""
    states:
      - {name: idle, type: initial}
      - name: outer
        regions:
          - {name: one, initial: a, states: [a, c]}
          - {name: two, initial: x, states: [x, y]}
      - {name: a}
      - {name: c, initial_child: c1}
      - {name: c1, parent: c}
      - name: inner
        parent: c
        regions:
          - {name: two, initial: i1, states: [i1, i2]}
          - {name: one, initial: j1, states: [j1, j2]}
      - {name: i1}
      - {name: i2}
      - {name: j1}
      - {name: j2}
      - {name: x}
      - {name: y}
    transitions:
      - {trigger: go, source: idle, dest: outer}
      - {trigger: straight, source: idle, dest: j2}
      - {trigger: in, source: a, dest: j2, actions: [deep]}
      - {trigger: all, source: i1, dest: i2}
      - {trigger: all, source: j1, dest: j2}
      - {trigger: all, source: x, dest: y}
      - {trigger: some, source: i1, dest: c1, actions: [some]}
      - {trigger: some, source: j1, dest: j2}
      - {trigger: some, source: x, dest: y}
      - {trigger: none, source: inner, internal: true, actions: [of_inner]}
      - {trigger: none, source: c, internal: true, actions: [of_c]}
      - {trigger: none, source: outer, internal: true, actions: [of_outer]}
      - {trigger: far, source: j1, dest: idle}
      - {trigger: far, source: x, dest: y}
      - {trigger: far, source: i1, dest: i2}
      - {trigger: reset, source: inner, dest: inner}
      - {trigger: leave, source: c, dest: a}
    """)
)


def nested(two: str = "i1", one: str = "j1", beside: str = "x") -> str:
    return f"outer:one=(inner:one={one},two={two}),two={beside}"


def test_a_parallel_state_in_a_region_is_entered_with_all_that_is_around_it(walk: Walker) -> None:
    """S6.1, S6.7: from outside of both, and from within the outer one."""
    entity = walk(NESTED)
    assert entity.did("straight") == ["out_idle", "in_outer", "in_c", "in_inner", "in_i1", "in_j2", "in_x"]
    assert entity.state == nested(one="j2")
    entity = walk(NESTED, "outer")
    assert entity.did("in") == ["out_a", "deep", "in_c", "in_inner", "in_i1", "in_j2"]
    assert entity.state == nested(one="j2")


def test_regions_within_regions_take_an_event_in_order_of_definition(walk: Walker) -> None:
    """S6.3, S6.7."""
    entity = walk(NESTED, "inner")
    assert entity.did("all") == ["out_i1", "in_i2", "out_j1", "in_j2", "out_x", "in_y"]
    assert entity.state == nested("i2", "j2", "y")


def test_what_leaves_an_inner_parallel_state_is_alone_there_and_not_in_the_outer_one(walk: Walker) -> None:
    """S6.5: it is what that region of the outer one does."""
    entity = walk(NESTED, "inner")
    assert entity.did("some") == ["out_j1", "out_i1", "out_inner", "some", "in_c1", "out_x", "in_y"]
    assert entity.state == "outer:one=c1,two=y"


def test_what_leaves_both_is_alone_in_both(walk: Walker) -> None:
    """S6.5."""
    entity = walk(NESTED, "inner")
    assert entity.did("far") == ["out_x", "out_j1", "out_i1", "out_inner", "out_c", "out_outer", "in_idle"]


def test_levels_are_asked_from_the_inner_parallel_state_outward(walk: Walker) -> None:
    """S6.3, S2.1."""
    assert walk(NESTED, "inner").did("none") == ["of_inner"]
    assert walk(NESTED, "c").did("none") == ["of_c"]
    assert walk(NESTED, "outer").did("none") == ["of_outer"]


def test_a_self_transition_of_the_inner_one_does_not_touch_the_outer_one(walk: Walker) -> None:
    """S3.1."""
    entity = walk(NESTED, nested("i2", "j2", "y"))
    assert entity.did("reset") == ["out_j2", "out_i2", "out_inner", "in_inner", "in_i1", "in_j1"]
    assert entity.state == nested(beside="y")


def test_leaving_the_compound_around_the_inner_one_leaves_both(walk: Walker) -> None:
    """S3.2, S6.5."""
    entity = walk(NESTED, "inner")
    assert entity.did("leave") == ["out_j1", "out_i1", "out_inner", "out_c", "in_a"]


def test_fifty_parallel_states_in_one_another_are_entered_and_left(walk: Walker) -> None:
    """S6.7: as deep as they may go."""
    around = "".join(
        f"\n      - {{name: p{n}, on_enter: [in_{n}],"
        f" regions: [{{name: r, initial: p{n + 1}}}, {{name: q, initial: q{n}}}]}}"
        f"\n      - {{name: q{n}}}"
        for n in range(50)
    )
    machine = bound(f"""
    states:
      - {{name: a, type: initial}}{around}
      - {{name: p50}}
      - {{name: done}}
    transitions:
      - {{trigger: go, source: a, dest: p50}}
      - {{trigger: leave, source: p50, dest: done}}
      - {{trigger: go, source: q49, internal: true, actions: [deep]}}
    """)
    entity = walk(machine)
    assert entity.did("go") == [f"in_{n}" for n in range(50)]
    assert entity.did("go") == ["deep"]
    assert entity.go("leave") == "done"
