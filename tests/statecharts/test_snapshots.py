"""Snapshots of nested states, with their history and timers (S4.1, S9.5, docs/generated-module.md#snapshots)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pystator_runtime import SnapshotError
from pystator_runtime.schedulers import ManualScheduler
from support.doors import bound

START = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
YAML = """
    meta: {machine_name: plant, version: "1"}
    states:
      - {name: off, type: initial}
      - {name: on, initial_child: idle, timeout: {seconds: 60, destination: off}}
      - {name: idle, parent: on}
      - {name: work, parent: on, initial_child: first}
      - {name: first, parent: work}
      - {name: second, parent: work}
      - {name: done, type: terminal}
    transitions:
      - {trigger: start, source: off, dest: on}
      - {trigger: work, source: idle, dest: work}
      - {trigger: next, source: first, dest: second}
      - {trigger: stop, source: "on", dest: off}
      - {trigger: resume, source: off, dest: H*(on)}
      - {trigger: resume_child, source: off, dest: H(on)}
      - {trigger: tick, source: work, internal: true, after: 10s, actions: [{increment: ticks}]}
      - {trigger: tick, source: work, internal: true, after: 20s, actions: [{increment: ticks}]}
      - {source: first, dest: second, after: 30s}
    """
MACHINE = bound(YAML)


def through_json(session: Any) -> dict[str, Any]:
    """The snapshot of a session as it comes back from a file."""
    return json.loads(json.dumps(session.snapshot(), allow_nan=False))


def restored(snapshot: Any, machine: Any = MACHINE, **options: Any) -> Any:
    return machine.session_class.from_snapshot(machine, snapshot, **options)


def at(seconds: float) -> str:
    """A moment as snapshots write it."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def working() -> tuple[ManualScheduler, Any]:
    """A session in `first` that was in `second` before, and its clock: 5 seconds ago it began to work."""
    clock = ManualScheduler(START)
    session = clock.attach(MACHINE.create("plant-1", {"ticks": 0}))
    for trigger in ("start", "work", "next", "stop", "start"):
        session.send(trigger).raise_if_failed()
    clock.advance("2s")
    session.work()
    clock.advance("5s")
    return clock, session


def test_a_snapshot_holds_the_leaf_the_history_and_when_timers_are_due() -> None:
    _, session = working()
    assert session.snapshot() == {
        "format": 1,
        "machine_name": "plant",
        "machine_version": "1",
        "entity_id": "plant-1",
        "current_state": "first",
        "context": {"ticks": 0},
        "history": {"work": "second", "on": "second"},
        "timers": [
            {"source": "on", "trigger": "_timeout_on", "delay": 60_000, "due": at(60)},
            {"source": "work", "trigger": "tick", "delay": 10_000, "due": at(12)},
            {"source": "work", "trigger": "tick", "delay": 20_000, "due": at(22)},
            {"source": "first", "trigger": "_after_first_30000_ms", "delay": 30_000, "due": at(32)},
        ],
    }


def test_a_session_comes_back_in_the_same_leaf_with_the_same_history_and_timers() -> None:
    _, session = working()
    snapshot = through_json(session)
    kept = copy.deepcopy(snapshot)
    again = restored(snapshot)
    assert again.snapshot() == kept
    assert (again.current_state, again.is_work, again.is_on, again.is_idle) == ("first", True, True, False)
    again.stop()
    assert again.resume().target_state == "first"
    again.next()
    again.stop()
    assert again.resume_child().target_state == "first"
    assert snapshot == kept


@pytest.mark.parametrize(("trigger", "rests"), [("resume", "second"), ("resume_child", "first"), ("start", "idle")])
def test_history_survives_a_snapshot(trigger: str, rests: str) -> None:
    """S4.1: "History is part of the snapshot"."""
    _, session = working()
    session.next()
    session.stop()
    again = restored(through_json(session))
    assert again.send(trigger).target_state == rests


