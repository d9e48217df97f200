"""Joins and automatic transitions among regions: when they fire, and in which order (S6.6, S7)."""

from __future__ import annotations

import pytest

from pystator_runtime import AutoTransitionLoopError, InvalidTransitionError, UndefinedTriggerError
from support.doors import audible, bound
from support.walks import Walker

PLAIN = """
      - {name: a}
      - {name: b}
      - {name: c}
      - {name: x}
      - {name: y}
      - {name: z}
      """
LEFT = "initial: a, states: [a, b, c]"
RIGHT = "initial: x, states: [x, y, z]"
DONE = "dest: done, actions: [joined]"


def joining(left: str, right: str, *more: str, states: str = PLAIN, join: str = DONE) -> str:
    """A machine of two regions, with `a` to `c` in the left one and `x` to `z` in the right one, and its join.

    ``more`` are further transitions.
    """
    further = "".join(f"\n      - {{{transition}}}" for transition in more)
    return f"""
    states:
      - {{name: idle, type: initial}}
      - name: p
        regions:
          - {{name: left, {left}}}
          - {{name: right, {right}}}
      - {{name: done}}
      - {{name: other}}
      {states}
    transitions:
      - {{trigger: go, source: idle, dest: p}}
      - {{trigger: _join_p, source: p, {join}}}
      - {{trigger: left, source: a, dest: b}}
      - {{trigger: right, source: x, dest: y}}
      - {{trigger: both, source: a, dest: b}}
      - {{trigger: both, source: x, dest: y}}{further}
    """


MACHINE = bound(joining(f"{LEFT}, final: b", f"{RIGHT}, final: y", "trigger: left, source: b, dest: c"))


# -- when a join fires (S6.6) ----------------------------------------------------------------------------------


def test_a_join_fires_when_every_region_has_finished_and_not_before(walk: Walker) -> None:
    """S6.6: in whatever order they do."""
    for first, second, between in (("left", "right", "p:left=b,right=x"), ("right", "left", "p:left=a,right=y")):
        entity = walk(MACHINE, "p")
        assert entity.go(first) == between
        assert entity.did(second) == ["joined"]
        assert entity.state == "done"


def test_a_join_follows_in_the_same_step_as_one_of_its_transitions(walk: Walker) -> None:
    """S7.1: told by its own name."""
    result = walk(MACHINE, "p").fire("both")
    assert [(str(step.source_state), str(step.target_state), step.trigger) for step in result.steps] == [
        ("a", "b", "both"),
        ("x", "y", "both"),
        ("p:left=b,right=y", "done", "_join_p"),
    ]


def test_a_region_is_finished_only_while_its_final_state_is_active(walk: Walker) -> None:
    """S6.6: one that goes on has not finished."""
    entity = walk(MACHINE, "p")
    assert entity.go("left", "left", "right") == "p:left=c,right=y"


def test_a_join_can_not_be_sent(walk: Walker) -> None:
    """S2.6."""
    assert isinstance(walk(MACHINE, "p").fire("_join_p").error, UndefinedTriggerError)
    assert "_join_p" not in [str(trigger) for trigger in MACHINE.triggers]


def test_a_region_may_finish_by_a_terminal_state_of_its_own(walk: Walker) -> None:
    """S6.6: without `final`."""
    states = PLAIN.replace("name: b", "name: b, type: terminal").replace("name: y", "name: y, type: terminal")
    entity = walk(bound(joining(LEFT, RIGHT, states=states)), "p")
    assert entity.go("left") == "p:left=b,right=x"
    assert entity.go("right") == "done"


def test_a_region_may_finish_by_any_of_several_states(walk: Walker) -> None:
    """S6.6: `final`, or a terminal one."""
    states = PLAIN.replace("name: c", "name: c, type: terminal")
    machine = bound(
        joining(f"{LEFT}, final: b", RIGHT, "trigger: over, source: a, dest: c", states=states),
    )
    assert walk(machine, "p").go("left") == "done"
    assert walk(machine, "p").go("over") == "done"


