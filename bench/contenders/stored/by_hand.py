"""By hand: the transaction that a stored event needs, and nothing around it.

One SELECT, one UPDATE and one INSERT of an audit row, on the tables and indexes that our store has, with its settings.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

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
