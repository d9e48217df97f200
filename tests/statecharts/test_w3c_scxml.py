"""The structural cases of W3C's SCXML Implementation Report Plan, said in this format.

Written from what each test is about, by number; none of its text is here. The suite drives itself: states raise
events as they are entered, and end in `pass` or `fail`. Here the test sends the events and looks at the outcome, or
automatic transitions drive where raised events only say "go on". What a case asks beyond that and can't be said here
(`In()`, `raise`, `done.state` events, content of `<initial>` and of default history) is named in its docstring. Seven
differences are by design; what of a case they decide is left out:

* The domain is that of the active leaf and the destination, so a transition from a compound state to a state inside
  does not leave the compound, whether SCXML would call it internal or external (S3.1).
* `internal: true` leaves and enters nothing at all: SCXML's transition without a target (S3.4).
* A `terminal` leaf makes the whole entity final wherever it lies outside of regions, and no `done.state` event is
  made of it (S1.3). In a region it ends that region, and `_join_<state>` stands for `done.state` of the parallel state.
* Default history is the compound's initial leaf and has no configuration or content of its own (S4.2).
* What several regions do on one event they do one after the other, each its exits, actions and entries; in SCXML all
  exits of a microstep come first, then the content of all transitions, then all entries (S6.3).
* A transition that leaves the parallel state is taken alone, before those that stay; in SCXML the first in document
  order preempts the others it conflicts with, whichever leaves (S6.5).
* Nothing leads from one region into another (S6.5).
"""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import InvalidTransitionError, TerminalStateError
from pystator_runtime.schedulers import ManualScheduler
from support.doors import audible, bound
from support.machines import codes
from support.walks import Walker


def test_144_events_sent_in_the_course_of_a_step_are_processed_in_the_order_in_which_they_were_sent() -> None:
    """144; there they are raised and internal, here an action sends them to its own session (S8.8)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: s1}, {name: passed, type: terminal}, {name: failed, type: terminal}]
        transitions:
          - {trigger: begin, source: s0, internal: true, actions: [raise_foo, raise_bar]}
          - {trigger: foo, source: s0, dest: s1}
          - {trigger: bar, source: s0, dest: failed}
          - {trigger: bar, source: s1, dest: passed}
    """)
    session: Any = None
    machine.action("raise_foo")(lambda ctx: session.send("foo"))
    machine.action("raise_bar")(lambda ctx: session.send("bar"))
    session = machine.create(execute_actions=True)
    session.begin()
    assert session.current_state == "passed"


@pytest.mark.parametrize(("value", "taken"), [(1, "second"), (9, "otherwise"), (5, None)], ids=["147", "148", "149"])
def test_147_148_149_the_first_branch_that_holds_is_taken_and_only_that(
    walk: Walker, value: int, taken: str | None
) -> None:
    """147, 148, 149; there `if`, `elseif` and `else` in executable content, here the branches of a choice (S7.3)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: which, type: choice}, {name: s1}]
        transitions:
          - {trigger: go, source: s0, dest: which}
          - {trigger: x, source: which, dest: s1, guards: [{expr: "v == 0"}], actions: [first]}
          - {trigger: x, source: which, dest: s1, guards: [{expr: "v == 1"}], actions: [second]}
          - {trigger: x, source: which, dest: s1, guards: [{expr: "v < 3"}], actions: [third]}
          - {trigger: x, source: which, dest: s1, guards: [{expr: "v > 8"}], actions: [otherwise]}
    """)
    result = walk(machine, "s0", {"v": value}).fire("go")
    assert list(result.all_actions) == ([] if taken is None else [taken])
    assert result.success is (taken is not None)


def test_158_actions_are_executed_in_the_order_in_which_they_are_written(walk: Walker) -> None:
    """158 (S3.3)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: s1, on_enter: [event_1, event_2]}]
        transitions: [{trigger: go, source: s0, dest: s1}]
    """)
    assert walk(machine).did("go") == ["event_1", "event_2"]


