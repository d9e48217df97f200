"""The clock whose alarms are tasks of Celery: real workers, with Redis as their broker (S9.5)."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from orchestrator.crashing import read
from pystator_runtime import ConfigurationError, Orchestrator
from pystator_runtime.schedulers import CeleryScheduler
from pystator_runtime.stores import InMemoryStateStore
from schedulers.eggs import DELAY, are_cracked, celery_clock, check, environment, kitchen
from support.orchestrated import orchestrated, until
from support.places import Place, SQLite
from support.programs import Program
from support.servers import Servers

YAML = """
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard}, {name: stone}]
    transitions:
      - {trigger: boil, source: "*", dest: soft}
      - {trigger: forget, source: "*", dest: stone}
      - {trigger: look, source: "*", internal: true}
      - {source: soft, dest: hard, after: 10m}
      - {source: stone, dest: raw, after: 31d}
    """


class Broker:
    """A corner of Redis for the tasks of one test."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("unix://", "redis+socket://")
        self.prefix = f"test-{uuid.uuid4().hex}:"
        self.client = redis.Redis.from_url(url)

    def told(self, **settings: Any) -> dict[str, Any]:
        return {"broker": self.url, "prefix": self.prefix, **settings}

    def clock(self, **settings: Any) -> CeleryScheduler:
        clock: CeleryScheduler = celery_clock(self.told(**settings))
        return clock

    def sent(self) -> list[tuple[str, str]]:
        """The tasks that wait for a worker, and when they are to be done."""
        found = (json.loads(task)["headers"] for task in self.client.lrange(f"{self.prefix}celery", 0, -1))
        return [(task["task"], task["eta"]) for task in found]

    def end(self) -> None:
        if keys := list(self.client.scan_iter(f"{self.prefix}*")):
            self.client.delete(*keys)
        self.client.close()


@pytest.fixture
def broker(servers: Servers) -> Iterator[Broker]:
    found = Broker(servers.redis())
    yield found
    found.end()


Starts = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    """Starts workers of Celery, which are gone when the test is over."""
    started: list[Program] = []

    def begin(environment: dict[str, str], *options: str) -> Program:
        arguments = ["-m", "celery", "-A", "schedulers.eggs_of_celery", "worker", "--loglevel=INFO"]
        arguments += ["--concurrency=2", "--without-gossip", "--without-mingle", *options]
        log = tmp_path / f"celery-{len(started)}.txt"
        started.append(Program(arguments, log, {"PYTHONWARNINGS": "ignore", **environment}))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SQLite]:
    place = SQLite(tmp_path, None)  # type: ignore[arg-type] # it needs no server
    yield place
    place.end()


# -- workers ---------------------------------------------------------------------------------------------------


def test_a_worker_fires_timers_in_time_whatever_comes_early_or_twice(
    shared: Place, broker: Broker, tmp_path: Path, start: Starts
) -> None:
    """S9.5: with every store; the search is an hour away, so it was the tasks."""
    log, told = tmp_path / "log", broker.told(sweep=3600)
    worker = start(environment(shared, log, **told)).wait_for("pystator.run_due")
    worker.wait_for("succeeded")
    clock = broker.clock(sweep=3600)
    orders = kitchen(shared.open(), log, clock)
    ids = [f"e-{number}" for number in range(4)]
    for entity_id in ids:
        orders.process_event(entity_id, "boil")
        for _ in range(2):
            clock.app.tasks["pystator.ring"].delay("egg", entity_id)
    until(lambda: are_cracked(log, *ids), seconds=120)
    check(orders, log, *ids)
    orders.close()


def test_after_workers_were_killed_what_is_due_fires_when_one_is_started(
    shared: Place, broker: Broker, tmp_path: Path, start: Starts
) -> None:
    """S8.1, S9.5: the tasks are with the dead, until the broker gives them up; the store knows."""
    log = tmp_path / "log"
    told = environment(shared, log, **broker.told(sweep=3600), seconds=0.1)
    first = start(told).wait_for("succeeded")
    orders = kitchen(shared.open(), log, broker.clock(sweep=3600))
    ids = [f"e-{number}" for number in range(6)]
    for entity_id in ids:
        orders.process_event(entity_id, "boil")
    until(lambda: [line for line in read(log) if line[0] == "begun"], seconds=120)
    first.kill()
    assert not are_cracked(log, *ids), "there is nothing left to do"
    time.sleep(DELAY / 1000)
    second = start(told)
    until(lambda: _state(orders, *ids) == {"hard"}, seconds=120)
    second.signal()
    assert second.ended() == 0, second.said
    until(lambda: orders.recover() == 0 and are_cracked(log, *ids), seconds=120)  # claims of the dead have to expire
    check(orders, log, *ids)
    orders.close()


def _state(orders: Orchestrator, *ids: str) -> set[str]:
    found = [orders.get(entity_id) for entity_id in ids]
    return {str(entity.state) for entity in found if entity is not None}


def test_timers_beyond_the_horizon_are_found_by_the_search_of_the_beat(
    sqlite: SQLite, broker: Broker, tmp_path: Path, start: Starts
) -> None:
    """And actions may be async."""
    log = tmp_path / "log"
    told = broker.told(sweep=0.5, horizon=0.001)
    beat = ("--beat", "--schedule", str(tmp_path / "beat"))
    start(environment(sqlite, log, is_async=True, **told), *beat).wait_for("succeeded")
    orders = kitchen(sqlite.open(), log, broker.clock(sweep=0.5, horizon=0.001))
    for entity_id in ("e", "f"):
        orders.process_event(entity_id, "boil")
    assert [task for task, _ in broker.sent() if task == "pystator.ring"] == []
    until(lambda: are_cracked(log, "e", "f"), seconds=120)
    check(orders, log, "e", "f")
    orders.close()


