"""Stored entities: what an event costs beside the transaction that it needs, and whether many entities make it dearer.

A store that comes later gets its line by a function that opens it: in ``contenders/stored/ours.py``, which also names
those of the two groups about many entities, and in :func:`_kept` beside what it is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import redis as redis_py

from bench.contenders.base import Case
from bench.contenders.stored import by_hand, ours, pystator
from bench.measure import Budget, Statement, fastest
from bench.report import Group, Row, Target
from tests.support.servers import Servers

FEW = 1_000

_GROWTH = Target(1.5, at_least=False)
_MANY_TO_ONE_ROUND = 10  # longer rounds, and fewer: of many entities, and so that a server is not always just waking up


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of store: who keeps one order in it, each with its target. The first is what others are compared to."""

    title: str
    contenders: Sequence[tuple[str, AbstractContextManager[Sequence[Case]], Target | None]]


def measure(workspace: Path, budget: Budget) -> Iterator[Group]:
    """All that is measured about stores."""
    folder = workspace / "stores"
    folder.mkdir()
    servers = Servers(folder)
    try:
        yield from _measured(folder, budget, servers)
    finally:
        servers.end()


def _measured(folder: Path, budget: Budget, servers: Servers) -> Iterator[Group]:
    longer = replace(
        budget,
        rounds=max(3, budget.rounds // 4),
        seconds_per_round=budget.seconds_per_round * _MANY_TO_ONE_ROUND,
    )
    for kept in _kept(folder, servers):
        yield _one_order(kept, longer)
    with redis_py.Redis.from_url(servers.redis()) as client:
        client.config_set("appendfsync", "no")  # the disk would hide what grows
    for name, make in ours.stores_for_many(servers.postgres(), servers.redis()).items():
        with ExitStack() as opened:
            few, many = (
                opened.enter_context(ours.many(make, folder / f"{name} {count}", count))
                for count in (FEW, budget.sessions)
            )
            yield _growth(f"stored {name}, each with a timer: one event", (few[0], many[0]), longer)
            yield _growth(f"stored {name}, each with a timer: run_due(), nothing is due", (few[1], many[1]), longer)


def _kept(folder: Path, servers: Servers) -> Iterator[Kept]:
    """The kinds of stores that are compared with something."""
    yield Kept(
        "an entity stored in memory, one event",
        (
            (ours.NAME, ours.orders(ours.in_memory, folder), None),
            (pystator.NAME, pystator.orders(pystator.in_memory, folder), Target(3, at_least=True)),
        ),
    )
    yield Kept(
        "an entity stored in SQLite, on the disk, one event",
        (
            (by_hand.NAME, by_hand.sqlite(folder / "by_hand"), None),
            (ours.NAME, ours.orders(ours.sqlite, folder), Target(1.8, at_least=False)),
            (pystator.NAME, pystator.orders(pystator.sqlite, folder), None),
        ),
    )
    url = servers.postgres()
    postgresql = partial(ours.in_postgresql, url)
    yield Kept(
        "an entity stored in PostgreSQL, one event",
        (
            (by_hand.NAME, by_hand.postgresql(url, folder), None),
            (
                ours.NAME,
                ours.orders(postgresql, folder / "postgresql"),
                Target(1.6, at_least=False),
            ),
        ),
    )
    url = servers.redis()
    yield Kept(
        "an entity stored in Redis, `appendfsync always`, one event",
        (
            (by_hand.NAME, by_hand.redis(url), None),
            (ours.NAME, ours.orders(partial(ours.in_redis, url), folder), None),
        ),
    )


def _one_order(kept: Kept, budget: Budget) -> Group:
    with ExitStack() as opened:
        cases = [
            (name, case, target if index == 0 else None)
            for name, contender, target in kept.contenders
            for index, case in enumerate(opened.enter_context(contender))
        ]
        seconds = fastest([Statement(case) for _, case, _ in cases], budget)
    rows = [
        Row(name, case.what, value, target=target) for (name, case, target), value in zip(cases, seconds, strict=True)
    ]
    return Group("stores", kept.title, rows)


def _growth(title: str, cases: Sequence[Case], budget: Budget) -> Group:
    """The same with few entities and with many."""
    seconds = fastest([Statement(case) for case in cases], budget)
    targets: Mapping[int, Target] = {1: _GROWTH}
    rows = [
        Row(ours.NAME, case.what, value, target=targets.get(index))
        for index, (case, value) in enumerate(zip(cases, seconds, strict=True))
    ]
    return Group("stores", title, rows)