@pytest.mark.parametrize(("delay", "early", "late"), [("1s", "999ms", "1ms"), ("500ms", 499, 1), ("0.5s", 499, 1)])
def test_175_185_what_is_delayed_comes_when_its_delay_is_over(delay: str, early: Any, late: Any) -> None:
    """175, 185; there a delayed `send` next to one that is not, here a delayed transition next to an event (S9.1)."""
    machine = bound(f"""
        states: [{{name: s0, type: initial}}, {{name: s1}}, {{name: passed, type: terminal}}]
        transitions:
          - {{trigger: event1, source: s0, internal: true}}
          - {{source: s0, dest: passed, after: {delay}}}
    """)
    clock = ManualScheduler()
    session = clock.attach(machine.create())
    assert session.event1().success
    clock.advance(early)
    assert session.current_state == "s0"
    clock.advance(late)
    assert session.current_state == "passed"


def test_187_what_is_delayed_does_not_come_once_its_sender_has_ended() -> None:
    """187; there the sending session ends, here the state that waits is left, or the entity is final (S9.5)."""
    machine = bound("""
        states:
          - {name: s0, type: initial, initial_child: s01}
          - {name: s01, parent: s0}
          - {name: s02, parent: s0, type: terminal}
          - {name: failed}
        transitions:
          - {trigger: end, source: s01, dest: s02}
          - {source: s0, dest: failed, after: 1s}
    """)
    clock = ManualScheduler()
    session = clock.attach(machine.create())
    session.end()
    assert clock.advance("2s") == []
    assert session.current_state == "s02"


def test_208_what_is_delayed_can_be_cancelled() -> None:
    """208; there by `cancel`, here by leaving the state that waits (S9.2)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: s1}, {name: passed}, {name: failed}]
        transitions:
          - {trigger: cancel, source: s0, dest: s1}
          - {source: s0, dest: failed, after: 1s}
          - {source: s1, dest: passed, after: 1.5s}
    """)
    clock = ManualScheduler()
    session = clock.attach(machine.create())
    session.cancel()
    clock.advance("2s")
    assert session.current_state == "passed"


def test_309_344_a_condition_that_can_not_be_evaluated_counts_as_one_that_does_not_hold(walk: Walker) -> None:
    """309, 344; the error event that 344 also asks for is the result's `guard_errors` here (S5.3)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: passed}, {name: failed}]
        transitions:
          - {trigger: go, source: s0, dest: failed, guards: [{expr: "undefined_variable + 1 > 0"}]}
          - {trigger: go, source: s0, dest: passed}
    """)
    entity = walk(machine)
    assert entity.go("go") == "passed"
    assert len(entity.result.metadata["guard_errors"]) == 1


def test_318_319_the_event_is_seen_by_guards_while_it_is_processed_and_is_not_part_of_the_context() -> None:
    """318, 319; there `_event` is a variable of the data model, here a key that the engine lends (S8.4)."""
    seen: list[Any] = []
    machine = bound(
        """
        states: [{name: s0, type: initial, initial_child: s1}, {name: s1, parent: s0}]
        transitions: [{trigger: foo, source: s0, internal: true, guards: [look]}]
        """,
        guards={"look": lambda ctx: seen.append(ctx["_event"].trigger) or True},
    )
    session = machine.create()
    session.foo()
    assert seen == ["foo"]
    assert session.context == {}


def test_355_without_saying_which_state_is_the_initial_one_there_is_no_machine() -> None:
    """355 can't be said: there the first state in document order is entered, here one says `type: initial` (S1.2)."""
    assert codes("""
        states: [{name: s0}, {name: s1}]
        transitions: [{trigger: go, source: s0, dest: s1}]
    """) == ["PG051"]


def test_364_a_compound_state_that_is_a_target_is_entered_down_to_its_initial_leaf(walk: Walker) -> None:
    """364; of the three ways to say which child that is, `initial_child` is the only one, and a child's (S1.2)."""
    machine = bound("""
        states:
          - {name: s0, type: initial}
          - {name: s1, initial_child: s11}
          - {name: s10, parent: s1}
          - {name: s11, parent: s1, initial_child: s111}
          - {name: s110, parent: s11}
          - {name: s111, parent: s11, initial_child: s1111}
          - {name: s1111, parent: s111}
        transitions:
          - {auto: true, source: s0, dest: s1}
          - {trigger: again, source: s1111, dest: s1}
    """)
    entity = walk(machine)
    assert entity.active == ["s1111", "s111", "s11", "s1"]
    entity.go("again")
    assert entity.state == "s1111"
    assert "PG067" in codes("""
        states: [{name: s1, type: initial}, {name: s11, parent: s1}]
        transitions: []
    """)


