"""The clock that stands still until it is told to go on, for stored entities (S9)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pystator_runtime import ActionError, AutoTransitionLoopError, GuardError, Orchestrator, StoreError
from pystator_runtime.schedulers import ManualScheduler
from pystator_runtime.stores import InMemoryStateStore, SQLiteStateStore
from support.doors import bound

START = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
LIGHT = bound("""
    meta: {machine_name: light}
    states:
      - {name: red, type: initial, timeout: {seconds: 30, destination: green}}
      - {name: green, timeout: {seconds: 20, destination: amber}}
      - {name: amber, timeout: {seconds: 5, destination: red}}
    transitions:
      - {trigger: stop, source: "*", dest: red}
    """)
EGG = bound("""
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard}]
    transitions:
      - {trigger: boil, source: raw, dest: soft}
      - {source: soft, dest: hard, after: 15s}
    """)


def lights(clock: Any, store: Any = None, machine: Any = LIGHT) -> Orchestrator:
    return Orchestrator(machine, store or InMemoryStateStore(), scheduler=clock)


def state(orchestrator: Orchestrator, entity_id: str) -> str:
    entity = orchestrator.get(entity_id)
    assert entity is not None
    return str(entity.state)


def test_everything_that_comes_due_on_the_way_fires_at_its_own_moment(hands: Any) -> None:
    """S9.1"""
    orchestrator = lights(hands.clock)
    orchestrator.create("a")
    assert hands.fired("54999ms") == [("_timeout_red", "red", "green"), ("_timeout_green", "green", "amber")]
    assert hands.fired("1ms") == [("_timeout_amber", "amber", "red")]
    assert len(hands.advance("550s")) == 30
    entity = orchestrator.get("a")
    assert entity is not None
    assert entity.timers.popitem()[1] == START + timedelta(seconds=605 + 30)  # type: ignore[attr-defined]


def test_until_then_nothing_fires(hands: Any) -> None:
    """S9.5: never early, also not by run_due(), which goes by the same clock."""
    orchestrator = lights(hands.clock)
    orchestrator.create("a")
    assert hands.advance("29999ms") == []
    assert orchestrator.run_due() == []
    assert state(orchestrator, "a") == "red"


def test_run_due_fires_what_is_due_by_the_manual_clock() -> None:
    """S9.5"""
    clock = ManualScheduler(datetime(2099, 1, 1, tzinfo=UTC))
    orchestrator = lights(clock)
    orchestrator.create("a")
    assert orchestrator.run_due() == []
    clock.stop(orchestrator)
    clock.advance("30s")
    assert [str(result.target_state) for result in orchestrator.run_due()] == ["green"]


def test_sessions_and_orchestrators_share_one_order(hands: Any) -> None:
    """S9.1: by when it is due, whosever it is."""
    clock = hands.clock
    first, second = lights(clock), lights(clock, machine=EGG)
    first.create("a")  # due after 30 s
    hands.advance("10s")
    second.process_event("e", "boil")  # 25 s
    clock.attach(LIGHT.create("s"))  # 40 s
    hands.advance("5s")
    first.create("b")  # 45 s
    assert hands.fired("30s") == [
        ("_after_soft_15000_ms", "soft", "hard"),
        ("_timeout_red", "red", "green"),
        ("_timeout_red", "red", "green"),
        ("_timeout_red", "red", "green"),
    ]
    assert [state(first, "a"), state(first, "b"), clock.now] == ["green", "green", START + timedelta(seconds=45)]


def test_an_action_sees_the_moment_of_its_timer(hands: Any) -> None:
    """S9.1"""
    moments: list[datetime] = []
    machine = bound(
        """
        states: [{name: a, type: initial, on_enter: [tick]}]
        transitions: [{source: a, dest: a, after: 10s}]
        """,
        actions={"tick": lambda ctx: moments.append(hands.clock.now)},
    )
    lights(hands.clock, machine=machine).create("x")
    hands.advance("35s")
    assert [(moment - START).seconds for moment in moments] == [0, 10, 20, 30]


def test_timers_that_a_store_kept_from_before_are_served(hands: Any, tmp_path: Path) -> None:
    """S9.5: each stays due when it was; what is overdue fires first, the longest due before the others."""
    before = ManualScheduler(START - timedelta(seconds=40))
    old = lights(before, SQLiteStateStore(tmp_path / "lights.db"))
    old.create("first")
    before.advance("2s")
    old.create("second")
    before.advance("30s")
    assert [state(old, "first"), state(old, "second")] == ["green", "green"]
    old.close()
    new = lights(hands.clock, SQLiteStateStore(tmp_path / "lights.db"))
    entity = new.get("first")
    assert entity is not None
    assert list(entity.timers.values()) == [START + timedelta(seconds=10)]
    assert hands.fired("9999ms") == []
    assert len(hands.fired("1ms")) == 1
    assert [state(new, "first"), state(new, "second")] == ["amber", "green"]
    new.close()


def test_what_is_overdue_fires_in_the_order_in_which_it_was_due(hands: Any) -> None:
    """S9.4, S9.5"""
    store = InMemoryStateStore()
    before = ManualScheduler(START - timedelta(days=1))
    machine = bound("""
        states: [{name: a, type: initial}]
        transitions:
          - {source: a, after: 1s, trigger: early, internal: true}
          - {source: a, after: 5s, trigger: late, internal: true}
    """)
    old = lights(before, store, machine)
    old.create("one")
    before.advance(500)
    old.create("two")
    lights(hands.clock, store, machine)
    assert [(r.trigger) for r in hands.advance(0)] == ["early", "early", "late", "late"]


def test_a_loop_of_timers_without_delay_is_an_error(hands: Any) -> None:
    """S7.2 for timers: the clock could never go on."""
    machine = bound("""
        meta: {machine_name: hare}
        states: [{name: a, type: initial}, {name: b}]
        transitions: [{source: a, dest: b, after: 1s}, {source: b, dest: b, after: 0}]
    """)
    orchestrator = lights(hands.clock, machine=machine)
    orchestrator.create("x")
    with pytest.raises(AutoTransitionLoopError, match="one of 'x' of hare among them"):
        hands.advance("5s")
    assert (state(orchestrator, "x"), hands.clock.now) == ("b", START + timedelta(seconds=1))


def test_a_thousand_entities_may_be_due_at_one_moment(hands: Any) -> None:
    """That is no loop: each fires once."""
    orchestrator = lights(hands.clock)
    for number in range(1_000):
        orchestrator.create(f"e{number}")
    assert len(hands.advance("30s")) == 1_000
    assert orchestrator.count_by_state() == {"green": 1_000}


def test_an_orchestrator_that_was_closed_is_served_no_more_until_it_is_started_again(hands: Any) -> None:
    orchestrator = lights(hands.clock)
    orchestrator.create("a")
    orchestrator.close()
    assert hands.advance("30s") == []
    orchestrator.start()
    orchestrator.start()
    assert len(hands.advance(0)) == 1
    asyncio.run(orchestrator.aclose())
    assert hands.advance("1h") == []
    asyncio.run(orchestrator.astart())
    assert len(hands.advance(0)) == 1


def test_an_async_guard_or_action_is_refused_on_the_sync_path_and_the_timer_is_kept() -> None:
    """S5.5"""

    async def later(ctx: Any) -> bool:
        await asyncio.sleep(0)
        return True

    yaml = """
        states: [{name: a, type: initial}, {name: b, on_enter: [arrive]}]
        transitions: [{source: a, dest: b, after: 5s, guards: [may]}]
    """
    for functions, error in (
        ({"guards": {"may": later}}, GuardError),
        ({"guards": {"may": lambda ctx: True}, "actions": {"arrive": later}}, ActionError),
    ):
        clock = ManualScheduler(START)
        orchestrator = lights(clock, machine=bound(yaml, **functions))  # type: ignore[arg-type]
        orchestrator.create("x")
        with pytest.raises(error, match="async"):
            clock.advance("1m")
        assert (state(orchestrator, "x"), clock.now) == ("a", START + timedelta(seconds=5))
        assert len(asyncio.run(clock.aadvance(0))) == 1
        assert state(orchestrator, "x") == "b"


def test_an_entity_that_does_not_fit_its_machine_is_no_silence(hands: Any) -> None:
    """S13.3"""
    store = InMemoryStateStore()
    lights(hands.clock, store).create("a")
    other = bound("""
        meta: {machine_name: light, version: 2}
        states: [{name: blue, type: initial}]
        transitions: [{trigger: stop, source: blue, dest: blue}]
    """)
    clock = ManualScheduler(START)
    lights(clock, store, other)
    with pytest.raises(StoreError, match="red"):
        clock.advance("1m")


def test_several_tasks_that_let_time_pass_fire_each_timer_once(tmp_path: Path) -> None:
    """S9.5"""
    clock = ManualScheduler(START)
    orchestrator = lights(clock, SQLiteStateStore(tmp_path / "lights.db", durable=False))
    ids = [f"e{number}" for number in range(10)]

    async def scenario() -> int:
        for entity_id in ids:
            await orchestrator.acreate(entity_id)
        return sum(map(len, await asyncio.gather(*(clock.aadvance("30s") for _ in range(3)))))

    fired = asyncio.run(scenario())
    assert fired == sum(len(orchestrator.history(entity_id)) for entity_id in ids) >= len(ids)
    orchestrator.close()
