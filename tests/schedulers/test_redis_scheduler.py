"""The clock whose alarms are in Redis: any number of processes, and nothing lost that Redis loses (S9.5)."""

from __future__ import annotations

import asyncio
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from pystator_runtime import ConfigurationError, Orchestrator
from pystator_runtime.schedulers import RedisScheduler
from pystator_runtime.stores import InMemoryStateStore
from schedulers.eggs import are_cracked, check, environment, kitchen
from support.gate import Gate
from support.orchestrated import orchestrated, until
from support.places import Place
from support.programs import Program
from support.servers import Servers
from support.waiting import auntil

YAML = """
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard, on_enter: [crack]}, {name: stone}]
    transitions:
      - {trigger: boil, source: "*", dest: soft}
      - {trigger: forget, source: "*", dest: stone}
      - {source: soft, dest: hard, after: 50ms}
      - {source: stone, dest: raw, after: 1h}
    """
LONG = 3600.0
"""Longer than any test waits: what happens was not found by looking for it there."""


class Alarms:
    """The alarms of one test, with a look behind the clock's back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.prefix = f"test-{uuid.uuid4().hex}"
        self.client = redis.Redis.from_url(url, decode_responses=True)
        self.key = f"{self.prefix}:alarms:egg"

    def clock(self, **settings: Any) -> RedisScheduler:
        return RedisScheduler(self.url, **{"patience": 0.02, "sweep": LONG, "prefix": self.prefix, **settings})

    def kitchen(self, store: Any, crack: Any = None, **settings: Any) -> Orchestrator:
        clock = settings.pop("scheduler", None) or self.clock(**settings)
        return orchestrated(YAML, store, scheduler=clock, actions={"crack": crack} if crack else {})

    def all(self) -> dict[str, float]:
        return dict(self.client.zrange(self.key, 0, -1, withscores=True))

    def now(self) -> float:
        seconds, microseconds = self.client.time()
        return seconds * 1000 + microseconds / 1000


@pytest.fixture
def alarms(servers: Servers) -> Iterator[Alarms]:
    found = Alarms(servers.redis())
    yield found
    found.client.delete(found.key)
    found.client.close()


def is_in(orchestrator: Orchestrator, state: str, *ids: str) -> Callable[[], bool]:
    def holds() -> bool:
        found = [orchestrator.get(entity_id) for entity_id in ids or ("e",)]
        return all(entity is not None and entity.state == state for entity in found)

    return holds


def test_a_timer_that_one_process_has_armed_is_fired_by_another_without_a_search(alarms: Alarms) -> None:
    store = InMemoryStateStore()
    arming = alarms.kitchen(store)
    serving = alarms.kitchen(store)
    serving.start()
    until(lambda: not is_searching(serving))
    for entity_id in ("e", "f", "g"):
        arming.process_event(entity_id, "boil")
    until(is_in(serving, "hard", "e", "f", "g"))
    until(lambda: alarms.all() == {})
    serving.close()
    arming.close()


def is_searching(orchestrator: Orchestrator) -> bool:
    """Whether the search at the beginning is still to come."""
    watch: Any = orchestrator.scheduler._watches[orchestrator]
    return watch._swept is None


def test_the_alarm_of_an_entity_is_that_of_its_first_timer(alarms: Alarms) -> None:
    """S9.2: what is armed anew is due anew; an event that arms nothing tells Redis nothing."""
    store = InMemoryStateStore()
    orchestrator = alarms.kitchen(store)
    orchestrator.process_event("e", "forget")
    stored = orchestrator.get("e")
    assert stored is not None
    (due,) = stored.timers.values()
    assert alarms.all() == {"e": round(due.timestamp() * 1000)}
    orchestrator.process_event("e", "boil")
    assert alarms.all()["e"] < due.timestamp() * 1000
    orchestrator.close()


def test_an_async_caller_awaits_redis_and_the_first_timer_begins_a_task(alarms: Alarms) -> None:
    async def scenario() -> None:
        orchestrator = alarms.kitchen(InMemoryStateStore())
        await orchestrator.async_process_event("e", "boil")
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()

    asyncio.run(scenario())


def test_an_alarm_that_rings_early_fires_nothing_and_rings_again(alarms: Alarms) -> None:
    """S9.5: what is stored decides."""
    store = InMemoryStateStore()
    orchestrator = alarms.kitchen(store)
    orchestrator.process_event("e", "forget")
    before = alarms.all()["e"]
    alarms.client.zadd(alarms.key, {"e": 1})
    orchestrator.start()
    until(lambda: alarms.all()["e"] > 1 and alarms.all()["e"] % 1 == 0)  # taken, and given back
    assert abs(alarms.all()["e"] - before) < 60_000
    assert is_in(orchestrator, "stone")()
    orchestrator.close()


def test_an_alarm_for_what_is_not_there_or_has_no_timer_is_forgotten(alarms: Alarms) -> None:
    """S9.5"""
    orchestrator = alarms.kitchen(InMemoryStateStore())
    orchestrator.process_event("raw", "boil")
    orchestrator.delete("raw")
    orchestrator.create("idle")
    alarms.client.zadd(alarms.key, {"raw": 1, "idle": 1, "nobody": 1})
    orchestrator.start()
    until(lambda: alarms.all() == {})
    assert orchestrator.count_by_state() == {"raw": 1}
    orchestrator.close()


def test_an_alarm_that_redis_has_lost_is_found_in_the_store(alarms: Alarms) -> None:
    """S9.5: as are those of processes that died before they could tell Redis."""
    store = InMemoryStateStore()
    orchestrator = alarms.kitchen(store, sweep=0.05)
    orchestrator.process_event("e", "boil")
    alarms.client.delete(alarms.key)
    orchestrator.start()
    until(is_in(orchestrator, "hard"))
    orchestrator.close()


def test_what_a_process_has_taken_and_not_fired_is_due_again_for_others(alarms: Alarms) -> None:
    orchestrator = alarms.kitchen(InMemoryStateStore())
    orchestrator.process_event("e", "boil")
    until(lambda: alarms.all()["e"] <= alarms.now())

    async def scenario() -> None:
        clock = alarms.clock()
        _, _, lease, taken = await clock.take(orchestrator)
        assert taken == ["e"]
        assert alarms.now() < alarms.all()["e"] < alarms.now() + 60_000
        assert (await clock.take(orchestrator))[3] == []
        await asyncio.to_thread(orchestrator.process_event, "e", "forget")  # armed anew meanwhile
        armed = alarms.all()
        await clock.settle(orchestrator, "e", lease, None)
        assert alarms.all() == armed
        await clock.clients.aclose()

    asyncio.run(scenario())
    orchestrator.close()


def test_events_are_taken_and_timers_fire_while_redis_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A scheduler is only an alarm clock"""
    clock = RedisScheduler(f"unix://{tmp_path}/nobody", patience=0.02, sweep=0.02)
    orchestrator = orchestrated(YAML, InMemoryStateStore(), scheduler=clock)
    assert orchestrator.process_event("e", "boil").success
    assert "the scheduler took no note of a timer of 'e' of egg: Redis did not answer" in caplog.text
    orchestrator.start()
    until(is_in(orchestrator, "hard"))
    orchestrator.close()
    assert sum("could not be served" in record.getMessage() for record in caplog.records) == 1