def test_364_a_parallel_state_that_is_a_target_is_entered_in_every_region(walk: Walker) -> None:
    """364: in each down to the leaf that is initial there, as deep as `initial` names it."""
    machine = bound("""
        states:
          - {name: s0, type: initial}
          - name: s1
            regions: [{name: r1, initial: s11, states: [s10, s11]}, {name: r2, initial: s122, states: [s12]}]
          - {name: s10}
          - {name: s11, initial_child: s111}
          - {name: s110, parent: s11}
          - {name: s111, parent: s11}
          - {name: s12, initial_child: s121}
          - {name: s121, parent: s12}
          - {name: s122, parent: s12}
        transitions: [{trigger: go, source: s0, dest: s1}]
    """)
    entity = walk(machine)
    entity.go("go")
    assert entity.active == ["s111", "s11", "s122", "s12", "s1"]


def test_372_416_a_final_child_of_a_compound_state_ends_the_machine(walk: Walker) -> None:
    """372, 416 can't be said: there are no `done.state` events, the entity is final at once (S1.3)."""
    machine = bound("""
        states:
          - {name: s1, type: initial, initial_child: s11}
          - {name: s11, parent: s1, initial_child: s111}
          - {name: s111, parent: s11}
          - {name: s11_final, parent: s11, type: terminal, on_enter: [in_final]}
        transitions:
          - {trigger: finish, source: s111, dest: s11_final}
          - {trigger: go, source: s1, dest: s1}
    """)
    entity = walk(machine)
    assert entity.did("finish") == ["in_final"]
    assert isinstance(entity.fire("go").error, TerminalStateError)


HANDLERS = bound("""
    states:
      - {name: s0, type: initial, on_exit: [event1, fails, event2]}
      - {name: s1, on_enter: [event3, fails, event4]}
    transitions: [{trigger: go, source: s0, dest: s1}]
""")


def test_375_377_entry_and_exit_actions_are_executed_in_the_order_in_which_they_are_written(walk: Walker) -> None:
    """375, 377; there of several handlers, here of one list (S3.3)."""
    assert walk(HANDLERS).did("go") == ["event1", "fails", "event2", "event3", "fails", "event4"]


def test_376_378_an_entry_or_exit_action_that_fails_keeps_no_other_from_running() -> None:
    """376, 378; there a failing handler is cut off and the others run, here each action stands for itself (S8.6)."""
    machine = HANDLERS.unbound()
    for name in machine.chart.actions:
        machine.action(name)((lambda ctx: 1 / 0) if name == "fails" else (lambda ctx: None))
    result = machine.create(execute_actions=True).go()
    assert result.execution.succeeded_actions == ["event1", "event2", "event3", "event4"]


HISTORY = bound("""
    states:
      - {name: s0, type: initial, initial_child: s01, on_enter: [{increment: entered}]}
      - {name: s01, parent: s0, initial_child: s011}
      - {name: s011, parent: s01}
      - {name: s012, parent: s01}
      - {name: s02, parent: s0, initial_child: s021}
      - {name: s021, parent: s02}
      - {name: s022, parent: s02}
      - {name: s1}
      - {name: s2}
      - {name: s3}
      - {name: passed, type: terminal}
    transitions:
      - {trigger: leave, source: s0, dest: s1, guards: [{expr: "entered == 1"}]}
      - {trigger: leave, source: s0, dest: s2, guards: [{expr: "entered == 2"}]}
      - {trigger: inward, source: s0, dest: s012}
      - {trigger: deep, source: s1, dest: H*(s0)}
      - {trigger: shallow, source: s2, dest: H(s0)}
      - {trigger: shallow, source: s3, dest: H(s02)}
      - {trigger: deep, source: s3, dest: H*(s02)}
""")


