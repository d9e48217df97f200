"""Timers of stored entities, and `run_due` (S9)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated
from support.places import Place
from support.running import in_threads

YAML = """
    meta: {machine_name: order}
    states:
      - {name: new, type: initial}
      - {name: open, initial_child: part, timeout: {seconds: 60, destination: late}}
      - {name: part, parent: open}
      - {name: full, parent: open}
      - {name: late, on_enter: [alarm]}
      - {name: done, type: terminal}
    transitions:
      - {trigger: approve, source: new, dest: open}
      - {trigger: fill, source: part, dest: full}
      - {trigger: again, source: open, dest: open}
      - {trigger: note, source: open, internal: true}
      - {trigger: close, source: [open, late], dest: done}
      - trigger: remind
        source: part
        internal: true
        after: 10s
        guards: [{expr: "nervous"}]
        actions: [{increment: reminded}]
      - {trigger: settle, source: late, dest: done, after: 5s}
    """


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp((MOMENT + milliseconds) / 1000, UTC)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def orders(store: Any, clock: StoppedClock) -> Any:
    return orchestrated(YAML, store, scheduler=clock)


def waiting(orders: Any) -> dict[str, datetime]:
    return {timer.trigger: due for timer, due in orders.get("o-1").timers.items()}


def test_timers_are_armed_with_their_state_and_stored(orders: Any, door: Any, clock: StoppedClock) -> None:
    """S9.2"""
    door.send(orders, "o-1", "approve", {"nervous": True})
    assert waiting(orders) == {"_timeout_open": at(60_000), "remind": at(10_000)}
    assert clock.armed == [("o-1", MOMENT + 10_000)]


def test_when_the_next_timer_is_due_can_be_asked(orders: Any, door: Any, clock: StoppedClock) -> None:
    """For clocks that sleep until then."""
    assert door.next_due(orders) is None
    door.send(orders, "o-1", "approve", {"nervous": True})
    assert door.next_due(orders) == at(10_000)
    clock.now += 10_000
    door.run_due(orders)
    assert door.next_due(orders) == at(60_000)


def test_nothing_fires_before_it_is_due(orders: Any, door: Any, clock: StoppedClock) -> None:
    """S9: never early"""
    door.send(orders, "o-1", "approve", {"nervous": True})
    clock.now += 9_999
    assert door.run_due(orders) == []
    clock.now += 1
    (result,) = door.run_due(orders)
    assert (result.trigger, result.source_state, result.target_state) == ("remind", "part", "part")
    assert orders.get("o-1").context["reminded"] == 1
    assert waiting(orders) == {"_timeout_open": at(60_000)}
    assert door.run_due(orders) == []


def test_a_restart_counts_anew_and_an_internal_transition_does_not(orders: Any, door: Any, clock: StoppedClock) -> None:
    """S9.2"""
    door.send(orders, "o-1", "approve")
    clock.now += 1_000
    door.send(orders, "o-1", "note")
    assert waiting(orders)["_timeout_open"] == at(60_000)
    door.send(orders, "o-1", "again")
    assert waiting(orders) == {"_timeout_open": at(61_000), "remind": at(11_000)}


def test_leaving_disarms_and_a_final_entity_has_no_timers(orders: Any, door: Any, clock: StoppedClock) -> None:
    """S9.2, S9.5"""
    door.send(orders, "o-1", "approve")
    door.send(orders, "o-1", "fill")
    assert set(waiting(orders)) == {"_timeout_open"}
    door.send(orders, "o-1", "close")
    assert waiting(orders) == {}
    clock.now += 100_000
    assert door.run_due(orders) == []


def test_a_timer_is_used_up_even_if_its_guards_fail(orders: Any, door: Any, clock: StoppedClock) -> None:
    """S9.4"""
    door.send(orders, "o-1", "approve", {"nervous": False})
    clock.now += 10_000
    (result,) = door.run_due(orders)
    assert result.metadata["reason"] == "guards_failed"
    assert set(waiting(orders)) == {"_timeout_open"}
    assert [row.trigger for row in orders.history("o-1")] == ["approve"]
    assert door.run_due(orders) == []


def test_what_is_long_due_fires_in_order_each_once_and_arms_what_follows_from_now(
    orders: Any, door: Any, clock: StoppedClock
) -> None:
    """S9"""
    door.send(orders, "o-1", "approve", {"nervous": True})
    clock.now += 3_600_000
    assert [result.trigger for result in door.run_due(orders)] == ["remind", "_timeout_open"]
    assert waiting(orders) == {"settle": at(3_605_000)}
    clock.now += 5_000
    assert [result.trigger for result in door.run_due(orders)] == ["settle"]
    assert orders.get("o-1").state == "done"


def test_a_moment_may_be_given_instead_of_the_clock(orders: Any, door: Any) -> None:
    """docs/orchestrator.md#timers: run_due(now)"""
    door.send(orders, "o-1", "approve", {"nervous": True})
    assert door.run_due(orders, at(9_999)) == []
    assert len(door.run_due(orders, at(10_000))) == 1