@pytest.mark.parametrize("options", [{}, {"thread_safe": True}, {"execute_actions": True, "history": 2}])
def test_restored_timers_stay_due_when_they_were(options: dict[str, Any]) -> None:
    """S9.5: on whatever clock and however much later; a delay is not waited for anew."""
    clock, session = working()
    again = clock.attach(restored(through_json(session), **options))
    assert clock.advance("4999ms") == []
    fired = clock.advance("1ms")
    assert [result.trigger for result in fired] == ["tick", "tick"]
    assert (session.context["ticks"], again.context["ticks"]) == (1, 1)
    other_clock = ManualScheduler(START + timedelta(seconds=11))
    later = other_clock.attach(restored(through_json(session), **options))
    assert [timer["due"] for timer in later.snapshot()["timers"]] == [at(60), at(22), at(32)]
    assert [result.trigger for result in other_clock.advance("21s")] == ["tick", "_after_first_30000_ms"]


def test_what_came_due_while_nobody_served_it_fires_when_somebody_does() -> None:
    """S9.5: in the order in which it was due, at the moment at which the clock stands."""
    _, session = working()
    clock = ManualScheduler(START + timedelta(days=1))
    again = clock.attach(restored(through_json(session)))
    assert again.current_state == "first"
    fired = clock.advance(0)
    assert [result.trigger for result in fired] == ["tick", "tick", "_after_first_30000_ms", "_timeout_on"]
    assert again.current_state == "off"


def test_restoring_has_no_side_effect() -> None:
    """Nothing is entered, armed, run or recorded."""
    ran: list[str] = []
    machine = bound(
        """
        states:
          - {name: outer, type: initial, initial_child: a, on_enter: [hello]}
          - {name: a, parent: outer, on_enter: [hello, {increment: n}], timeout: {seconds: 5, destination: b}}
          - {name: b, parent: outer}
        transitions: [{auto: true, source: a, dest: b, guards: [{expr: "n > 0"}]}]
        """,
        actions={"hello": lambda ctx: ran.append("hello")},
    )
    snapshot = {"current_state": "a", "context": {"n": 1}, "timers": [], "history": {}}
    again = restored(snapshot, machine, execute_actions=True)
    assert (again.current_state, again.context, again.snapshot()["timers"], ran) == ("a", {"n": 1}, [], [])


def test_a_timer_that_was_used_up_stays_used_up() -> None:
    """S9.4, S9.5."""
    clock, session = working()
    clock.advance("5s")
    names = [(timer["trigger"], timer["delay"]) for timer in through_json(session)["timers"]]
    assert names == [("_timeout_on", 60_000), ("tick", 20_000), ("_after_first_30000_ms", 30_000)]
    again = clock.attach(restored(through_json(session)))
    assert len(again.snapshot()["timers"]) == 3


def test_a_snapshot_without_timers_lets_what_waits_in_its_state_begin_to_wait() -> None:
    """PyStator's snapshots have none."""
    clock = ManualScheduler(START)
    session = clock.attach(restored({"current_state": "first", "context": {"ticks": 0}, "entity_id": "e1"}))
    assert [(timer["trigger"], timer["due"]) for timer in session.snapshot()["timers"]] == [
        ("_timeout_on", at(60)),
        ("tick", at(10)),
        ("tick", at(20)),
        ("_after_first_30000_ms", at(30)),
    ]
    assert [result.trigger for result in clock.advance("10s")] == ["tick"]
    assert restored({"current_state": "done"}).snapshot()["timers"] == []


