"""By hand: the transaction that a stored event needs, and nothing around it.

One SELECT, one UPDATE and one INSERT of an audit row, on the tables and indexes that our store has, with its settings.
In Redis, one read and one MULTI that writes as many keys.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis as redis_py

from bench.contenders.base import CONTEXT, Case
from bench.contenders.stored import ours

NAME = "by hand"

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
def sqlite(folder: Path) -> Iterator[Sequence[Case]]:
    """The transaction, on a file that our store has made."""
    folder.mkdir(parents=True, exist_ok=True)
    with ours.orders(ours.sqlite, folder):
        pass  # it makes the tables, and the order
    connection = sqlite3.connect(folder / "ours.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")

    def move(trigger: str, source: str, target: str) -> None:
        state, context, *_, version, _, _, at = connection.execute(_READ, ("order", "o-1")).fetchone()
        if state != source:
            raise ValueError(state)
        connection.execute("BEGIN IMMEDIATE")
        written = connection.execute(_WRITE, (target, context, version + 1, at, "order", "o-1", version))
        if written.rowcount != 1:
            raise ValueError(version)
        connection.execute(_RECORD, ("order", "o-1", version + 1, trigger, source, target, at))
        connection.execute("COMMIT")

    names = {"move": move, "connection": connection, "context": CONTEXT}
    statement = "move('suspend', 'open', 'suspended'); move('resume', 'suspended', 'open')"
    proof = "connection.execute('SELECT state FROM pystator_entities').fetchone() == ('open',)"
    yield (Case("SELECT, UPDATE, INSERT", statement, names, proof, events=2),)
    connection.close()


_READ_POSTGRESQL = """
SELECT state, context, history, timers, next_due, version, machine_version, created_at, updated_at
FROM pystator_entities WHERE machine = %s AND entity_key = %s
"""
_WRITE_POSTGRESQL = """
UPDATE pystator_entities SET state = %s, state_key = %s, context = %s, version = %s, updated_at = %s
WHERE machine = %s AND entity_key = %s AND version = %s
"""
_RECORD_POSTGRESQL = """
INSERT INTO pystator_audit
(machine, entity_key, entity_id, version, trigger, source_state, target_state, success, digest, result, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, true, '', '', %s)
"""


@contextmanager
def postgresql(url: str, folder: Path) -> Iterator[Sequence[Case]]:
    """The transaction, on tables that our store has made."""
    with ours.orders(ours.postgresql(url), folder):
        pass  # it makes the tables, and the order
    connection = psycopg.connect(url, autocommit=True)

    def move(trigger: str, source: str, target: str) -> None:
        row = connection.execute(_READ_POSTGRESQL, ("order", "o-1")).fetchone()
        assert row is not None
        state, context, *_, version, _, _, at = row
        if state != source:
            raise ValueError(state)
        with connection.transaction():
            moved = (target, target, context, version + 1, at, "order", "o-1", version)
            if connection.execute(_WRITE_POSTGRESQL, moved).rowcount != 1:
                raise ValueError(version)
            told = ("order", "o-1", "o-1", version + 1, trigger, source, target, at)
            connection.execute(_RECORD_POSTGRESQL, told)

    def state() -> object:
        return connection.execute("SELECT state FROM pystator_entities WHERE entity_key = 'o-1'").fetchone()

    statement = "move('suspend', 'open', 'suspended'); move('resume', 'suspended', 'open')"
    yield (Case("SELECT, UPDATE, INSERT", statement, {"move": move, "state": state}, "state() == ('open',)", events=2),)
    connection.close()


@contextmanager
def redis(url: str) -> Iterator[Sequence[Case]]:
    """One read, and one transaction that writes an entity, its version, its state and an audit row."""
    client = redis_py.Redis.from_url(url)
    client.hset("bare:entities", "o-1", json.dumps({"state": "open", "context": CONTEXT, "version": 1}))

    def move(trigger: str, source: str, target: str) -> None:
        found = json.loads(client.hget("bare:entities", "o-1"))
        if found["state"] != source:
            raise ValueError(found["state"])
        version = found["version"] + 1
        with client.pipeline(transaction=True) as commit:
            commit.hset("bare:entities", "o-1", json.dumps({**found, "state": target, "version": version}))
            commit.hset("bare:versions", "o-1", version)
            commit.hset("bare:states", "o-1", target)
            commit.rpush("bare:audit", json.dumps([trigger, source, target, version]))
            commit.execute()

    def state() -> object:
        return json.loads(client.hget("bare:entities", "o-1"))["state"]

    statement = "move('suspend', 'open', 'suspended'); move('resume', 'suspended', 'open')"
    yield (Case("HGET, MULTI of four", statement, {"move": move, "state": state}, "state() == 'open'", events=2),)
    client.close()