def test_a_region_that_can_not_finish_is_not_waited_for(walk: Walker) -> None:
    """S6.6: it is where it is when the others have."""
    machine = bound(joining(f"{LEFT}, final: b", RIGHT))
    assert walk(machine, "p").go("right", "left") == "done"
    assert walk(machine, "p").go("left") == "done"


def test_without_a_region_that_can_finish_a_join_never_fires(walk: Walker) -> None:
    """S6.6: at least one has to."""
    assert walk(bound(joining(LEFT, RIGHT)), "p").go("both") == "p:left=b,right=y"


def test_a_compound_final_state_counts_through_whatever_is_active_in_it(walk: Walker) -> None:
    """S6.6: itself or through a descendant."""
    states = PLAIN.replace("name: b", "name: b, initial_child: b1") + "- {name: b1, parent: b}"
    states = states.replace("name: c", "name: c, parent: b")
    machine = bound(
        joining(
            "initial: a, final: b, states: [a, b]",
            f"{RIGHT}, final: y",
            "trigger: on, source: b1, dest: c",
            states=states,
        )
    )
    assert walk(machine, "p").go("left", "right") == "done"
    assert walk(machine, "p").go("left", "on", "right") == "done"


INNER = """
    states:
      - name: p
        type: initial
        regions: [{{name: left, {left}}}, {{name: right, initial: x, final: y, states: [x, y]}}]
      - {{name: q, regions: [{{name: r, initial: a, states: [a, b]}}, {{name: s, initial: c}}]}}
      - {{name: a}}
      - {{name: b, type: {kind}}}
      - {{name: c}}
      - {{name: x}}
      - {{name: y}}
      - {{name: done}}
    transitions:
      - {{trigger: left, source: a, dest: b}}
      - {{trigger: right, source: x, dest: y}}
      - {{trigger: _join_p, source: p, dest: done}}
    """


@pytest.mark.parametrize(
    ("final", "events", "state"),
    [
        ("q", ["right"], "done"),
        ("b", ["right", "left"], "done"),
        ("b", ["right"], "p:left=(q:r=a,s=c),right=y"),
    ],
)
def test_a_region_may_be_finished_by_what_lies_in_a_parallel_state_further_inside(
    walk: Walker, final: str, events: list[str], state: str
) -> None:
    """S6.6: if `final` says so."""
    machine = bound(INNER.format(left=f"initial: q, final: {final}, states: [q]", kind="stable"))
    assert walk(machine).go(*events) == state


def test_a_terminal_state_further_inside_is_not_the_regions_own(walk: Walker) -> None:
    """S6.6: so the outer region can't finish and is not waited for."""
    machine = bound(INNER.format(left="initial: q, states: [q]", kind="terminal"))
    assert walk(machine).go("left") == "p:left=(q:r=b,s=c),right=x"
    assert walk(machine).go("right") == "done"


def test_a_join_may_be_guarded_and_is_asked_again_after_every_step(walk: Walker) -> None:
    """S6.6, S7.1: internal transitions and steps in other regions included."""
    join = "dest: done, guards: [{expr: 'n > 0'}]"
    touch = "trigger: touch, source: p, internal: true"
    entity = walk(bound(joining(f"{LEFT}, final: b", RIGHT, touch, join=join)), "p", {"n": 0})
    assert entity.go("left", "touch", "right") == "p:left=b,right=y"
    entity.fire("touch", n=1)
    assert entity.state == "done"


FINAL = (f"{LEFT}, final: b", f"{RIGHT}, final: y")


@pytest.mark.parametrize(("n", "state"), [(2, "other"), (1, "done"), (0, "p:left=b,right=y")])
def test_of_several_joins_the_first_that_holds_is_taken(walk: Walker, n: int, state: str) -> None:
    """S2.1, S2.2, S6.6: by priority."""
    join = "dest: done, guards: [{expr: 'n > 0'}], priority: 1"
    early = "trigger: _join_p, source: p, dest: other, guards: [{expr: 'n > 1'}]"
    assert walk(bound(joining(*FINAL, early, join=join)), "p", {"n": n}).go("both") == state