def test_a_timestamp_is_the_moment_of_its_audit_row(store: Any, door: Any, clock: StoppedClock) -> None:
    """S8.2: also where a moment is given"""
    orders = orchestrated(
        """
        state_variables: [{key: seen, type: datetime}]
        states: [{name: a, type: initial, on_enter: [{timestamp: seen}]}, {name: b}]
        transitions:
          - {trigger: look, source: a, internal: true, actions: [{timestamp: seen}]}
          - {source: a, dest: b, after: 5s, actions: [{timestamp: seen}]}
        """,
        store,
        scheduler=clock,
    )
    assert door.create(orders, "o-1").context == {"seen": at(0)}
    clock.now += 1_000
    door.send(orders, "o-1", "look")
    assert door.get(orders, "o-1").context == {"seen": at(1_000)}
    door.run_due(orders, at(7_000))
    entity = door.get(orders, "o-1")
    assert (entity.state, entity.context, orders.history("o-1")[-1].at) == ("b", {"seen": at(7_000)}, at(7_000))


def test_by_the_stores_clock_nothing_far_is_due(store: Any, door: Any) -> None:
    """S9.5"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve")
    assert door.run_due(orders) == []
    assert door.recover(orders) == 0


def test_the_actions_of_a_timer_run_and_are_in_its_result(store: Any, door: Any, clock: StoppedClock) -> None:
    """S9.4, S8.1"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, scheduler=clock, actions=deeds.named("alarm"))
    door.send(orders, "o-1", "approve")
    clock.now += 60_000
    results = door.run_due(orders)
    assert results[-1].execution.succeeded_actions == ["alarm"]
    assert deeds.contexts[0][1]["_event"].trigger == "_timeout_open"


def test_claims_go_by_the_clock_of_the_store_whatever_the_timers_go_by(store: Any, door: Any) -> None:
    """With a clock of the past, nobody takes an action that runs; with one of the future, it is found again"""
    for now in (1_000, MOMENT * 2):
        clock, taken = StoppedClock(now), list[int]()

        def alarm(ctx: Any, clock: StoppedClock = clock, taken: list[int] = taken) -> None:
            taken.append(orchestrated(YAML, store, scheduler=clock).recover())

        orders = orchestrated(YAML, store, scheduler=clock, actions={"alarm": alarm})
        door.send(orders, "o-1", "approve")
        clock.now += 60_000
        assert len(door.run_due(orders)) == 2
        assert taken == [0]
        orders.delete("o-1")


ZERO = """
    meta: {machine_name: order}
    states: [{name: a, type: initial}, {name: b}, {name: c}, {name: x}, {name: y}]
    transitions:
      - {trigger: go, source: a, dest: b}
      - {trigger: on, source: b, dest: c, after: 0, actions: [{increment: n}]}
      - {trigger: on, source: c, dest: a, after: 0, actions: [{increment: n}]}
      - {trigger: spin, source: a, dest: x}
      - {trigger: there, source: x, dest: y, after: 0, guards: [{expr: "1 == 1"}]}
      - {trigger: back, source: y, dest: x, after: 0, guards: [{expr: "1 == 1"}]}
    """


