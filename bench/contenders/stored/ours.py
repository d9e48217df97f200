"""pystator-gen: the generated orchestrator. A store that is measured is an entry of ``STORES``."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.contenders.base import CONTEXT, ORDER, STORED, Case
from bench.contenders.compiled import compiled
from bench.contenders.order.ours import Functions
from pystator_runtime.stores import InMemoryStateStore, RedisStateStore, SQLAlchemyStateStore, SQLiteStateStore

NAME = f"pystator-gen {version('pystator-gen')}"

_BACK_AND_FORTH = "orders.process_event('o-1', 'suspend'); orders.process_event('o-1', 'resume')"
_TYPED = "orders.on('o-1').suspend(); orders.on('o-1').resume()"
_SEED = 11


def in_memory(folder: Path) -> Any:
    """A store in memory."""
    return InMemoryStateStore()


def sqlite(folder: Path) -> Any:
    """A store in a SQLite file whose commits are on the disk."""
    return SQLiteStateStore(folder / "ours.db")


def in_postgresql(url: str, folder: Path | None = None) -> Any:
    """A store in PostgreSQL, which needs no folder."""
    return SQLAlchemyStateStore(url)


def in_redis(url: str, folder: Path | None = None) -> Any:
    """A store in Redis, which needs none either."""
    return RedisStateStore(url)


def sqlite_not_durable(folder: Path) -> Any:
    """The same without waiting for the disk, which would hide what else takes time."""
    return SQLiteStateStore(folder / "many.db", durable=False)


def postgresql_not_durable(url: str, folder: Path) -> Any:
    """The same in PostgreSQL, in a schema that is called as the folder is."""
    return SQLAlchemyStateStore(
        f"{url}{'&' if '?' in url else '?'}options=-csynchronous_commit%3Doff", schema=folder.name
    )


def redis_apart(url: str, folder: Path) -> Any:
    """Keys in Redis that begin as the folder is called."""
    return RedisStateStore(url, prefix=folder.name)


def stores_for_many(postgresql: str, redis: str) -> Mapping[str, Callable[[Path], Any]]:
    """By name, what opens a store in which many entities are kept."""
    return {
        "in memory": in_memory,
        "SQLite, not durable": sqlite_not_durable,
        "PostgreSQL, not durable": partial(postgresql_not_durable, postgresql),
        "Redis, not durable": partial(redis_apart, redis),
    }


@contextmanager
def orders(make: Callable[[Path], Any], folder: Path) -> Iterator[Sequence[Case]]:
    """One order, open, in a store that is made in ``folder``."""
    module = compiled(ORDER, folder)
    opened = module.OrderOrchestrator(module.OrderMachine(guards=Functions(), actions=Functions()), make(folder))
    if opened.get("o-1") is None:
        opened.create("o-1", CONTEXT)
        opened.on("o-1").acknowledge()
    names = {"orders": opened, "context": CONTEXT}
    proof = "orders.get('o-1').state == 'open' and orders.get('o-1').context == context"
    yield (
        Case("orders.process_event(...)", _BACK_AND_FORTH, names, proof, events=2),
        Case("orders.on(id).suspend()", _TYPED, names, proof, events=2),
    )
    opened.close()


@contextmanager
def many(make: Callable[[Path], Any], folder: Path, count: int) -> Iterator[tuple[Case, Case]]:
    """So many orders that wait for a timer; an event to one after the other, and a look at what is due."""
    folder.mkdir(parents=True, exist_ok=True)
    module = compiled(STORED, folder.parent)
    opened = module.StoredOrderOrchestrator(module.StoredOrderMachine(), make(folder))
    ids = [f"o-{number:06}" for number in range(count)]
    for order_id in ids:
        opened.create(order_id, {"order_id": order_id, "quantity": 3})
    random.Random(_SEED).shuffle(ids)
    names = {"orders": opened, "ids": cycle(ids), "count": count}
    what = f"{count:,} entities"
    yield (
        Case(
            what,
            "id = next(ids); orders.process_event(id, 'suspend'); orders.process_event(id, 'resume')",
            names,
            "orders.count_by_state() == {'open': count}",
            events=2,
        ),
        Case(what, "fired = orders.run_due()", names, "fired == []"),
    )
    opened.close()
