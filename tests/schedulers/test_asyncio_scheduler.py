"""The clock in the application's own process: a task of its event loop, or a thread (S9)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from pystator_runtime import Orchestrator, StoreError
from pystator_runtime.schedulers import AsyncioScheduler
from pystator_runtime.stores import InMemoryStateStore, SQLiteStateStore
from support.gate import Gate
from support.orchestrated import Deeds, orchestrated, until
from support.waiting import auntil

YAML = """
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard, on_enter: [crack]}, {name: stone}]
    transitions:
      - {trigger: boil, source: "*", dest: soft}
      - {trigger: forget, source: "*", dest: stone}
      - {source: soft, dest: hard, after: 20ms}
      - {source: stone, dest: raw, after: 1h}
    """
LONG = 3600.0
"""Longer than any test waits: what happens was not found by looking now and then."""


def kitchen(store: Any = None, patience: float = LONG, scheduler: Any = None, **actions: Any) -> Orchestrator:
    clock = scheduler or AsyncioScheduler(patience=patience)
    return orchestrated(YAML, store or InMemoryStateStore(), scheduler=clock, actions=actions)


def is_in(orchestrator: Orchestrator, state: str, *ids: str) -> Callable[[], bool]:
    def holds() -> bool:
        found = [orchestrator.get(entity_id) for entity_id in ids or ("e",)]
        return all(entity is not None and entity.state == state for entity in found)

    return holds


def left_over(store: Any, *ids: str) -> None:
    """Eggs that were boiled by a process that is gone."""
    old = orchestrated(YAML, store)
    for entity_id in ids or ("e",):
        old.process_event(entity_id, "boil")


def watching() -> list[str]:
    """The clocks that run in this process and event loop."""
    threads = [thread.name for thread in threading.enumerate() if thread.name == "pystator-timers"]
    try:
        tasks = [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "pystator-timers"]
    except RuntimeError:
        tasks = []
    return [f"{name} thread" for name in threads] + [f"{name} task" for name in tasks]


# -- beginning -------------------------------------------------------------------------------------------------


def test_the_first_timer_begins_a_task_in_the_running_loop() -> None:
    """docs/orchestrator.md#timers"""

    async def scenario() -> None:
        deeds = Deeds()
        orchestrator = kitchen(**deeds.named("crack"))
        await orchestrator.acreate("e")
        assert watching() == []
        await orchestrator.async_process_event("e", "boil")
        assert watching() == ["pystator-timers task"]
        await auntil(is_in(orchestrator, "hard"))
        assert deeds.names == ["crack"]
        await orchestrator.aclose()
        assert watching() == []

    asyncio.run(scenario())


def test_astart_finds_what_was_due_while_nobody_lived(tmp_path: Path) -> None:
    """S9.5: also timers that come due later."""

    async def scenario() -> None:
        left_over(SQLiteStateStore(tmp_path / "eggs.db"), "e", "f", "g")
        orchestrator = kitchen(SQLiteStateStore(tmp_path / "eggs.db"))
        await orchestrator.astart()
        await orchestrator.astart()
        assert len(watching()) == 1
        await auntil(is_in(orchestrator, "hard", "e", "f", "g"))
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_without_an_event_loop_start_begins_a_thread_and_that_can_await() -> None:
    """docs/orchestrator.md#timers"""
    ran: list[str] = []

    async def crack(ctx: Any) -> None:
        await asyncio.sleep(0)
        ran.append(threading.current_thread().name)

    orchestrator = kitchen(crack=crack)
    orchestrator.process_event("e", "boil")
    assert watching() == []
    orchestrator.start()
    orchestrator.start()
    assert watching() == ["pystator-timers thread"]
    until(is_in(orchestrator, "hard"))
    orchestrator.close()
    assert watching() == []
    assert ran == ["pystator-timers"]


def test_a_thread_that_watches_is_enough() -> None:
    """Events in an event loop wake it, and begin no task beside it."""

    async def scenario() -> None:
        orchestrator = kitchen()
        await asyncio.to_thread(orchestrator.start)
        await orchestrator.async_process_event("e", "boil")
        assert watching() == ["pystator-timers thread"]
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()
        assert watching() == []

    asyncio.run(scenario())


def test_a_task_that_watches_is_enough() -> None:
    async def scenario() -> None:
        orchestrator = kitchen()
        await orchestrator.astart()
        await asyncio.to_thread(orchestrator.start)
        await asyncio.to_thread(orchestrator.process_event, "e", "boil")
        assert watching() == ["pystator-timers task"]
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_one_event_loop_after_the_other_has_its_own_task() -> None:
    orchestrator = kitchen()

    async def scenario(entity_id: str) -> None:
        await orchestrator.async_process_event(entity_id, "boil")
        await auntil(is_in(orchestrator, "hard", entity_id))

    for entity_id in ("e", "f"):
        asyncio.run(scenario(entity_id))
    orchestrator.close()