def test_a_timer_that_can_not_fire_is_not_tried_all_the_time(alarms: Alarms, caplog: pytest.LogCaptureFixture) -> None:
    """S13.3: an entity of another version, say."""
    store = InMemoryStateStore()
    alarms.kitchen(store).process_event("e", "boil")
    newer = "{meta: {machine_name: egg}, states: [{name: raw, type: initial}, {name: warm}], transitions: []}"
    newer = newer.replace("transitions: []", "transitions: [{source: warm, dest: raw, after: 1h}]")
    orchestrator = orchestrated(newer, store, scheduler=alarms.clock())
    orchestrator.start()
    until(lambda: "could not fire" in caplog.text)
    until(lambda: alarms.all()["e"] > alarms.now() + 10_000)
    orchestrator.close()


def test_aclose_brings_what_runs_to_its_end_and_gives_back_the_rest(alarms: Alarms) -> None:
    """S8.1: others need not wait for leases to end."""

    store = InMemoryStateStore()
    planner = alarms.kitchen(store)
    for entity_id in ("e", "f", "g"):
        planner.process_event(entity_id, "boil")

    async def scenario() -> None:
        gate = Gate()
        orchestrator = alarms.kitchen(store, gate)
        await orchestrator.astart()
        await gate.reached.wait()
        closing = asyncio.create_task(orchestrator.aclose())
        await asyncio.sleep(0)
        gate.opened.set()
        await closing
        assert gate.most == 1
        assert orchestrator.count_by_state() == {"hard": 1, "soft": 2}
        assert [due for due in alarms.all().values() if due > alarms.now() + 1_000] == []

    asyncio.run(scenario())
    planner.close()


def test_clients_of_both_kinds_are_as_good_as_a_url(alarms: Alarms) -> None:
    async def scenario(given: Any) -> None:
        orchestrator = alarms.kitchen(
            InMemoryStateStore(), scheduler=RedisScheduler(given, patience=0.02, sweep=LONG, prefix=alarms.prefix)
        )
        await orchestrator.async_process_event("e", "boil")
        await auntil(is_in(orchestrator, "hard"))
        await orchestrator.aclose()
        if isinstance(given, redis.asyncio.Redis):
            await given.aclose()

    with redis.Redis.from_url(alarms.url) as client:
        asyncio.run(scenario(client))
    asyncio.run(scenario(redis.asyncio.Redis.from_url(alarms.url)))


def test_what_can_not_be_a_clock_is_refused(alarms: Alarms) -> None:
    with pytest.raises(ConfigurationError, match="neither a URL of Redis nor one of redis-py's clients"):
        RedisScheduler(5)  # type: ignore[arg-type]
    for settings in ({"patience": 0}, {"sweep": 0}):
        with pytest.raises(ConfigurationError, match="more than 0 seconds"):
            alarms.clock(**settings)


def test_processes_that_are_killed_lose_no_timer_and_fire_none_twice(
    shared: Place, alarms: Alarms, tmp_path: Path
) -> None:
    """S8.1, S9.5: with every store; a process that is started later serves what was due before."""
    log, chance = tmp_path / "log", random.Random(0)
    told = environment(shared, log, alarms=alarms.url, prefix=alarms.prefix, sweep=0.5)
    orders, ids = kitchen(shared.open(), log, alarms.clock()), list[str]()

    def start(number: int) -> Program:
        arguments = ["-m", "pystator_runtime.worker", "schedulers.eggs:make"]
        return Program(arguments, tmp_path / f"worker-{number}.txt", told)

    with start(0) as first, start(1) as second:
        for worker in (first, second):
            worker.wait_for("serving egg")
        for number in range(4):
            ids.append(f"e-{number}")
            orders.process_event(ids[-1], "boil")
        time.sleep(chance.uniform(0.25, 0.4))
        first.kill()
        second.kill()
    with start(2) as last:
        until(lambda: are_cracked(log, *ids), seconds=120)
        last.wait_for("serving egg").signal(signal.SIGTERM)
        assert last.ended() == 0, last.said
    check(orders, log, *ids)
    orders.close()