@pytest.mark.parametrize(("priority", "state"), [(-1, "other"), (1, "done")])
def test_a_join_is_one_of_the_automatic_candidates_of_its_level(walk: Walker, priority: int, state: str) -> None:
    """S6.6, S2.1: the others need no region to have finished."""
    other = f"auto: true, source: p, dest: other, priority: {priority}, guards: [{{expr: 'n > 0'}}]"
    machine = bound(joining(*FINAL, other))
    assert walk(machine, "p", {"n": 1}).go("both") == state
    assert walk(machine, "p", {"n": 1}).go("left") == "other"
    assert walk(machine, "p", {"n": 0}).go("both") == "done"


def test_automatic_transitions_in_regions_come_before_a_join(walk: Walker) -> None:
    """S6.6, S6.3: it is asked at the parallel state's own level, once no region goes on by itself."""
    machine = bound(joining(*FINAL, "auto: true, source: b, dest: c, guards: [{expr: 'n > 0'}], actions: [on]"))
    entity = walk(machine, "p", {"n": 1})
    assert entity.did("both") == ["on"]
    assert entity.state == "p:left=c,right=y"
    assert walk(machine, "p", {"n": 0}).go("both") == "done"


def test_regions_that_start_finished_join_as_they_are_entered(walk: Walker) -> None:
    """S6.6, S3.5, S7.1: by an event, and on creation."""
    machine = bound(audible(joining("initial: a, final: a", "initial: x, final: x", states=PLAIN)))
    entered, left = ["in_p", "in_a", "in_x"], ["out_x", "out_a", "out_p"]
    assert walk(machine, "idle").did("go") == ["out_idle", *entered, *left, "joined", "in_done"]
    assert machine.create(initial_state="p").current_state == "done"


def test_a_join_may_be_internal(walk: Walker) -> None:
    """S6.6, S3.4: guarded, or it would go on for ever."""
    join = "internal: true, guards: [{expr: 'n == 0'}], actions: [{increment: n}]"
    entity = walk(bound(joining(*FINAL, join=join)), "p", {"n": 0})
    assert entity.go("both") == "p:left=b,right=y"
    assert entity.context == {"n": 1}


def test_a_join_may_lead_back_in(walk: Walker) -> None:
    """S6.6, S3.2."""
    entity = walk(bound(audible(joining(*FINAL, join="dest: c"))), "p")
    assert entity.did("both")[-6:] == ["out_y", "out_b", "out_p", "in_p", "in_c", "in_x"]
    assert entity.state == "p:left=c,right=x"


def test_a_join_that_never_comes_to_rest_fails_the_step(walk: Walker) -> None:
    """S7.2: nothing of it is kept."""
    join = "internal: true, guards: [{expr: 'n >= 0'}], actions: [{increment: n}]"
    entity = walk(bound(joining(*FINAL, join=join)), "p", {"n": 0})
    result = entity.fire("both")
    assert isinstance(result.error, AutoTransitionLoopError)
    assert "'p:left=b,right=y' did not come to rest" in str(result.error)
    assert (entity.state, entity.context) == ("p:left=a,right=x", {"n": 0})


def test_the_join_of_an_inner_parallel_state_may_finish_the_region_around_it(walk: Walker) -> None:
    """S6.6, S6.7, S7.1: round after round."""
    machine = bound("""
        states:
          - name: p
            type: initial
            regions: [{name: one, initial: q, final: e, states: [q, e]}, {name: two, initial: x}]
          - name: q
            regions: [{name: r, initial: a, states: [a, b], final: b}, {name: s, initial: c, states: [c, d]}]
          - {name: a}
          - {name: b}
          - {name: c}
          - {name: d, type: terminal}
          - {name: e}
          - {name: x}
          - {name: done}
        transitions:
          - {trigger: r, source: a, dest: b}
          - {trigger: s, source: c, dest: d}
          - {trigger: _join_q, source: q, dest: e, actions: [inner]}
          - {trigger: _join_p, source: p, dest: done, actions: [outer]}
        """)
    entity = walk(machine)
    assert entity.go("r") == "p:one=(q:r=b,s=c),two=x"
    assert entity.did("s") == ["inner", "outer"]
    assert entity.state == "done"


# -- automatic transitions in regions (S7) ---------------------------------------------------------------------

