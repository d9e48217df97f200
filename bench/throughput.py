"""Events a second to many stored entities, by one process and by several at once, beside the bare transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.contenders.base import PARCEL
from bench.contenders.compiled import compiled
from bench.contenders.stored import by_hand, ours
from bench.measure import Budget
from bench.report import Group, Row
from tests.support.servers import Servers

ENTITIES = 1_000
PROCESSES = (1, 2, 4)

_IDS = [f"p-{number:04}" for number in range(ENTITIES)]
_WARM = 50  # events that every process sends before time counts

Send = Callable[[str], object]
"""Sends an entity one event."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Who sends events: its name, what it does, and what opens it in each process."""

    name: str
    what: str
    opened: Callable[[], AbstractContextManager[Send]]


def measure(workspace: Path, budget: Budget) -> Iterator[Group]:
    """A table for each kind of store."""
    folder = workspace / "throughput"
    folder.mkdir()
    servers = Servers(folder)
    try:
        for title, contenders in _kinds(folder, servers):
            for number in PROCESSES:
                rows = [Row(each.name, each.what, _rate(each, number, budget), "/s") for each in contenders]
                by = f"{number} process{'es' if number > 1 else ''}"
                yield Group("throughput", f"events a second to {ENTITIES:,} entities in {title}, by {by}", rows)
    finally:
        servers.end()


def _kinds(folder: Path, servers: Servers) -> Iterator[tuple[str, list[Contender]]]:
    module = folder / "fsm"
    _fill(module, ours.sqlite(folder))
    yield "SQLite", _contenders(partial(by_hand.sqlite_mover, folder / "ours.db"), module, partial(ours.sqlite, folder))
    url = servers.postgres()
    postgresql = partial(ours.in_postgresql, url)
    _fill(module, postgresql())
    yield "PostgreSQL", _contenders(partial(by_hand.postgresql_mover, url), module, postgresql)
    url = servers.redis()
    redis = partial(ours.in_redis, url)
    _fill(module, redis())
    by_hand.put_into_redis(url, "parcel", _IDS, "under_way", {})
    yield "Redis", _contenders(partial(by_hand.redis_mover, url), module, redis)


def _contenders(
    mover: Callable[[], AbstractContextManager[by_hand.Mover]], module: Path, make: Callable[[], Any]
) -> list[Contender]:
    return [
        Contender(by_hand.NAME, "bare transactions", partial(_bare, mover)),
        Contender(ours.NAME, "process_event()", partial(_orchestrated, module, make, "scan")),
        Contender(ours.NAME, "… with an action", partial(_orchestrated, module, make, "scan_and_tell")),
    ]


class _Functions:
    """The action, which costs nothing itself."""

    def tell(self, ctx: Any) -> None:
        pass


def _fill(folder: Path, store: Any) -> None:
    """Create the entities."""
    module = compiled(PARCEL, folder)
    orchestrator = module.ParcelOrchestrator(module.ParcelMachine(actions=_Functions()), store)
    for entity_id in _IDS:
        orchestrator.create(entity_id, {"parcel_id": entity_id})
    orchestrator.close()


@contextmanager
def _bare(mover: Callable[[], AbstractContextManager[by_hand.Mover]]) -> Iterator[Send]:
    with mover() as move:

        def send(entity_id: str) -> None:
            while not move("parcel", entity_id, "scan", "under_way", "under_way"):
                pass

        yield send


@contextmanager
def _orchestrated(folder: Path, make: Callable[[], Any], trigger: str) -> Iterator[Send]:
    module = compiled(PARCEL, folder)
    orchestrator = module.ParcelOrchestrator(module.ParcelMachine(actions=_Functions()), make())

    def send(entity_id: str) -> None:
        result = orchestrator.process_event(entity_id, trigger)
        if not result.success:
            raise result.error

    yield send
    orchestrator.close()


def _rate(contender: Contender, processes: int, budget: Budget) -> float:
    """How many events a second so many processes send together."""
    context = get_context("spawn")
    barrier = context.Barrier(processes)
    with context.Pool(processes, _ready, (barrier,)) as pool:
        counts = pool.map(partial(_send_for, contender, budget.seconds_of_throughput), range(processes), chunksize=1)
    return sum(counts) / budget.seconds_of_throughput


_barrier: Any = None


def _ready(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _send_for(contender: Contender, seconds: float, seed: int) -> int:
    """Send events to entities by chance, from a moment on that all processes wait for; how many."""
    chosen = random.Random(seed)
    with contender.opened() as send:
        for _ in range(_WARM):
            send(chosen.choice(_IDS))
        _barrier.wait()
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            send(chosen.choice(_IDS))
            count += 1
        return count