# -- what is sent ----------------------------------------------------------------------------------------------


@pytest.fixture
def orders(broker: Broker) -> Iterator[Orchestrator]:
    served = orchestrated(YAML, InMemoryStateStore(), scheduler=broker.clock())
    yield served
    served.close()


def test_a_timer_is_a_task_with_the_moment_at_which_it_is_due(orders: Orchestrator, broker: Broker) -> None:
    orders.process_event("e", "boil")
    stored = orders.get("e")
    assert stored is not None
    assert broker.sent() == [("pystator.ring", moment.isoformat()) for moment in stored.timers.values()]
    orders.process_event("e", "look")
    assert len(broker.sent()) == 1, "nothing was armed"


def test_a_timer_beyond_the_horizon_is_left_to_the_search(orders: Orchestrator, broker: Broker) -> None:
    orders.process_event("e", "forget")
    assert broker.sent() == []
    orders.start()
    assert broker.sent() == [("pystator.run_due", None)]


def test_async_callers_send_the_same(orders: Orchestrator, broker: Broker) -> None:
    async def scenario() -> None:
        await orders.async_process_event("e", "boil")
        await orders.astart()
        await orders.aclose()

    asyncio.run(scenario())
    assert sorted(task for task, _ in broker.sent()) == ["pystator.ring", "pystator.run_due"]


@pytest.mark.parametrize(
    ("url", "options", "horizon"),
    [
        ("redis://h/0", {}, 1800),
        ("rediss://h/0", {"visibility_timeout": 600}, 300),
        ("redis+socket:///tmp/s", {}, 1800),
        ("sqs://", {}, 900),
        ("amqp://h", {}, 900),
        ("memory://", {}, 900),
    ],
)
def test_a_task_waits_for_half_of_the_time_after_which_it_would_be_delivered_again(
    url: str, options: dict[str, Any], horizon: float
) -> None:
    app = Celery("eggs", broker=url, set_as_current=False)
    app.conf.broker_transport_options = options
    assert CeleryScheduler(app).horizon == horizon
    assert CeleryScheduler(app, horizon=7).horizon == 7


def test_the_beat_has_the_search_in_its_schedule() -> None:
    app = Celery("eggs", broker="memory://", set_as_current=False)
    CeleryScheduler(app, sweep=20)
    app.finalize()
    (entry,) = app.conf.beat_schedule.values()
    assert [entry["task"], entry["schedule"], entry["options"]["expires"]] == ["pystator.run_due", 20, 20]


def test_a_broker_that_is_away_undoes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A scheduler is only an alarm clock"""
    app = Celery("eggs", broker=f"redis+socket://{tmp_path}/nobody", set_as_current=False)
    orders = orchestrated(YAML, InMemoryStateStore(), scheduler=CeleryScheduler(app))
    assert orders.process_event("e", "boil").success
    assert "the scheduler took no note of a timer of 'e' of egg" in caplog.text
    orders.start()
    assert "no worker could be told to search for timers of <Orchestrator of 'egg'" in caplog.text


def test_an_application_whose_tasks_run_at_once_sends_none() -> None:
    """Celery's `task_always_eager`, for tests of applications: run_due() fires what is due there."""
    app = Celery("eggs", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = True
    orders = orchestrated(YAML, InMemoryStateStore(), scheduler=CeleryScheduler(app))
    orders.process_event("e", "boil")
    app.tasks["pystator.ring"].delay("egg", "e")
    app.tasks["pystator.run_due"].delay()
    assert orders.count_by_state() == {"soft": 1}


# -- who is served ---------------------------------------------------------------------------------------------


def test_a_machine_that_the_worker_does_not_know_is_an_error_with_a_remedy() -> None:
    app = Celery("eggs", broker="memory://", set_as_current=False)
    CeleryScheduler(app)
    with pytest.raises(ConfigurationError, match=r"this worker has no orchestrator of 'egg'.*that the worker imports"):
        app.tasks["pystator.ring"]("egg", "e")


def test_one_application_serves_one_orchestrator_of_a_machine() -> None:
    app = Celery("eggs", broker="memory://", set_as_current=False)
    first = orchestrated(YAML, InMemoryStateStore(), scheduler=CeleryScheduler(app))
    with pytest.raises(ConfigurationError, match="serves an orchestrator of 'egg' already"):
        orchestrated(YAML, InMemoryStateStore(), scheduler=CeleryScheduler(app))
    first.close()
    second = orchestrated(YAML, InMemoryStateStore(), scheduler=CeleryScheduler(app))
    second.process_event("e", "look")
    app.tasks["pystator.ring"]("egg", "e")
    second.close()


def test_schedulers_on_one_application_search_it_as_often() -> None:
    """Beat has one entry for it: the second would be told a number that is not true."""
    app = Celery("eggs", broker="memory://", set_as_current=False)
    assert CeleryScheduler(app, sweep=20).sweep == CeleryScheduler(app, sweep=20).sweep == 20
    with pytest.raises(ConfigurationError, match="search every 20 s already"):
        CeleryScheduler(app, sweep=5)


def test_seconds_that_make_no_sense_are_refused() -> None:
    app = Celery("eggs", broker="memory://", set_as_current=False)
    for settings in ({"sweep": 0}, {"horizon": -1}):
        with pytest.raises(ConfigurationError, match="more than 0 seconds"):
            CeleryScheduler(app, **settings)