@pytest.mark.parametrize("trigger", ["shallow", "deep"])
def test_387_history_of_a_state_that_was_never_visited_is_its_default(walk: Walker, trigger: str) -> None:
    """387; that the default may be another configuration than the initial one can't be said (S4.2)."""
    entity = walk(HISTORY, "s3", {"entered": 0})
    assert entity.go(trigger) == "s021"
    assert entity.active == ["s021", "s02", "s0"]


def test_388_history_of_a_state_that_was_visited_is_where_it_was_left(walk: Walker) -> None:
    """388: deep history the leaf, shallow history the child with its own initial leaf."""
    entity = walk(HISTORY)
    assert entity.go("inward") == "s012"
    assert entity.go("leave", "deep") == "s012"
    assert entity.context == {"entered": 2}
    assert entity.go("leave", "shallow") == "s011"
    assert entity.context == {"entered": 3}


def test_396_399_a_trigger_is_matched_by_its_whole_name(walk: Walker) -> None:
    """396; 399 (several descriptors, prefixes, the `*` event) can't be said: a transition has one trigger (S2.1)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: passed}, {name: failed}]
        transitions:
          - {trigger: foo_bar, source: s0, dest: failed}
          - {trigger: foo, source: s0, dest: passed}
    """)
    assert walk(machine).go("foo") == "passed"
    assert not walk(machine).fire("foo_").success


def test_403a_child_states_come_before_their_parents_and_document_order_breaks_ties(walk: Walker) -> None:
    """403a: a match in the child hides the parent's, a guard that fails does not."""
    machine = bound("""
        states:
          - {name: s0, type: initial, initial_child: s01}
          - {name: s01, parent: s0}
          - {name: s02, parent: s0}
          - {name: passed, type: terminal}
          - {name: failed, type: terminal}
        transitions:
          - {trigger: event1, source: s0, dest: failed}
          - {trigger: event2, source: s0, dest: passed}
          - {trigger: event1, source: s01, dest: s02}
          - {trigger: event1, source: s01, dest: failed, guards: [{expr: "True"}]}
          - {trigger: event1, source: s02, dest: failed}
          - {trigger: event2, source: s02, dest: failed, guards: [{expr: "False"}]}
    """)
    entity = walk(machine)
    assert entity.go("event1") == "s02"
    assert entity.go("event2") == "passed"


ORDERED = bound("""
    states:
      - {name: s0, type: initial, on_exit: [out_s0]}
      - {name: s1, initial_child: s11, on_enter: [in_s1], on_exit: [out_s1]}
      - {name: s11, parent: s1, initial_child: s111, on_enter: [in_s11], on_exit: [out_s11]}
      - {name: s111, parent: s11, on_enter: [in_s111], on_exit: [out_s111]}
      - {name: s12, parent: s1, on_enter: [in_s12], on_exit: [out_s12]}
      - {name: s2, on_enter: [in_s2]}
      - name: s3p
        on_enter: [in_s3p]
        on_exit: [out_s3p]
        regions: [{name: r1, initial: s3p1}, {name: r2, initial: s3p2}]
      - {name: s3p1, initial_child: s3p11, on_enter: [in_s3p1], on_exit: [out_s3p1]}
      - {name: s3p11, parent: s3p1, on_enter: [in_s3p11], on_exit: [out_s3p11]}
      - {name: s3p12, parent: s3p1}
      - {name: s3p2, initial_child: s3p22, on_enter: [in_s3p2], on_exit: [out_s3p2]}
      - {name: s3p21, parent: s3p2}
      - {name: s3p22, parent: s3p2, on_enter: [in_s3p22], on_exit: [out_s3p22]}
    transitions:
      - {trigger: parallel, source: s0, dest: s3p, actions: [first]}
      - {trigger: leave, source: s3p, dest: s2, actions: [first]}
      - {trigger: both, source: s3p22, dest: s3p21, actions: [in_second_region]}
      - {trigger: both, source: s3p11, dest: s3p12, actions: [in_first_region]}
      - {trigger: go, source: s0, dest: s1, actions: [first, second]}
      - {trigger: leave, source: s1, dest: s2, actions: [first, second]}
      - {trigger: deep, source: s0, dest: s12, actions: [first]}
""")


