"""The embedded store: one SQLite file, or several processes on one machine sharing it; standard library only."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.schedulers.delays import milliseconds
from pystator_runtime.stores.sqlite_connections import Connection, Connections, begin_at_once, eased
from pystator_runtime.timers import wall_clock
from pystator_runtime.urls import without_password

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pystator_entities (
    machine TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    state TEXT NOT NULL,
    context TEXT NOT NULL,
    history TEXT NOT NULL,
    timers TEXT NOT NULL,
    next_due INTEGER,
    version INTEGER NOT NULL,
    machine_version TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (machine, entity_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pystator_entities_due
    ON pystator_entities (machine, next_due) WHERE next_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS pystator_entities_state ON pystator_entities (machine, state, entity_id);
CREATE TABLE IF NOT EXISTS pystator_audit (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    trigger TEXT NOT NULL,
    source_state TEXT NOT NULL,
    target_state TEXT,
    success INTEGER NOT NULL,
    event_id TEXT,
    digest TEXT NOT NULL,
    result TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS pystator_audit_entity ON pystator_audit (machine, entity_id, id);
CREATE INDEX IF NOT EXISTS pystator_audit_at ON pystator_audit (machine, at);
CREATE UNIQUE INDEX IF NOT EXISTS pystator_audit_event
    ON pystator_audit (machine, entity_id, event_id) WHERE event_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS pystator_actions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    machine TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    event TEXT NOT NULL,
    context TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pystator_actions_free ON pystator_actions (machine, error, claimed_until);
CREATE INDEX IF NOT EXISTS pystator_actions_entity ON pystator_actions (machine, entity_id);
"""
_URL = re.compile(r"[A-Za-z][\w+.-]+:/|file:")
_ENTITY = ", ".join(EntityRecord._fields)
_AUDIT = ", ".join(AuditRecord._fields)
_ACTION = ", ".join(ActionRecord._fields)

