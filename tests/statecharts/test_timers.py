"""Delayed transitions: when they are armed and disarmed, and what they do when they fire (S9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pystator_runtime import AutoTransitionLoopError, Event, InvalidTransitionError, UndefinedTriggerError
from statecharts.conftest import START
from support.doors import bound
from support.walks import Walker

YAML = """
    states:
      - {name: off, type: initial}
      - {name: on, initial_child: idle, timeout: {seconds: 60, destination: off}}
      - {name: idle, parent: on}
      - {name: work, parent: on, initial_child: first, on_enter: [in_work], on_exit: [out_work]}
      - {name: first, parent: work, on_exit: [out_first]}
      - {name: second, parent: work, on_enter: [in_second]}
      - {name: done, parent: on, type: terminal}
    transitions:
      - {trigger: start, source: off, dest: on}
      - {trigger: work, source: idle, dest: work}
      - {trigger: next, source: first, dest: second, actions: [do]}
      - {trigger: idle, source: work, dest: idle}
      - {trigger: again, source: first, dest: first}
      - {trigger: rework, source: work, dest: work}
      - {trigger: restart, source: "on", dest: "on"}
      - {trigger: touch, source: ["on", first], internal: true, actions: [do]}
      - {trigger: finish, source: "on", dest: done}
      - {trigger: stop, source: "on", dest: off}
      - {source: first, dest: second, after: 5s}
      - {trigger: hurry, source: work, dest: idle, after: 1.5m, guards: [{expr: "may == 1"}], actions: [do]}
    """
MACHINE = bound(YAML)

ON, FIRST, WORK = "_timeout_on", "_after_first_5000_ms", "hurry"
DELAYS = {ON: 60_000, FIRST: 5_000, WORK: 90_000}


def triggers(timers: Any) -> list[str]:
    """The triggers of timers, whose delays are as the machine says."""
    assert {timer.trigger: timer.delay for timer in timers}.items() <= DELAYS.items()
    assert [timer.source for timer in timers] == [
        {ON: "on", FIRST: "first", WORK: "work"}[timer.trigger] for timer in timers
    ]
    return [timer.trigger for timer in timers]


@pytest.mark.parametrize(
    ("state", "trigger", "armed", "disarmed"),
    [
        ("off", "start", [ON], []),
        ("idle", "work", [WORK, FIRST], []),
        ("first", "next", [], [FIRST]),
        ("first", "idle", [], [FIRST, WORK]),
        ("second", "idle", [], [WORK]),
        # left and entered again: a restart is told as armed, and only so
        ("first", "again", [FIRST], []),
        ("first", "rework", [WORK, FIRST], []),
        ("second", "rework", [WORK, FIRST], []),
        ("first", "restart", [ON], [FIRST, WORK]),
        ("idle", "restart", [ON], []),
        # neither left nor entered
        ("first", "touch", [], []),
        ("idle", "touch", [], []),
        # an entity that becomes final has no timers, not those of states around it either
        ("first", "finish", [], [FIRST, WORK, ON]),
        ("idle", "finish", [], [ON]),
        ("first", "stop", [], [FIRST, WORK, ON]),
        ("idle", "stop", [], [ON]),
    ],
)
def test_a_timer_is_armed_as_its_state_is_entered_and_disarmed_as_it_is_left(
    walk: Walker, state: str, trigger: str, armed: list[str], disarmed: list[str]
) -> None:
    """S9.2, S9.5: leaf or ancestor; what a step says is the net of it."""
    result = walk(MACHINE, state, {"may": 0}).fire(trigger)
    assert (triggers(result.armed), triggers(result.disarmed)) == (armed, disarmed)


def test_a_refused_event_arms_and_disarms_nothing(walk: Walker) -> None:
    """S9.2, S2.4."""
    result = walk(MACHINE, "first", {"may": 0}).fire("start")
    assert (result.success, result.armed, result.disarmed) == (False, (), ())


@pytest.mark.parametrize("name", [FIRST, ON, "_after_work_90000_ms", "_timeout_first"])
def test_a_delayed_transition_without_a_trigger_is_never_accepted_from_outside(walk: Walker, name: str) -> None:
    """S2.6, S9.4."""
    entity = walk(MACHINE, "first", {"may": 1})
    assert isinstance(entity.fire(name).error, UndefinedTriggerError)
    assert name not in [str(trigger) for trigger in MACHINE.triggers]


def test_the_own_trigger_of_a_delayed_transition_sent_by_hand_is_an_ordinary_event(walk: Walker) -> None:
    """S9.4: from wherever its state is active, guards and all."""
    entity = walk(MACHINE, "first", {"may": 0})
    assert isinstance(entity.fire("hurry").error, InvalidTransitionError)
    result = entity.fire("hurry", may=1)
    assert (entity.state, result.all_actions) == ("idle", ("out_first", "out_work", "do"))
    assert triggers(result.disarmed) == [FIRST, WORK]


def test_a_step_of_several_transitions_tells_the_net_of_them(walk: Walker) -> None:
    """S9.2: what was armed and disarmed on the way is not told; what is armed anew is told as armed."""
    machine = bound("""
        states:
          - {name: a, type: initial, timeout: {seconds: 1, destination: b}}
          - {name: b, timeout: {seconds: 2, destination: a}}
          - {name: c, timeout: {seconds: 3, destination: a}}
        transitions:
          - {trigger: go, source: a, dest: b}
          - {trigger: around, source: a, dest: b, actions: [{set: {home: true}}]}
          - {auto: true, source: b, dest: c, guards: [{expr: "onward"}]}
          - {auto: true, source: b, dest: a, guards: [{expr: "home"}], actions: [{set: {home: false}}]}
    """)
    calm = {"onward": False, "home": False}

    def told(**context: bool) -> tuple[list[str], list[str]]:
        entity = walk(machine, "a", {**calm, **context})
        result = entity.fire("around" if context.get("home") else "go")
        return [timer.source for timer in result.armed], [timer.source for timer in result.disarmed]

    assert told() == (["b"], ["a"])
    assert told(onward=True) == (["c"], ["a"])
    assert told(home=True) == (["a"], [])


def test_there_is_one_timer_per_source_trigger_and_delay(walk: Walker) -> None:
    """S9.2: several transitions may share it, and a state may have several."""
    machine = bound("""
        states: [{name: off, type: initial}, {name: a}, {name: b}, {name: c}]
        transitions:
          - {trigger: start, source: off, dest: a}
          - {source: a, dest: b, after: 5s, guards: [first]}
          - {source: a, dest: c, after: 5000}
          - {source: a, dest: b, after: 6s}
          - {trigger: tick, source: a, dest: b, after: 5s}
          - {trigger: tick, source: a, dest: c, after: 6s}
          - {trigger: tick, source: [a, b], dest: c, after: 6s}
    """)
    armed = walk(machine).fire("start").armed
    assert [(timer.source, timer.trigger, timer.delay) for timer in armed] == [
        ("a", "_after_a_5000_ms", 5000),
        ("a", "_after_a_6000_ms", 6000),
        ("a", "tick", 5000),
        ("a", "tick", 6000),
    ]


@pytest.mark.parametrize(
    ("written", "delay"),
    [
        *[("1500", 1500), ("1500ms", 1500), ("1.5s", 1500), ("2m", 120_000), ("1h", 3_600_000), ("1d", 86_400_000)],
        *[("0", 0), ("0.001s", 1), ("1.0", 1), ('"250"', 250), ('"5 s"', 5000), ("0.5d", 43_200_000), ("1e3", 1000)],
    ],
)
def test_a_delay_is_a_number_of_milliseconds_or_has_a_unit(written: str, delay: int) -> None:
    """S9.1."""
    machine = bound(f"""
        states: [{{name: a, type: initial}}, {{name: b}}]
        transitions: [{{source: a, dest: b, after: {written}}}]
    """)
    (timer,) = machine.start({}).armed
    assert (timer.source, timer.trigger, timer.delay) == ("a", f"_after_a_{delay}_ms", delay)


@pytest.mark.parametrize(("seconds", "delay"), [("5", 5000), ("0.25", 250), ("1.1", 1100), ("0.001", 1)])
def test_a_timeout_is_given_in_seconds(seconds: str, delay: int) -> None:
    """S9.3."""
    machine = bound(f"""
        states: [{{name: a, type: initial, timeout: {{seconds: {seconds}, destination: b}}}}, {{name: b}}]
        transitions: []
    """)
    (timer,) = machine.start({}).armed
    assert (timer.source, timer.trigger, timer.delay) == ("a", "_timeout_a", delay)


@pytest.mark.parametrize(
    ("named", "armed"), [(None, []), ("on", [ON]), ("work", [ON, WORK, FIRST]), ("first", [ON, WORK, FIRST])]
)
def test_coming_into_being_in_a_state_arms_what_waits_in_it(named: str | None, armed: list[str]) -> None:
    """S9.2, S3.5: the initial chain from its root down."""
    session = MACHINE.create("e1", {}, named)
    assert [entry["trigger"] for entry in session.snapshot()["timers"]] == armed
    assert MACHINE.create("e1", {}, "done").snapshot()["timers"] == []


# -- firing ----------------------------------------------------------------------------------------------------


def test_a_delayed_transition_fires_when_its_time_has_come(clocked: Any) -> None:
    """S9.1: not before, and once."""
    session = clocked.create(MACHINE, {"may": 0}, "first")
    assert clocked.fired("4999ms") == []
    assert clocked.fired("1ms") == [(FIRST, "first", "second")]
    assert session.current_state == "second"
    assert clocked.fired("50s") == []


def test_a_fired_transition_is_a_step_like_any_other(clocked: Any) -> None:
    """S9.4, S3.3: exit, entry, history, timers and automatic transitions."""
    session = clocked.create(MACHINE, {"may": 1}, "first")
    (result,) = clocked.advance("5s")
    assert (result.all_actions, result.armed, result.disarmed) == (("out_first", "in_second"), (), ())
    (result,) = clocked.advance("55s")
    assert (result.trigger, result.all_actions) == (ON, ("out_work",))
    assert result.history_updates == {"work": "second", "on": "second"}
    assert triggers(result.disarmed) == [WORK]
    assert session.current_state == "off"
    assert session.snapshot()["timers"] == []


def test_timers_of_ancestors_run_on_while_states_inside_change(clocked: Any) -> None:
    """S9.2."""
    session = clocked.create(MACHINE, {"may": 0}, "idle")
    for trigger in ("work", "next", "idle", "work", "touch", "idle"):
        assert clocked.advance("1s") == []
        session.send(trigger).raise_if_failed()
    assert clocked.fired("53999ms") == []
    assert clocked.fired("1ms") == [(ON, "idle", "off")]


def test_a_self_transition_restarts_the_timer_and_an_internal_one_does_not(clocked: Any) -> None:
    """S9.2."""
    session = clocked.create(MACHINE, {"may": 0}, "first")
    clocked.advance("3s")
    session.again()
    assert clocked.fired("3s") == []
    session.touch()
    assert clocked.fired("2s") == [(FIRST, "first", "second")]


def test_a_state_that_is_entered_again_starts_anew(clocked: Any) -> None:
    """S9.5: a timer belongs to one entry of its state."""
    session = clocked.create(MACHINE, {"may": 0}, "first")
    clocked.advance("4s")
    for trigger in ("idle", "work"):
        session.send(trigger).raise_if_failed()
    assert clocked.fired("4s") == []
    assert clocked.fired("1s") == [(FIRST, "first", "second")]


GUARDED = bound(
    """
    states:
      - {name: a, type: initial, initial_child: a1}
      - {name: a1, parent: a}
      - {name: a2, parent: a}
      - {name: b, on_enter: [{increment: n}]}
    transitions:
      - {trigger: swap, source: a1, dest: a2}
      - {trigger: set, source: a, internal: true}
      - {trigger: leave, source: a, dest: b}
      - {trigger: back, source: b, dest: a}
      - {trigger: hurry, source: a, dest: b, after: 10s, guards: [{expr: "may == 1"}], actions: [by_first]}
      - {trigger: hurry, source: a, dest: a2, after: 10s, guards: [{expr: "may == 2"}], actions: [by_second]}
      - {trigger: hurry, source: a1, dest: a2, guards: [{expr: "may == 3"}], actions: [by_hand]}
    """
)


def test_guards_are_asked_when_it_fires_with_the_context_as_it_is_then(clocked: Any) -> None:
    """S9.4."""
    session = clocked.create(GUARDED, {"may": 0})
    clocked.advance("9s")
    session.send("set", may=1)
    session.swap()
    (result,) = clocked.advance("1s")
    assert (result.trigger, result.all_actions, session.current_state) == ("hurry", ("by_first",), "b")
    assert session.context == {"may": 1, "n": 1}


def test_the_transitions_of_one_timer_are_asked_in_order(clocked: Any) -> None:
    """S9.2, S9.4, S2.2."""
    clocked.create(GUARDED, {"may": 2})
    (result,) = clocked.advance("10s")
    assert result.all_actions == ("by_second",)


def test_only_its_own_transitions_are_asked(clocked: Any) -> None:
    """S9.4: not those of the same trigger that wait for nothing, nor those of other levels."""
    session = clocked.create(GUARDED, {"may": 3})
    (result,) = clocked.advance("10s")
    assert (result.success, result.metadata["reason"]) == (False, "guards_failed")
    assert session.hurry().all_actions == ("by_hand",)


def test_a_timer_is_used_up_even_if_the_guards_fail(clocked: Any) -> None:
    """S9.4: until its state is entered anew."""
    session = clocked.create(GUARDED, {"may": 0})
    (result,) = clocked.advance("10s")
    assert isinstance(result.error, InvalidTransitionError)
    assert (session.current_state, session.snapshot()["timers"]) == ("a1", [])
    session.send("set", may=1)
    assert clocked.advance("1h") == []
    session.leave()
    session.back()
    assert clocked.fired("10s") == [("hurry", "a1", "b")]


def test_a_timer_whose_state_was_left_does_nothing(clocked: Any) -> None:
    """S9.5."""
    session = clocked.create(GUARDED, {"may": 1})
    session.leave()
    assert clocked.advance("1h") == []
    assert (session.current_state, session.context["n"]) == ("b", 1)


def test_an_entity_that_is_final_has_no_timers(clocked: Any) -> None:
    """S9.5: nor has one that is created so."""
    session = clocked.create(MACHINE, {"may": 1}, "first")
    session.finish()
    assert session.is_final
    assert clocked.advance("30d") == []


def test_a_failing_effect_of_a_fired_transition_is_its_result_and_uses_the_timer_up(clocked: Any) -> None:
    """S9.4, S8.2: nothing of the step is kept, the entity stays."""
    machine = bound("""
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{source: a, dest: b, after: 1s, actions: [{compute: {n: "1 / zero"}}]}]
    """)
    session = clocked.create(machine, {"zero": 0})
    (result,) = clocked.advance("5s")
    assert type(result.error).__name__ == "ActionError"
    assert (session.current_state, session.context) == ("a", {"zero": 0})
    assert clocked.advance("5s") == []


def test_a_fired_transition_may_be_internal(clocked: Any) -> None:
    """S9.2, S3.4: nothing is left, so nothing is armed again."""
    machine = bound("""
        states: [{name: a, type: initial, on_enter: [in_a], on_exit: [out_a]}, {name: b}]
        transitions:
          - {source: a, internal: true, after: 1s, actions: [{increment: n}, remind]}
          - {source: a, dest: b, after: 3s}
    """)
    session = clocked.create(machine)
    (result,) = clocked.advance("2s")
    assert (result.all_actions, result.armed, session.context) == (("remind",), (), {"n": 1})
    assert clocked.fired("1s") == [("_after_a_3000_ms", "a", "b")]


def test_a_fired_transition_may_lead_to_history_a_point_or_a_choice(clocked: Any) -> None:
    """S4.2, S12.2, S7.3, S9.3."""
    machine = bound("""
        states:
          - {name: off, type: initial, timeout: {seconds: 1, destination: H(on)}}
          - {name: on, initial_child: a, entry_points: [b]}
          - {name: a, parent: on, timeout: {seconds: 2, destination: which}}
          - {name: b, parent: on, timeout: {seconds: 3, destination: off}}
          - {name: which, type: choice}
        transitions:
          - {trigger: x, source: which, dest: off, guards: [{expr: "n > 2"}]}
          - {trigger: x, source: which, dest: "on:b", actions: [{increment: n}]}
    """)
    clocked.create(machine, {"n": 0})
    assert clocked.fired("10s") == [
        ("_timeout_off", "off", "a"),
        ("_timeout_a", "a", "b"),
        ("_timeout_b", "b", "off"),
        ("_timeout_off", "off", "b"),
        ("_timeout_b", "b", "off"),
    ]


# -- without delay ---------------------------------------------------------------------------------------------

AT_ONCE = """
    states:
      - {name: off, type: initial}
      - {name: a, on_enter: [in_a]}
      - {name: b, on_enter: [in_b], timeout: {seconds: 5, destination: off}}
      - {name: c}
    transitions:
      - {trigger: go, source: off, dest: a}
      - {trigger: late, source: c, dest: a}
      - {source: a, dest: b, after: 0, guards: [may]}
      - {source: b, dest: c, after: 0s}
    """


def test_a_delay_of_zero_fires_as_soon_as_the_step_is_over(clocked: Any) -> None:
    """S9.1: after the step and its actions, as a step of its own."""
    session = clocked.create(bound(AT_ONCE), {"may": True})
    result = session.go()
    assert (result.target_state, [timer.delay for timer in result.armed]) == ("a", [0])
    assert session.current_state == "c"
    assert clocked.advance("1h") == []


def test_a_delay_of_zero_whose_guard_fails_is_used_up(clocked: Any) -> None:
    """S9.4."""
    session = clocked.create(bound(AT_ONCE), {"may": False})
    session.go()
    assert (session.current_state, session.snapshot()["timers"]) == ("a", [])


def test_a_delay_of_zero_fires_before_whatever_else_is_due_at_that_moment(clocked: Any) -> None:
    """S9.1: also after a step that the clock caused."""
    machine = bound("""
        states:
          - {name: p, type: initial, initial_child: a}
          - {name: a, parent: p}
          - {name: b, parent: p}
          - {name: c, parent: p}
          - {name: d}
        transitions:
          - {trigger: first, source: p, dest: b, after: 5s}
          - {trigger: second, source: p, dest: d, after: 5s}
          - {trigger: at_once, source: b, dest: c, after: 0s}
    """)
    clocked.create(machine)
    assert clocked.fired("5s") == [("first", "a", "b"), ("at_once", "b", "c"), ("second", "c", "d")]


def test_the_event_is_answered_by_its_own_step_and_not_by_what_fires_after_it(clocked: Any) -> None:
    """S9.1, S8.8."""
    session = clocked.create(bound(AT_ONCE), {"may": True})
    result = session.send("go")
    assert (result.trigger, result.all_actions, len(result.steps)) == ("go", ("in_a",), 1)


@pytest.mark.parametrize("door", ["method", "send", "handle"])
def test_a_loop_of_timers_without_delay_is_logged_and_cut(
    door: str, clocked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """S9.1, S7.2: the sender did not cause it; its event was taken."""
    machine = bound("""
        states: [{name: off, type: initial}, {name: a, on_enter: [{increment: n}]}, {name: b}]
        transitions:
          - {trigger: go, source: off, dest: a}
          - {trigger: stop, source: [a, b], dest: off}
          - {source: a, dest: b, after: 0}
          - {source: b, dest: a, after: 0}
    """)
    session = clocked.create(machine, {"n": 0})
    doors = {"method": session.go, "send": lambda: session.send("go"), "handle": lambda: session.handle(Event("go"))}
    result = doors[door]()
    assert result.success
    assert "arm each other for ever" in caplog.text
    assert session.context["n"] == 51
    with pytest.raises(AutoTransitionLoopError, match="arm each other for ever"):
        clocked.advance(0)
    session.stop()
    assert clocked.advance("1s") == []


@pytest.mark.parametrize("how", ["go", "later", "restart"])
def test_a_timestamp_is_by_the_clock_that_serves_the_timers(clocked: Any, how: str) -> None:
    """S8.2: one step has one moment, in its effects as in its timers"""
    machine = bound(
        """
        state_variables: [{key: at, type: datetime}]
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b, actions: [{timestamp: at}]}
          - {trigger: later, source: a, dest: b, after: 5s, actions: [{timestamp: at}]}
          - {trigger: restart, source: a, dest: a, guards: [asked], actions: [{timestamp: at}]}
        """,
        guards={"asked": lambda ctx: True},
    )
    session = clocked.create(machine)
    clocked.advance("3s")
    if how == "later":
        clocked.advance("10s")
    else:
        session.send(how)
    assert session.context == {"at": START + timedelta(seconds=5 if how == "later" else 3)}