def test_404_407_states_are_left_innermost_first_and_before_the_transitions_own_actions(walk: Walker) -> None:
    """404, 407: children before parents, the last region first."""
    assert walk(ORDERED, "s111").did("leave") == ["out_s111", "out_s11", "out_s1", "first", "second", "in_s2"]
    left = ["out_s3p22", "out_s3p2", "out_s3p11", "out_s3p1", "out_s3p"]
    assert walk(ORDERED, "s3p").did("leave") == [*left, "first", "in_s2"]


def test_405_the_actions_of_a_transition_come_after_the_exits_in_the_order_in_which_they_are_written(
    walk: Walker,
) -> None:
    """405: of several regions in the order in which these are written (S6.3)."""
    assert walk(ORDERED, "s12").did("leave") == ["out_s12", "out_s1", "first", "second", "in_s2"]
    did = walk(ORDERED, "s3p").did("both")
    assert did.index("out_s3p11") < did.index("in_first_region") < did.index("in_second_region")
    assert did.index("out_s3p22") < did.index("in_second_region")


def test_406_states_are_entered_outermost_first_and_after_the_transitions_own_actions(walk: Walker) -> None:
    """406: parents before children, the first region first."""
    assert walk(ORDERED).did("go") == ["out_s0", "first", "second", "in_s1", "in_s11", "in_s111"]
    assert walk(ORDERED).did("deep") == ["out_s0", "first", "in_s1", "in_s12"]
    entered = ["in_s3p", "in_s3p1", "in_s3p11", "in_s3p2", "in_s3p22"]
    assert walk(ORDERED).did("parallel") == ["out_s0", "first", *entered]


def test_409_411_436_a_state_is_active_from_its_entry_to_its_exit(walk: Walker) -> None:
    """409, 411, 436 ask `In()` in the midst of a step; here `is_<state>` tells between steps: guards see no states."""
    entity = walk(ORDERED)
    entity.go("go")
    assert entity.active == ["s111", "s11", "s1"]
    entity.go("leave")
    assert entity.active == ["s2"]
    assert walk(ORDERED, "s3p").active == ["s3p11", "s3p1", "s3p22", "s3p2", "s3p"]


def test_412_the_entry_of_a_compound_state_comes_before_that_of_its_initial_child(walk: Walker) -> None:
    """412; the content of an initial transition, which comes between them there, can't be said."""
    entity = walk(ORDERED)
    assert entity.did("go")[-3:] == ["in_s1", "in_s11", "in_s111"]


def test_413_576_a_machine_begins_in_the_configuration_that_is_asked_for() -> None:
    """413, 576; `initial` may name states deep inside there, here `create(initial_state=)` does."""
    machine = bound("""
        states:
          - {name: failed, type: initial}
          - {name: s0, initial_child: s01}
          - {name: s01, parent: s0}
          - {name: s02, parent: s0, initial_child: s021}
          - {name: s021, parent: s02}
          - {name: s022, parent: s02}
        transitions: [{trigger: go, source: s0, dest: failed}]
    """)
    session = machine.create(initial_state="s022")
    assert (session.is_s0, session.is_s02, session.is_s022, session.is_s01) == (True, True, True, False)


def test_413_576_a_machine_begins_in_several_regions_where_it_is_asked_to() -> None:
    """413, 576; `initial` may name a state of each region there, here a configuration does (S6.2)."""
    machine = bound("""
        states:
          - {name: failed, type: initial}
          - {name: s2p, regions: [{name: r1, initial: s2p11, states: [s2p11, s2p12]}, {name: r2, initial: s2p21}]}
          - {name: s2p11}
          - {name: s2p12}
          - {name: s2p21, initial_child: s2p211}
          - {name: s2p211, parent: s2p21}
          - {name: s2p212, parent: s2p21}
        transitions: [{trigger: go, source: s2p, dest: failed}]
    """)
    session = machine.create(initial_state="s2p:r1=s2p12,r2=s2p212")
    assert (session.is_s2p, session.is_s2p12, session.is_s2p21, session.is_s2p212) == (True,) * 4
    assert (session.is_s2p11, session.is_s2p211) == (False, False)


