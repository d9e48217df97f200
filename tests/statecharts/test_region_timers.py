"""Delayed transitions in regions and of parallel states (S9, S6.7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.doors import bound
from support.walks import Walker

MACHINE = bound("""
    meta: {machine_name: line}
    states:
      - {name: idle, type: initial}
      - name: run
        timeout: {seconds: 60, destination: idle}
        regions:
          - {name: right, initial: r1, states: [r1, r2, r3]}
          - {name: left, initial: box, states: [box, l2]}
      - {name: r1, timeout: {seconds: 5, destination: r2}}
      - {name: r2, timeout: {seconds: 5, destination: r1}}
      - {name: r3, type: terminal}
      - {name: box, initial_child: b1}
      - {name: b1, parent: box}
      - {name: b2, parent: box}
      - {name: l2}
    transitions:
      - {trigger: go, source: idle, dest: run}
      - {trigger: swap, source: b1, dest: b2}
      - {trigger: again, source: box, dest: box}
      - {trigger: reset, source: run, dest: run}
      - {trigger: touch, source: run, internal: true}
      - {trigger: end, source: r1, dest: r3}
      - {trigger: out, source: run, dest: idle}
      - {source: box, dest: l2, after: 7s, guards: [{expr: "may"}], actions: [boxed]}
      - {trigger: flee, source: b2, dest: idle, after: 3s}
    """)
ALL = ["run", "r1", "box"]


def sources(timers: Any) -> list[str]:
    return [timer.source for timer in timers]


def run(right: str = "r1", left: str = "b1") -> str:
    return f"run:left={left},right={right}"


# -- arming and disarming (S9.2) -------------------------------------------------------------------------------


def test_entering_a_parallel_state_arms_what_waits_in_it_and_in_every_region(walk: Walker) -> None:
    """S9.2: in the order of entry, also on creation."""
    assert sources(walk(MACHINE).fire("go").armed) == ALL
    session = MACHINE.create("e1", {}, "b2")
    assert [timer["source"] for timer in session.snapshot()["timers"]] == ["run", "r1", "box", "b2"]


def test_leaving_a_parallel_state_disarms_what_waits_in_it_and_in_every_region(walk: Walker) -> None:
    """S9.2."""
    entity = walk(MACHINE, "run")
    assert sorted(sources(entity.fire("out").disarmed)) == sorted(ALL)
    assert entity.timers == set()


def test_a_step_in_one_region_leaves_the_timers_of_the_others_alone(walk: Walker) -> None:
    """S9.2, S1.1."""
    entity = walk(MACHINE, "run")
    result = entity.fire("swap")
    assert (sources(result.armed), sources(result.disarmed)) == (["b2"], [])
    result = entity.fire("again")
    assert (sources(result.armed), sources(result.disarmed)) == (["box"], ["b2"])


def test_a_self_transition_of_the_parallel_state_restarts_all_and_an_internal_one_none(walk: Walker) -> None:
    """S9.2: a restart is told as armed."""
    entity = walk(MACHINE, run("r2"))
    result = entity.fire("touch")
    assert (result.armed, result.disarmed) == ((), ())
    result = entity.fire("reset")
    assert (sources(result.armed), sources(result.disarmed)) == (ALL, ["r2"])


def test_a_region_that_has_come_to_its_end_waits_for_nothing(walk: Walker) -> None:
    """S9.5, S1.3: the others and the parallel state still do."""
    machine = bound("""
        states:
          - name: p
            type: initial
            timeout: {seconds: 9, destination: out}
            regions: [{name: a, initial: a1}, {name: b, initial: b1}]
          - {name: a1, initial_child: a2, timeout: {seconds: 1, destination: out}}
          - {name: a2, parent: a1}
          - {name: a3, parent: a1, type: terminal}
          - {name: b1, timeout: {seconds: 5, destination: out}}
          - {name: out}
        transitions: [{trigger: end, source: a2, dest: a3}]
        """)
    entity = walk(machine)
    assert sources(entity.result.armed) == ["p", "a1", "b1"]
    assert sources(entity.fire("end").disarmed) == ["a1"]


# -- firing (S9.4) ---------------------------------------------------------------------------------------------


def test_a_timer_fires_in_its_region_only(clocked: Any) -> None:
    """S9.4, S6.7."""
    session = clocked.create(MACHINE, {"may": False}, "run")
    assert clocked.fired("5s") == [("_timeout_r1", run(), run("r2"))]
    assert clocked.fired("5s")[-1] == ("_timeout_r2", run("r2"), run("r1"))
    assert str(session.current_state) == run()


def test_timers_of_several_regions_fire_each_at_its_moment(clocked: Any) -> None:
    """S9.1, S9.4."""
    clocked.create(MACHINE, {"may": True}, "run")
    assert clocked.fired("11s") == [
        ("_timeout_r1", run(), run("r2")),
        ("_after_box_7000_ms", run("r2"), run("r2", "l2")),
        ("_timeout_r2", run("r2", "l2"), run("r1", "l2")),
    ]


def test_the_timer_of_the_parallel_state_runs_on_while_regions_change_and_leaves_them_all(clocked: Any) -> None:
    """S9.2, S6.5."""
    session = clocked.create(MACHINE, {"may": True}, "run")
    assert clocked.fired("59s")[-1][0] == "_timeout_r1"
    (*_, last) = clocked.fired("1s")
    assert (last[0], last[2], session.current_state) == ("_timeout_run", "idle", "idle")
    assert session.snapshot()["timers"] == []


def test_a_timer_in_a_region_may_leave_the_parallel_state(clocked: Any) -> None:
    """S6.5."""
    session = clocked.create(MACHINE, {"may": True}, "b2")
    (result,) = clocked.advance("3s")
    assert (result.trigger, session.current_state) == ("flee", "idle")
    assert result.history_updates == {"box": "b2", "run": run(left="b2")}


def test_only_the_timers_own_transition_is_asked_and_it_is_used_up(clocked: Any) -> None:
    """S9.4."""
    session = clocked.create(MACHINE, {"may": False}, "run")
    session.end()
    (result,) = clocked.advance("7s")
    assert (result.metadata["reason"], str(session.current_state)) == ("guards_failed", run("r3"))
    session.send("touch", may=True)
    assert clocked.advance("20s") == []


def test_two_timers_that_are_due_at_one_moment_fire_one_after_the_other(clocked: Any) -> None:
    """S9.4: as two steps, the one that was armed first before the other."""
    machine = bound("""
        states:
          - name: p
            type: initial
            regions: [{name: z, initial: z1, states: [z1, z2]}, {name: a, initial: a1, states: [a1, a2]}]
          - {name: a1, timeout: {seconds: 2, destination: a2}}
          - {name: a2}
          - {name: z1, timeout: {seconds: 2, destination: z2}}
          - {name: z2}
          - {name: done}
        transitions: [{trigger: leave, source: z2, dest: done}]
        """)
    clocked.create(machine)
    assert clocked.fired("2s") == [
        ("_timeout_z1", "p:a=a1,z=z1", "p:a=a1,z=z2"),
        ("_timeout_a1", "p:a=a1,z=z2", "p:a=a2,z=z2"),
    ]


def test_a_delay_of_zero_in_a_region_fires_as_soon_as_the_step_is_over(clocked: Any) -> None:
    """S9.1."""
    machine = bound("""
        states:
          - {name: off, type: initial}
          - {name: p, regions: [{name: a, initial: a1, states: [a1, a2]}, {name: b, initial: b1, final: b1}]}
          - {name: a1}
          - {name: a2, type: terminal}
          - {name: b1}
          - {name: done}
        transitions:
          - {trigger: go, source: off, dest: p}
          - {source: a1, dest: a2, after: 0}
          - {trigger: _join_p, source: p, dest: done}
        """)
    session = clocked.create(machine)
    assert str(session.go().target_state) == "p:a=a1,b=b1"
    assert session.current_state == "done"


def test_a_restored_configuration_keeps_what_each_region_waits_for(clocked: Any) -> None:
    """S9.5: with its original moment."""
    session = clocked.create(MACHINE, {"may": True}, "run")
    clocked.advance("4s")
    snapshot = json.loads(json.dumps(session.snapshot()))
    again = clocked.clock.attach(MACHINE.session_class.from_snapshot(MACHINE, snapshot))
    assert again.snapshot() == snapshot
    assert clocked.fired("1s") == [("_timeout_r1", run(), run("r2"))] * 2


def test_what_waits_for_nothing_known_begins_to_wait_when_it_is_restored(clocked: Any) -> None:
    """S9.2: pystator's snapshots have no timers."""
    snapshot = {"current_state": run("r2"), "context": {"may": True}}
    session = clocked.clock.attach(MACHINE.session_class.from_snapshot(MACHINE, snapshot))
    assert [timer["source"] for timer in session.snapshot()["timers"]] == ["run", "r2", "box"]
    assert [name for name, _, _ in clocked.fired("7s")] == ["_timeout_r2", "_after_box_7000_ms"]


@pytest.mark.parametrize("trigger", ["_timeout_r1", "_after_box_7000_ms", "_timeout_run"])
def test_the_label_of_a_timer_is_never_accepted_from_outside(walk: Walker, trigger: str) -> None:
    """S2.6."""
    assert type(walk(MACHINE, "run").fire(trigger).error).__name__ == "UndefinedTriggerError"