AUTOMATIC = bound("""
    states:
      - {name: idle, type: initial}
      - name: p
        regions: [{name: one, initial: a, states: [a, b, c]}, {name: two, initial: x, states: [x, y, z]}]
      - {name: a}
      - {name: b}
      - {name: c}
      - {name: x}
      - {name: y}
      - {name: z}
      - {name: out}
    transitions:
      - {trigger: go, source: idle, dest: p, actions: [{set: {n: 0}}]}
      - {trigger: step, source: a, dest: b, actions: [{increment: n}]}
      - {trigger: tell, source: p, internal: true}
      - {auto: true, source: b, dest: c, guards: [{expr: "n == 1"}], actions: [{increment: n}, one]}
      - {auto: true, source: x, dest: y, guards: [{expr: "n == 1"}], actions: [two]}
      - {auto: true, source: y, dest: z, guards: [{expr: "n == 2"}], actions: [three]}
      - {auto: true, source: z, dest: out, guards: [{expr: "n > 4"}], actions: [four]}
      - {auto: true, source: p, dest: idle, guards: [{expr: "n == 4"}], actions: [five]}
    """)


def test_in_one_round_every_region_may_go_on_and_each_round_sees_the_effects_before_it(walk: Walker) -> None:
    """S7.1, S6.3: within a round all by the same context."""
    entity = walk(AUTOMATIC)
    entity.go("go")
    result = entity.fire("step")
    assert list(result.all_actions) == ["one", "two", "three"]
    assert [(step.source_state, step.target_state, step.trigger) for step in result.steps] == [
        ("a", "b", "step"),
        ("b", "c", "_auto_b"),
        ("x", "y", "_auto_x"),
        ("y", "z", "_auto_y"),
    ]
    assert (entity.state, entity.context["n"]) == ("p:one=c,two=z", 2)


def test_automatic_transitions_follow_internal_steps_and_steps_in_other_regions(walk: Walker) -> None:
    """S7.1."""
    entity = walk(AUTOMATIC, "p", {"n": 0})
    assert list(entity.fire("tell", n=1).all_actions) == ["two"]
    assert list(entity.fire("tell", n=2).all_actions) == ["three"]


def test_an_automatic_transition_may_leave_from_a_region_or_at_the_own_level(walk: Walker) -> None:
    """S7.1, S6.5."""
    entity = walk(AUTOMATIC, "p:one=a,two=z", {"n": 0})
    assert list(entity.fire("tell", n=5).all_actions) == ["four"]
    assert entity.state == "out"
    entity = walk(AUTOMATIC, "p", {"n": 0})
    assert list(entity.fire("tell", n=4).all_actions) == ["five"]
    assert entity.state == "idle"


def test_automatic_transitions_are_not_asked_after_an_event_that_is_not_taken(walk: Walker) -> None:
    """S7.1."""
    entity = walk(AUTOMATIC, "p:one=c,two=x", {"n": 0})
    assert isinstance(entity.fire("step", n=1).error, InvalidTransitionError)
    assert entity.state == "p:one=c,two=x"


def test_regions_that_drive_each_other_for_ever_fail_the_step(walk: Walker) -> None:
    """S7.2: the rounds of all regions count as one."""
    machine = bound(
        """
        states:
          - {name: p, type: initial, regions: [{name: one, initial: a}, {name: two, initial: b}]}
          - {name: a}
          - {name: b}
        transitions:
          - {trigger: go, source: a, internal: true, actions: [{increment: n}]}
          - {auto: true, source: a, internal: true, guards: [{expr: "n % 2 == 1"}], actions: [{increment: n}]}
          - {auto: true, source: b, internal: true, guards: [is_low_and_even], actions: [{increment: n}]}
        """,
        guards={"is_low_and_even": lambda ctx: 0 < ctx["n"] < ctx["most"] and ctx["n"] % 2 == 0},
    )
    entity = walk(machine, "p", {"n": 0, "most": 100})
    entity.go("go")
    assert entity.context["n"] == 100
    entity = walk(machine, "p", {"n": 0, "most": 102})
    assert isinstance(entity.fire("go").error, AutoTransitionLoopError)
    assert entity.context["n"] == 0