def test_415_the_machine_halts_in_a_final_state_at_the_root(walk: Walker) -> None:
    """415 (S1.3)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: final_, type: terminal}, {name: failed}]
        transitions:
          - {auto: true, source: s0, dest: final_}
          - {trigger: event1, source: "*", dest: failed}
    """)
    entity = walk(machine)
    assert isinstance(entity.fire("event1").error, TerminalStateError)
    assert entity.state == "final_"


def test_417_570_a_parallel_state_is_done_when_all_of_its_regions_are(walk: Walker) -> None:
    """417, 570: and not before; there a `done.state` event, here the join (S6.6)."""
    machine = bound("""
        states:
          - {name: s0, type: initial}
          - name: s0p
            regions: [{name: r1, initial: s01, states: [s01, s01f]}, {name: r2, initial: s02, states: [s02f]}]
          - {name: s01}
          - {name: s01f, type: terminal}
          - {name: s02}
          - {name: s02f, type: terminal}
          - {name: passed, type: terminal}
        transitions:
          - {trigger: go, source: s0, dest: s0p}
          - {trigger: e1, source: s01, dest: s01f}
          - {trigger: e2, source: s02, dest: s02f}
          - {trigger: _join_s0p, source: s0p, dest: passed}
    """)
    entity = walk(machine)
    assert entity.go("go", "e1") == "s0p:r1=s01f,r2=s02"
    assert entity.go("e2") == "passed"


def test_403b_a_transition_that_several_regions_would_take_is_taken_once(walk: Walker) -> None:
    """403b: it is the parallel state's own, which is asked when no region has anything better (S6.3)."""
    machine = bound("""
        states:
          - name: p0
            type: initial
            regions: [{name: r1, initial: p0s1}, {name: r2, initial: p0s2, states: [p0s2, p0s3]}]
          - {name: p0s1}
          - {name: p0s2}
          - {name: p0s3}
        transitions:
          - {trigger: event1, source: p0, internal: true, actions: [{increment: n}]}
          - {trigger: event2, source: p0, internal: true, actions: [{increment: n}]}
          - {trigger: event2, source: p0s2, dest: p0s3}
    """)
    entity = walk(machine)
    entity.go("event1")
    assert entity.context == {"n": 1}
    entity.go("event2")
    assert entity.context == {"n": 1}


def test_403c_what_stays_in_a_region_goes_with_what_stays_in_another_and_not_with_what_leaves(walk: Walker) -> None:
    """403c: an optimal set of transitions that do not conflict; here what leaves comes first (S6.5)."""
    machine = bound("""
        states:
          - name: p0
            type: initial
            regions:
              - {name: r1, initial: s1}
              - {name: r2, initial: s2, states: [s2, s4]}
              - {name: r3, initial: s3}
          - {name: s1}
          - {name: s2}
          - {name: s3}
          - {name: s4}
          - {name: out}
        transitions:
          - {trigger: event1, source: s1, internal: true, actions: [{increment: n}]}
          - {trigger: event1, source: s2, dest: s4, actions: [{increment: n}]}
          - {trigger: event1, source: s3, internal: true, actions: [{increment: n}]}
          - {trigger: event2, source: s1, internal: true, actions: [{increment: n}]}
          - {trigger: event2, source: s4, dest: out}
          - {trigger: event2, source: s3, internal: true, actions: [{increment: n}]}
    """)
    entity = walk(machine)
    entity.go("event1")
    assert entity.context == {"n": 3}
    assert entity.go("event2") == "out"
    assert entity.context == {"n": 3}


def test_419_transitions_without_an_event_are_taken_before_any_event(walk: Walker) -> None:
    """419 (S7.1)."""
    machine = bound("""
        states: [{name: start, type: initial}, {name: s1}, {name: passed}, {name: failed}]
        transitions:
          - {trigger: go, source: start, dest: s1}
          - {trigger: event, source: s1, dest: failed}
          - {auto: true, source: s1, dest: passed}
          - {trigger: event, source: passed, internal: true}
    """)
    assert walk(machine).go("go", "event") == "passed"