def test_a_snapshot_may_name_a_compound_state() -> None:
    """S1.2: it means its initial leaf, in `history` too."""
    assert restored({"current_state": "work"}).current_state == "first"
    again = restored({"current_state": "off", "history": {"on": "work"}})
    assert again.snapshot()["history"] == {"on": "first"}
    assert again.resume().target_state == "first"


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ([], "history is list, not a mapping"),
        ("on", "history is str, not a mapping"),
        ({"on": "off"}, "history of 'on' is 'off', which is no state in it"),
        ({"work": "idle"}, "history of 'work' is 'idle', which is no state in it"),
        ({"work": "on"}, "history of 'work' is 'on', which is no state in it"),
        ({"work": "work"}, "history of 'work' is 'work', which is no state in it"),
        ({"first": "first"}, "history of 'first' is 'first', which is no state in it"),
        ({"gone": "first"}, "history of 'gone' is 'first', which is no state in it"),
        ({"on": "gone"}, "history of 'on' is 'gone', which is no state in it"),
        ({"on": None}, "history of 'on' is None, which is no state in it"),
        ({"on": ["idle"]}, r"history of 'on' is \['idle'\], which is no state in it"),
        ({1: "idle"}, "history of 1 is 'idle', which is no state in it"),
    ],
)
def test_history_that_does_not_fit_is_refused_with_the_reason(history: Any, problem: str) -> None:
    """docs/generated-module.md#snapshots"""
    if history == []:
        assert restored({"current_state": "off", "history": history}).snapshot()["history"] == {}
        history = [1]
    with pytest.raises(SnapshotError, match=problem):
        restored({"current_state": "off", "history": history})


GOOD = {"source": "on", "trigger": "_timeout_on", "delay": 60_000, "due": at(60)}


@pytest.mark.parametrize(
    "timers",
    [
        5,
        "timers",
        {"on": 1},
        [5],
        [None],
        [{}],
        [{**GOOD, "due": "tomorrow"}],
        [{**GOOD, "due": "2024-02-29T23:59:50"}],  # no offset
        [{**GOOD, "due": 1_700_000_000}],
        [{key: value for key, value in GOOD.items() if key != "due"}],
        [{key: value for key, value in GOOD.items() if key != "delay"}],
    ],
)
def test_timers_that_cant_be_read_are_refused(timers: Any) -> None:
    """docs/generated-module.md#snapshots"""
    with pytest.raises(SnapshotError, match="the snapshot's timers can't be read"):
        restored({"current_state": "idle", "timers": timers})


def test_a_timer_that_the_machine_no_longer_has_is_dropped() -> None:
    """Another version of the machine alone is no misfit."""
    timers = [
        GOOD,
        {**GOOD, "source": "gone"},
        {**GOOD, "trigger": "gone"},
        {"source": "first", "trigger": "_after_first_30000_ms", "delay": 30_000, "due": at(30)},  # not active
    ]
    assert restored({"current_state": "idle", "timers": timers}).snapshot()["timers"] == [GOOD]


def test_a_timer_whose_delay_is_another_by_now_keeps_its_due_time() -> None:
    """S9.5: as long as it is clear which one it is."""
    other = bound(YAML.replace('"1"', '"2"').replace("seconds: 60", "seconds: 90").replace("20s", "25s"))
    _, session = working()
    again = restored(through_json(session), other)
    assert [(timer["delay"], timer["due"]) for timer in again.snapshot()["timers"]] == [
        (90_000, at(60)),
        (10_000, at(12)),
        (30_000, at(32)),
    ]


def test_a_state_that_this_machine_lacks_is_refused_with_those_it_can_rest_in() -> None:
    """Leaves, each once, and not the compounds around them."""
    with pytest.raises(SnapshotError, match=r"can rest in off, idle, first, second, done$"):
        restored({"current_state": "elsewhere"})


def test_a_due_time_is_read_in_any_offset_and_written_in_utc() -> None:
    timers = [{**GOOD, "due": "2024-03-01T05:30:50+05:30"}, {**GOOD, "trigger": "gone", "due": "2024-03-01T00:00:50Z"}]
    again = restored({"current_state": "idle", "timers": timers})
    assert again.snapshot()["timers"] == [{**GOOD, "due": at(60)}]