def test_what_a_timer_does_is_not_part_of_the_event_that_began_the_clock() -> None:
    """Else the first request of an application would be told of all timers."""
    request: ContextVar[str] = ContextVar("request", default="none")
    seen: list[str] = []

    async def scenario() -> None:
        orchestrator = kitchen(crack=lambda ctx: seen.append(request.get()))
        request.set("the first")
        await orchestrator.async_process_event("e", "boil")
        await auntil(lambda: seen)
        await orchestrator.aclose()

    asyncio.run(scenario())
    assert seen == ["none"]


# -- in time ---------------------------------------------------------------------------------------------------


def test_it_wakes_up_for_a_timer_that_is_due_before_those_it_knows(way: str) -> None:
    async def scenario() -> None:
        orchestrator = kitchen()
        await orchestrator.async_process_event("late", "forget")
        await asyncio.sleep(0.05)  # by now it sleeps
        if way == "task":
            await orchestrator.async_process_event("e", "boil")
        else:
            await asyncio.to_thread(orchestrator.process_event, "e", "boil")
        await auntil(is_in(orchestrator, "hard"))
        assert is_in(orchestrator, "stone", "late")()
        await orchestrator.aclose()

    asyncio.run(scenario())


@pytest.fixture(params=["task", "thread"])
def way(request: Any) -> str:
    """From where a timer is armed."""
    return str(request.param)


def test_timers_that_others_have_armed_are_found_by_looking() -> None:
    """S9.5"""
    store = InMemoryStateStore()
    other = orchestrated(YAML, store)

    async def scenario() -> None:
        orchestrator = kitchen(store, patience=0.01)
        await orchestrator.astart()
        other.process_event("e", "boil")
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_actions_that_nobody_is_at_are_run() -> None:
    """S8.1, a claim that has expired is found by looking, too."""

    async def scenario() -> None:
        gate, store = Gate(), InMemoryStateStore()
        forgetful = orchestrated(YAML, store, actions={"crack": gate}, action_lease=0.05)
        forgetful.process_event("e", "boil")
        await asyncio.sleep(0.03)
        dying = asyncio.create_task(forgetful.arun_due())
        await gate.reached.wait()
        dying.cancel()
        deeds = Deeds()
        orchestrator = kitchen(store, patience=0.01, **deeds.named("crack"))
        await orchestrator.astart()
        await auntil(lambda: deeds.names == ["crack"])
        await orchestrator.aclose()
        forgetful.close()

    asyncio.run(scenario())


def test_several_orchestrators_share_one_scheduler_and_one_loop() -> None:
    async def scenario() -> None:
        clock = AsyncioScheduler(patience=LONG)
        kitchens = [kitchen(scheduler=clock) for _ in range(3)]
        for orchestrator in kitchens:
            await orchestrator.async_process_event("e", "boil")
        assert len(watching()) == 3
        for orchestrator in kitchens:
            await auntil(is_in(orchestrator, "hard"))
        await kitchens[0].aclose()
        assert len(watching()) == 2
        await kitchens[1].async_process_event("e", "boil")
        await auntil(is_in(kitchens[1], "hard"))
        await asyncio.gather(*(orchestrator.aclose() for orchestrator in kitchens))

    asyncio.run(scenario())


# -- trouble ---------------------------------------------------------------------------------------------------


class Shaky(InMemoryStateStore):
    """A store that is away now and then, and counts who asks."""

    away = 0
    asked = 0

    def next_due(self, machine: str) -> tuple[int | None, int]:
        self.asked += 1
        if self.away:
            self.away -= 1
            raise StoreError("the store is away")
        return super().next_due(machine)


def test_a_store_that_is_away_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    """Told once, not with each look."""

    async def scenario() -> None:
        store = Shaky()
        store.away = 5
        orchestrator = kitchen(store, patience=0.01)
        await orchestrator.astart()
        await auntil(lambda: not store.away)
        await orchestrator.async_process_event("e", "boil")
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()

    asyncio.run(scenario())
    assert len([record for record in caplog.records if "the store is away" in record.getMessage()]) == 1


NEWER = """
    meta: {machine_name: egg, version: 2}
    states: [{name: raw, type: initial}, {name: warm}, {name: hard}]
    transitions: [{trigger: heat, source: raw, dest: warm}, {source: warm, dest: hard, after: 20ms}]
"""
"""A machine that has no state ``soft``: entities in that state don't fit, and their timers can't fire (S13.3)."""


