"""By hand: the transaction that a stored event needs, and nothing around it.

One SELECT, one UPDATE and one INSERT of an audit row, on the tables and indexes that our store has, with its settings.
In Redis, one read and one MULTI that writes as many keys.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg
import redis as redis_py

from bench.contenders.base import CONTEXT, Case
from bench.contenders.stored import ours

NAME = "by hand"

Mover = Callable[[str, str, str, str, str], bool]
"""Moves an entity: ``(machine, entity_id, trigger, source, target)``; ``False`` if another process was faster."""

_BACK_AND_FORTH = (
    "move('order', 'o-1', 'suspend', 'open', 'suspended'); move('order', 'o-1', 'resume', 'suspended', 'open')"
)

_READ = """
SELECT state, context, history, timers, next_due, version, machine_version, created_at, updated_at
FROM pystator_entities WHERE machine = ? AND entity_id = ?
"""
_WRITE = """
UPDATE pystator_entities SET state = ?, context = ?, version = ?, updated_at = ?
WHERE machine = ? AND entity_id = ? AND version = ?
"""
_RECORD = """
INSERT INTO pystator_audit
(machine, entity_id, version, trigger, source_state, target_state, success, digest, result, at)
VALUES (?, ?, ?, ?, ?, ?, 1, '', '', ?)
"""


@contextmanager
def sqlite_mover(path: Path) -> Iterator[Mover]:
    """The transaction, on a file that our store has made."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")

    def move(machine: str, entity_id: str, trigger: str, source: str, target: str) -> bool:
        state, context, *_, version, _, _, at = connection.execute(_READ, (machine, entity_id)).fetchone()
        if state != source:
            raise ValueError(state)
        connection.execute("BEGIN IMMEDIATE")
        written = connection.execute(_WRITE, (target, context, version + 1, at, machine, entity_id, version))
        if written.rowcount != 1:
            connection.execute("ROLLBACK")
            return False
        connection.execute(_RECORD, (machine, entity_id, version + 1, trigger, source, target, at))
        connection.execute("COMMIT")
        return True

    yield move
    connection.close()


@contextmanager
def sqlite(folder: Path) -> Iterator[Sequence[Case]]:
    """One order, in a file that our store has made."""
    folder.mkdir(parents=True, exist_ok=True)
    with ours.orders(ours.sqlite, folder):
        pass  # it makes the tables, and the order
    path = folder / "ours.db"
    with sqlite_mover(path) as move, closing(sqlite3.connect(path)) as connection:
        names = {"move": move, "connection": connection}
        proof = "connection.execute('SELECT state FROM pystator_entities').fetchone() == ('open',)"
        yield (Case("SELECT, UPDATE, INSERT", _BACK_AND_FORTH, names, proof, events=2),)


_READ_POSTGRESQL = """
SELECT state, context, history, timers, next_due, version, machine_version, created_at, updated_at
FROM pystator_entities WHERE entity_key = %s
"""
_WRITE_POSTGRESQL = """
UPDATE pystator_entities SET state = %s, state_key = %s, context = %s, version = %s, updated_at = %s
WHERE entity_key = %s AND version = %s
"""
_RECORD_POSTGRESQL = """
INSERT INTO pystator_audit
(machine, entity_key, entity_id, version, trigger, source_state, target_state, success, digest, result, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, true, '', '', %s)
"""


@contextmanager
def postgresql_mover(url: str) -> Iterator[Mover]:
    """The transaction, on tables that our store has made."""
    connection = psycopg.connect(url, autocommit=True)

    def move(machine: str, entity_id: str, trigger: str, source: str, target: str) -> bool:
        key = f"{machine}/{entity_id}"
        row = connection.execute(_READ_POSTGRESQL, (key,)).fetchone()
        assert row is not None
        state, context, *_, version, _, _, at = row
        if state != source:
            raise ValueError(state)
        with connection.transaction():
            moved = (target, target, context, version + 1, at, key, version)
            if connection.execute(_WRITE_POSTGRESQL, moved).rowcount != 1:
                return False
            told = (machine, key, entity_id, version + 1, trigger, source, target, at)
            connection.execute(_RECORD_POSTGRESQL, told)
        return True

    yield move
    connection.close()


@contextmanager
def postgresql(url: str, folder: Path) -> Iterator[Sequence[Case]]:
    """One order, in tables that our store has made."""
    with ours.orders(partial(ours.in_postgresql, url), folder):
        pass  # it makes the tables, and the order
    with postgresql_mover(url) as move, psycopg.connect(url, autocommit=True) as connection:

        def state() -> object:
            return connection.execute("SELECT state FROM pystator_entities WHERE entity_key = 'order/o-1'").fetchone()

        names = {"move": move, "state": state}
        yield (Case("SELECT, UPDATE, INSERT", _BACK_AND_FORTH, names, "state() == ('open',)", events=2),)


@contextmanager
def redis_mover(url: str) -> Iterator[Mover]:
    """One read, and one transaction that writes an entity, its version, its state and an audit row.

    WATCH would be a third message; without it, an event that another process overtakes is lost.
    """
    client = redis_py.Redis.from_url(url)

    def move(machine: str, entity_id: str, trigger: str, source: str, target: str) -> bool:
        found = json.loads(client.hget(f"bare:{machine}:entities", entity_id))
        if found["state"] != source:
            raise ValueError(found["state"])
        version = found["version"] + 1
        with client.pipeline(transaction=True) as commit:
            moved = json.dumps({**found, "state": target, "version": version})
            commit.hset(f"bare:{machine}:entities", entity_id, moved)
            commit.hset(f"bare:{machine}:versions", entity_id, version)
            commit.hset(f"bare:{machine}:states", entity_id, target)
            commit.rpush(f"bare:{machine}:audit", json.dumps([entity_id, trigger, source, target, version]))
            commit.execute()
        return True

    yield move
    client.close()


def put_into_redis(url: str, machine: str, entity_ids: Sequence[str], state: str, context: object) -> None:
    """The entities that :func:`redis_mover` moves."""
    with redis_py.Redis.from_url(url) as client:
        entity = json.dumps({"state": state, "context": context, "version": 1})
        client.hset(f"bare:{machine}:entities", mapping=dict.fromkeys(entity_ids, entity))


@contextmanager
def redis(url: str) -> Iterator[Sequence[Case]]:
    """One order."""
    put_into_redis(url, "order", ["o-1"], "open", CONTEXT)
    with redis_mover(url) as move, redis_py.Redis.from_url(url) as client:

        def state() -> object:
            return json.loads(client.hget("bare:order:entities", "o-1"))["state"]

        names = {"move": move, "state": state}
        yield (Case("HGET, MULTI of four", _BACK_AND_FORTH, names, "state() == 'open'", events=2),)