_LOAD = f"SELECT {_ENTITY} FROM pystator_entities WHERE machine = ? AND entity_id = ?"
_REPEATED = f"SELECT {_AUDIT} FROM pystator_audit WHERE machine = ? AND entity_id = ? AND event_id = ?"
_CREATE = f"INSERT INTO pystator_entities ({_ENTITY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_UPDATE = (
    "UPDATE pystator_entities SET state = ?, context = ?, history = ?, timers = ?, next_due = ?, version = ?,"
    " machine_version = ?, updated_at = ? WHERE machine = ? AND entity_id = ? AND version = ? AND created_at = ?"
)
_RECORD = f"INSERT INTO pystator_audit ({_AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PLAN = f"INSERT INTO pystator_actions ({_ACTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FINISH = "DELETE FROM pystator_actions WHERE key = ?"


class SQLiteStateStore:
    """Keeps entities in the SQLite file ``path``, which is made if it is not there.

    A commit that was acknowledged survives the loss of power; with ``durable=False`` only that of the process, and it
    costs a fraction. Threads and processes may share it. Audit rows and event ids are kept for ``keep_audit``
    (``"90d"``, a ``timedelta``; for ever if not given).
    """

    is_instant = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = True,
        keep_audit: int | float | str | timedelta | None = None,
    ) -> None:
        self.path = _file(path)
        self._keep_audit = None if keep_audit is None else milliseconds(keep_audit)
        self._connections = Connections(self.path, _SCHEMA, "pystator_actions_entity", durable=durable)

    def close(self) -> None:
        """Close all connections of this process; the next use opens a new one."""
        self._connections.close()

    @contextmanager
    def _transaction(self, doing: str) -> Generator[Connection]:
        """A transaction that writes: begun as such, for one that reads first and writes then may have to fail."""
        with self._connections.use() as connection, self._connections.failures(doing):
            connection.execute("BEGIN IMMEDIATE")
            with _ended(connection):
                yield connection

    def _read(self, wanted: str, *values: object) -> list[Any]:
        with self._connections.use() as connection, self._connections.failures("read"):
            return connection.execute(wanted, values).fetchall()

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """See :class:`~pystator_runtime.protocols.StateStore`, as for all that follows."""
        with self._connections.use() as connection, self._connections.failures("read"):
            if lock and not begin_at_once(connection):
                return None
            found = connection.execute(_LOAD, (machine, entity_id)).fetchone()
            entity = None if found is None else EntityRecord(*found)
            if event_id is not None:
                found = connection.execute(_REPEATED, (machine, entity_id, event_id)).fetchone()
            repeated = None if event_id is None or found is None else _audit(found)
            return Loaded(entity, repeated, wall_clock(), self._connections.hold(connection) if lock else None)

    def unlock(self, lock: object) -> None:
        with self._connections.end(lock) as connection, self._connections.failures("unlock"):
            if connection is not None:
                connection.execute("ROLLBACK")

    def commit(self, commit: Commit, lock: object) -> bool:
        if lock is None:
            with self._transaction("commit") as connection:
                return self._commit(connection, commit)
        with self._connections.end(lock) as held, self._connections.failures("commit"):
            if held is None:
                return False  # the lock was lost, so somebody else may have changed the entity
            with _ended(held):
                return self._commit(held, commit)

    def _commit(self, connection: Connection, commit: Commit) -> bool:
        if not self._write(connection, commit.entity, commit.expected):
            connection.execute("ROLLBACK")
            return False
        if commit.audit is not None and not self._take_event(connection, commit.audit):
            connection.execute("ROLLBACK")
            return False
        if commit.actions:
            connection.executemany(_PLAN, commit.actions)
        return True

    def _take_event(self, connection: Connection, audit: AuditRecord) -> bool:
        """Write an audit row, unless its event id was used meanwhile."""
        try:
            connection.execute(_RECORD, audit)
            return True
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname != "SQLITE_CONSTRAINT_UNIQUE":
                raise
            return False

    def _write(self, connection: Connection, entity: EntityRecord, expected: int) -> bool:
        if expected == 0:
            return connection.execute(_CREATE, entity).rowcount == 1
        values = (entity.state, entity.context, entity.history, entity.timers, entity.next_due, entity.version)
        where = (entity.machine, entity.entity_id, expected, entity.created_at)
        return connection.execute(_UPDATE, (*values, entity.machine_version, entity.updated_at, *where)).rowcount == 1

    def record(self, audit: AuditRecord) -> None:
        with self._transaction("write") as connection:
            connection.execute(_RECORD, audit)

    def audit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        wanted = f"SELECT {_AUDIT} FROM pystator_audit WHERE machine = ? AND entity_id = ? ORDER BY id"
        return [_audit(found) for found in self._read(wanted, machine, entity_id)]

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        wanted = f"SELECT {_ENTITY} FROM pystator_entities WHERE machine = ?"
        values: list[object] = [machine]
        for clause, value in ((" AND state = ?", state), (" AND entity_id > ?", after)):
            if value is not None:
                wanted += clause
                values.append(value)
        found = self._read(f"{wanted} ORDER BY entity_id LIMIT ?", *values, min(limit, sys.maxsize))
        return [EntityRecord(*entity) for entity in found]

    def count_by_state(self, machine: str) -> dict[str, int]:
        wanted = "SELECT state, count(*) FROM pystator_entities WHERE machine = ? GROUP BY state ORDER BY state"
        return dict(self._read(wanted, machine))

    def delete(self, machine: str, entity_id: str) -> bool:
        with self._transaction("delete") as connection:
            tables = ("pystator_audit", "pystator_actions", "pystator_entities")
            found = [
                connection.execute(f"DELETE FROM {table} WHERE machine = ? AND entity_id = ?", (machine, entity_id))
                for table in tables
            ]
            return found[-1].rowcount == 1

    def prune(self, machine: str) -> int:
        if self._keep_audit is None:
            return 0
        before = wall_clock() - self._keep_audit
        if not self._read("SELECT 1 FROM pystator_audit WHERE machine = ? AND at < ? LIMIT 1", machine, before):
            return 0
        with self._transaction("prune") as connection:
            wanted = "DELETE FROM pystator_audit WHERE machine = ? AND at < ?"
            return connection.execute(wanted, (machine, before)).rowcount

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        wanted = "SELECT entity_id FROM pystator_entities WHERE machine = ? AND next_due <= ? ORDER BY next_due LIMIT ?"
        found = self._read(wanted, machine, wall_clock() if now is None else now, limit)
        return [entity_id for (entity_id,) in found]

    def next_due(self, machine: str) -> tuple[int | None, int]:
        wanted = "SELECT min(next_due) FROM pystator_entities WHERE machine = ? AND next_due IS NOT NULL"
        ((moment,),) = self._read(wanted, machine)
        return moment, wall_clock()

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        now = wall_clock()
        wanted = (
            f"SELECT id, {_ACTION} FROM pystator_actions WHERE machine = ? AND error = '' AND not_before <= ?"
            f"{'' if force else ' AND claimed_until <= ?'} ORDER BY id LIMIT ?"
        )
        values = (machine, now, limit) if force else (machine, now, now, limit)
        if not self._read(wanted, *values):
            return []  # nothing to claim is no reason to write
        with self._transaction("claim") as connection:
            found = connection.execute(wanted, values).fetchall()
            until = wall_clock() + lease
            connection.executemany(
                "UPDATE pystator_actions SET claimed_until = ? WHERE id = ?", [(until, row[0]) for row in found]
            )
        return [ActionRecord(*row[1:])._replace(claimed_until=until) for row in found]

    def renew(self, keys: Sequence[str], lease: int) -> None:
        with self._transaction("renew") as connection:
            until = wall_clock() + lease
            connection.executemany(
                "UPDATE pystator_actions SET claimed_until = ? WHERE key = ?", [(until, key) for key in keys]
            )

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        if patched is None:
            # A machine that stops may forget this, and the action runs again, as it may anyway: it need not be on the
            # disk before anybody goes on.
            with self._connections.use() as connection, self._connections.failures("finish"), eased(connection):
                connection.execute(_FINISH, (key,))
            return True
        with self._transaction("finish") as connection:
            gone = connection.execute(_FINISH, (key,)).rowcount == 0
            if not gone and not self._write(connection, patched, patched.version - 1):
                connection.execute("ROLLBACK")
                return False
            return True

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        self._change(key, attempts=attempts, not_before=wall_clock() + delay, claimed_until=0)

    def give_up(self, key: str, attempts: int, error: str) -> None:
        readable = error.encode("utf-8", "backslashreplace").decode()
        self._change(key, attempts=attempts, error=readable, claimed_until=0)

    def failed(self, machine: str) -> list[ActionRecord]:
        wanted = f"SELECT {_ACTION} FROM pystator_actions WHERE machine = ? AND error <> '' ORDER BY id"
        return [ActionRecord(*found) for found in self._read(wanted, machine)]

    def retry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        with self._transaction("retry") as connection:
            failed = f"SELECT {_ACTION} FROM pystator_actions WHERE machine = ? AND key = ? AND error <> ''"
            found = connection.execute(failed, (machine, key)).fetchone()
            if found is None:
                return None
            until = wall_clock() + lease
            connection.execute(
                "UPDATE pystator_actions SET attempts = 0, not_before = 0, claimed_until = ?, error = '' WHERE key = ?",
                (until, key),
            )
            return ActionRecord(*found)._replace(attempts=0, not_before=0, claimed_until=until, error="")

    def _change(self, key: str, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._transaction("write") as connection:
            connection.execute(f"UPDATE pystator_actions SET {columns} WHERE key = ?", (*values.values(), key))


def _file(path: str | os.PathLike[str]) -> Path:
    """The file that a path names now: the process may change its folder before a connection is opened."""
    text = os.fspath(path)
    if text in ("", ":memory:") or (text.startswith("file:") and "memory" in text):
        raise ConfigurationError(
            f"{text!r} names a database in memory, of which every connection would have one of its own: give the path "
            "of a file, or take InMemoryStateStore()"
        )
    if _URL.match(text):
        raise ConfigurationError(f"{without_password(text)!r} is a URL: give the path of the file, such as 'orders.db'")
    return Path(path).absolute()


@contextmanager
def _ended(connection: Connection) -> Generator[None]:
    """Commit the transaction of a connection, or roll it back if an error comes by."""
    try:
        yield
        if connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _audit(found: Sequence[Any]) -> AuditRecord:
    audit = AuditRecord(*found)
    return audit._replace(success=bool(audit.success))