def test_a_timer_that_keeps_failing_is_not_tried_without_a_pause() -> None:
    """S13.3"""
    store = Shaky()
    left_over(store, "poison")

    async def scenario() -> None:
        await asyncio.sleep(0.03)  # by now it is due
        orchestrator = orchestrated(NEWER, store, scheduler=AsyncioScheduler(patience=LONG))
        await orchestrator.astart()
        await auntil(lambda: store.asked == 2)  # a second time, for it might have come due between look and question
        await asyncio.sleep(0.05)
        assert store.asked == 2
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_a_timer_that_keeps_failing_does_not_keep_others_from_firing() -> None:
    """S13.3"""
    store = InMemoryStateStore()
    left_over(store, "poison")

    async def scenario() -> None:
        await asyncio.sleep(0.03)
        orchestrator = orchestrated(NEWER, store, scheduler=AsyncioScheduler(patience=0.01))
        await orchestrator.async_process_event("e", "heat")
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()

    asyncio.run(scenario())


# -- the end ---------------------------------------------------------------------------------------------------


def test_aclose_brings_what_runs_to_its_end_and_begins_nothing_new() -> None:
    """S8.1: an action is not torn apart; what has not begun stays due."""

    async def scenario() -> None:
        gate, store = Gate(), InMemoryStateStore()
        left_over(store, "e", "f")
        await asyncio.sleep(0.03)
        orchestrator = kitchen(store, crack=gate)
        await orchestrator.astart()
        await gate.reached.wait()
        closing = asyncio.create_task(orchestrator.aclose())
        await asyncio.sleep(0.02)
        assert not closing.done()
        gate.opened.set()
        await closing
        assert gate.most == 1
        assert orchestrator.count_by_state() == {"hard": 1, "soft": 1}
        assert store.claim("egg", 1, 10, True) == []

    asyncio.run(scenario())


def test_close_waits_for_the_thread_in_the_same_way() -> None:
    begun, opened, store = threading.Event(), threading.Event(), InMemoryStateStore()

    def crack(ctx: Any) -> None:
        begun.set()
        opened.wait()

    left_over(store, "e", "f")
    orchestrator = kitchen(store, crack=crack)
    orchestrator.start()
    begun.wait()
    closing = threading.Thread(target=orchestrator.close)
    closing.start()
    opened.set()
    closing.join()
    assert watching() == []
    assert store.claim("egg", 1, 10, True) == []


def test_pending_actions_that_have_not_begun_are_given_back_when_it_is_closed() -> None:
    """Others need not wait for claims to expire."""

    async def scenario() -> None:
        gate, store = Gate(), InMemoryStateStore()
        planner = orchestrated(YAML, store, actions={"crack": Deeds(crack=9).named("crack")["crack"]})
        left_over(store, "e", "f", "g")
        await asyncio.sleep(0.03)
        planner.run_due()
        keys = [failed.key for failed in planner.failed_actions()]
        for key in keys:
            store.retry("egg", key, 0)
        orchestrator = kitchen(store, crack=gate)
        await orchestrator.astart()
        await gate.reached.wait()
        closing = asyncio.create_task(orchestrator.aclose())
        await asyncio.sleep(0)
        gate.opened.set()
        await closing
        assert [action.key for action in store.claim("egg", 1, 10, False)] == keys[1:]

    asyncio.run(scenario())


def test_whoever_gives_up_waiting_for_the_end_has_it_cancelled() -> None:
    async def scenario() -> None:
        gate, store = Gate(), InMemoryStateStore()
        left_over(store)
        orchestrator = kitchen(store, crack=gate)
        await orchestrator.astart()
        await gate.reached.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(orchestrator.aclose(), 0.02)
        await auntil(lambda: not watching())
        assert gate.running == 0

    asyncio.run(scenario())


def test_closing_from_inside_of_an_action_is_no_deadlock() -> None:
    async def scenario(how: str) -> None:
        done = asyncio.Event()

        async def crack(ctx: Any) -> None:
            if how == "aclose":
                await orchestrator.aclose()
            else:
                orchestrator.close()
            done.set()

        orchestrator = kitchen(crack=crack)
        await orchestrator.async_process_event("e", "boil")
        await asyncio.wait_for(done.wait(), 30)
        await auntil(lambda: not watching())

    for how in ("aclose", "close"):
        asyncio.run(scenario(how))


def test_after_the_end_timers_begin_no_clock_until_it_is_started_again() -> None:
    async def scenario() -> None:
        orchestrator = kitchen()
        await orchestrator.aclose()
        await orchestrator.async_process_event("e", "boil")
        assert watching() == []
        await orchestrator.astart()
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_an_event_loop_that_ends_takes_its_task_along(recwarn: pytest.WarningsRecorder) -> None:
    """Nobody has to close anything."""
    orchestrator = kitchen()

    async def scenario() -> None:
        await orchestrator.async_process_event("e", "forget")

    asyncio.run(scenario())
    assert watching() == []
    orchestrator.close()
    assert not list(recwarn)