def test_421_events_of_the_machine_itself_come_before_those_from_outside() -> None:
    """421; there internal events come before external ones, here what actions send is done before the call returns."""
    machine = bound("""
        states: [{name: s1, type: initial, initial_child: s11}, {name: s11, parent: s1}, {name: s12, parent: s1},
                 {name: passed, type: terminal}, {name: failed, type: terminal}]
        transitions:
          - {trigger: begin, source: s11, internal: true, actions: [raise_events]}
          - {trigger: external, source: s1, dest: failed}
          - {trigger: internal3, source: s11, dest: s12}
          - {trigger: internal4, source: s12, dest: passed}
    """)
    session: Any = None

    def raise_events(ctx: Any) -> None:
        for trigger in ("internal3", "internal4"):
            session.send(trigger)

    machine.action("raise_events")(raise_events)
    session = machine.create(execute_actions=True)
    session.begin()
    assert not session.send("external").success
    assert session.current_state == "passed"


def test_422_is_about_invoke() -> None:
    """422 can't be said: `invoke` is refused by name (PG090)."""
    assert "PG090" in codes("""
        states: [{name: s0, type: initial, invoke: [{id: x, src: y}]}]
        transitions: []
    """)


def test_423_events_that_enable_nothing_are_passed_over_until_one_does(walk: Walker) -> None:
    """423; there they are dropped in silence, here each is answered with what was wrong with it (S2.4)."""
    machine = bound("""
        states: [{name: s0, type: initial}, {name: s1}, {name: passed}]
        transitions:
          - {trigger: internal_event, source: s0, dest: s1}
          - {trigger: external_event1, source: s0, dest: s0}
          - {trigger: external_event2, source: s1, dest: passed}
    """)
    entity = walk(machine)
    entity.go("internal_event")
    assert isinstance(entity.fire("external_event1").error, InvalidTransitionError)
    assert entity.go("external_event2") == "passed"


COUNTED = """
    states:
      - {name: s1, type: initial}
      - {name: s2, initial_child: s21, on_enter: [{increment: entered_s2}], on_exit: [{increment: left_s2}]}
      - {name: s21, parent: s2, on_enter: [{increment: entered_s21}], on_exit: [{increment: left_s21}]}
      - {name: s22, parent: s2}
      - {name: s3}
    transitions:
      - {trigger: go, source: s1, dest: s2}
      - {trigger: targetless, source: s2, internal: true, actions: [{increment: done}]}
      - {trigger: to_self, source: s2, dest: s2, actions: [{increment: done}]}
      - {trigger: to_child, source: s2, dest: s21, actions: [{increment: done}]}
      - {trigger: leaf_to_self, source: s21, dest: s21, actions: [{increment: done}]}
      - {trigger: out, source: s2, dest: s3}
    """


REGIONS = bound(
    audible("""
    states:
      - {name: s1, type: initial}
      - {name: p, regions: [{name: r1, initial: ps1}, {name: r2, initial: ps2}]}
      - {name: ps1}
      - {name: ps2}
    transitions:
      - {trigger: to_self, source: p, dest: p, actions: [done]}
      - {trigger: to_child, source: p, dest: ps1, actions: [done]}
      - {trigger: out, source: p, dest: s1}
    """)
)
LEFT = ["out_ps2", "out_ps1", "out_p"]
ENTERED = ["in_p", "in_ps1", "in_ps2"]
ALL = ("left_s21", "left_s2", "done", "entered_s2", "entered_s21")


def _counted(walk: Walker, trigger: str) -> dict[str, int]:
    """How often what was left and entered by ``trigger``, in s21."""
    entity = walk(bound(COUNTED))
    entity.go("go")
    before = dict(entity.context)
    entity.go(trigger)
    assert entity.state == "s21"
    return {key: value - before.get(key, 0) for key, value in entity.context.items() if value != before.get(key, 0)}


def test_503_a_transition_without_a_target_leaves_and_enters_nothing(walk: Walker) -> None:
    """503; here it is called internal (S3.4)."""
    assert _counted(walk, "targetless") == {"done": 1}


def test_504_an_external_transition_leaves_what_lies_below_the_common_ancestor(walk: Walker) -> None:
    """504: of a parallel state itself and all regions."""
    assert _counted(walk, "to_self") == dict.fromkeys(ALL, 1)
    entity = walk(bound(COUNTED))
    entity.go("go", "out")
    assert (entity.context["left_s2"], entity.context["left_s21"]) == (1, 1)
    assert walk(REGIONS, "p").did("to_self") == [*LEFT, "done", *ENTERED]
    assert walk(REGIONS, "p").did("out") == [*LEFT, "in_s1"]