def test_timers_without_delay_fire_as_soon_as_the_step_is_over(store: Any, door: Any) -> None:
    """S9.1: the sender is answered its own event"""
    orders = orchestrated(ZERO, store)
    assert door.send(orders, "o-1", "go").target_state == "b"
    assert (door.get(orders, "o-1").state, door.get(orders, "o-1").context) == ("a", {"n": 2})


def test_timers_that_arm_each_other_for_ever_are_told_and_stop_for_now(
    store: Any, door: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """S9.1"""
    orders = orchestrated(ZERO, store)
    assert door.send(orders, "o-1", "spin").success
    assert "its timers arm each other for ever" in caplog.text


def test_an_entity_created_in_a_state_with_a_timer_without_delay_moves_on(store: Any, door: Any) -> None:
    """S9.1, S9.2"""
    yaml = ZERO.replace("{name: a, type: initial}, {name: b}", "{name: a}, {name: b, type: initial}")
    assert door.create(orchestrated(yaml, store), "o-1").state == "a"


def test_more_entities_than_a_batch_are_all_served(store: Any, door: Any, clock: StoppedClock) -> None:
    """docs/orchestrator.md#timers: run_due"""
    orders = orchestrated(YAML, store, scheduler=clock)
    for number in range(130):
        orders.process_event(f"o-{number}", "approve", {"nervous": True})
    clock.now += 10_000
    assert len(door.run_due(orders)) == 130


def test_an_entity_whose_timer_cannot_fire_keeps_no_other_back(
    store: Any, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    """S5.5, S9: an async guard on a sync path"""
    yaml = YAML.replace('{expr: "nervous"}', "asked")

    async def asked(ctx: Any) -> bool:
        return bool(ctx["nervous"])

    orders = orchestrated(yaml, store, scheduler=clock, guards={"asked": asked})
    asyncio.run(orders.async_process_event("o-1", "approve", {"nervous": True}))
    orders.process_event("o-2", "approve")
    orders.process_event("o-2", "fill")
    clock.now += 60_000
    assert [result.trigger for result in orders.run_due()] == ["_timeout_open"]
    assert "a timer of 'o-1' of order could not fire: guard 'asked' is async" in caplog.text
    assert [result.trigger for result in asyncio.run(orders.arun_due())] == ["remind", "_timeout_open"]


def test_two_who_serve_at_once_fire_each_timer_once(lasting: Place, clock: StoppedClock) -> None:
    """S9.5"""

    orders = orchestrated(YAML, lasting.open(), scheduler=clock)
    for number in range(30):
        orders.process_event(f"o-{number}", "approve", {"nervous": True})
    clock.now += 10_000
    served = [orchestrated(YAML, lasting.open(), scheduler=clock) for _ in range(4)]
    fired = in_threads(lambda number: len(served[number].run_due()))
    assert sum(fired) == 30
    assert all(entity.context["reminded"] == 1 for entity in orders.find())


def test_timers_in_regions_fire_in_their_region(store: Any, door: Any, clock: StoppedClock) -> None:
    """S9.2, S6.7"""
    yaml = """
        states:
          - name: both
            type: initial
            regions: [{name: l, initial: l1, states: [l1, l2]}, {name: r, initial: r1, states: [r1, r2]}]
          - {name: l1}
          - {name: l2}
          - {name: r1}
          - {name: r2}
        transitions:
          - {source: l1, dest: l2, after: 1s}
          - {source: r1, dest: r2, after: 2s}
        """
    orders = orchestrated(yaml, store, scheduler=clock)
    door.create(orders, "o-1")
    for expected in ("both:l=l2,r=r1", "both:l=l2,r=r2"):
        clock.now += 1_000
        assert [str(result.target_state) for result in door.run_due(orders)] == [expected]