def test_505_a_transition_from_a_compound_state_to_one_inside_does_not_leave_the_compound(walk: Walker) -> None:
    """505; there only if it says `internal`, here always (S3.1)."""
    assert _counted(walk, "to_child") == dict.fromkeys(("left_s21", "done", "entered_s21"), 1)


def test_506_a_transition_to_its_own_source_leaves_and_enters_it(walk: Walker) -> None:
    """506; there even if it says `internal`, here that would leave nothing."""
    assert _counted(walk, "to_self") == dict.fromkeys(ALL, 1)


def test_533_a_transition_of_a_leaf_to_itself_leaves_and_enters_it(walk: Walker) -> None:
    """533; there even if it says `internal`, for its source is not compound."""
    assert _counted(walk, "leaf_to_self") == {"left_s21": 1, "done": 1, "entered_s21": 1}


def test_533_a_transition_from_a_parallel_state_to_one_inside_leaves_the_parallel_state(walk: Walker) -> None:
    """533; there even if it says `internal`, for its source is parallel; here always (S3.1, S3.2)."""
    entity = walk(REGIONS, "p")
    assert entity.did("to_child") == [*LEFT, "done", *ENTERED]
    assert entity.state == "p:r1=ps1,r2=ps2"


def test_579_going_back_by_default_and_by_history_enter_the_same_way(walk: Walker) -> None:
    """579: exit, then entry from the parent in; the content of a default history transition can't be said."""
    machine = bound("""
        states:
          - {name: s0, type: initial, initial_child: s01, on_enter: [in_s0], on_exit: [out_s0]}
          - {name: s01, parent: s0, on_enter: [in_s01]}
          - {name: s02, parent: s0, on_enter: [in_s02]}
          - {name: s2}
        transitions:
          - {trigger: event1, source: s01, dest: s02}
          - {trigger: event2, source: s0, dest: s2, actions: [leaving]}
          - {trigger: event3, source: s2, dest: H(s0), actions: [returning]}
    """)
    assert walk(machine, "s2").did("event3") == ["returning", "in_s0", "in_s01"]
    entity = walk(machine)
    entity.go("event1")
    assert entity.did("event2") == ["out_s0", "leaving"]
    assert entity.did("event3") == ["returning", "in_s0", "in_s02"]


def test_580_history_is_never_part_of_the_configuration(walk: Walker) -> None:
    """580; there `In()` of a history state is asked, here history is a way to name a destination and no state."""
    entity = walk(HISTORY)
    entity.go("leave", "deep")
    assert entity.active == ["s011", "s01", "s0"]
    assert not any("(" in str(state) for state in HISTORY.states)


def test_580_history_of_a_parallel_state_is_what_was_active_in_its_regions(walk: Walker) -> None:
    """388, 580; there history lies in a region and is asked for by `In()`, here it is a way to name a destination."""
    machine = bound("""
        states:
          - {name: s2, type: initial}
          - {name: p1, regions: [{name: r1, initial: s0, states: [s0, s3]}, {name: r2, initial: s1, states: [s1]}]}
          - {name: s0}
          - {name: s3}
          - {name: s1, initial_child: s11}
          - {name: s11, parent: s1}
          - {name: s12, parent: s1}
        transitions:
          - {trigger: go, source: s2, dest: p1}
          - {trigger: on, source: s0, dest: s3}
          - {trigger: on, source: s11, dest: s12}
          - {trigger: leave, source: p1, dest: s2}
          - {trigger: shallow, source: s2, dest: H(p1)}
          - {trigger: deep, source: s2, dest: H*(p1)}
    """)
    entity = walk(machine)
    entity.go("go", "on", "leave")
    assert entity.go("deep") == "p1:r1=s3,r2=s12"
    entity.go("leave")
    assert entity.go("shallow") == "p1:r1=s3,r2=s11"
    assert entity.active == ["s3", "s11", "s1", "p1"]
