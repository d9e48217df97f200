"""The embedded store: one SQLite file, or several processes on one machine sharing it; standard library only."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pystator_runtime.errors import StoreError
from pystator_runtime.schedulers.delays import milliseconds
from pystator_runtime.stores.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded

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
_ENTITY = ", ".join(EntityRecord._fields)
_AUDIT = ", ".join(AuditRecord._fields)
_ACTION = ", ".join(ActionRecord._fields)

_LOAD = f"SELECT {_ENTITY} FROM pystator_entities WHERE machine = ? AND entity_id = ?"
_REPEATED = f"SELECT {_AUDIT} FROM pystator_audit WHERE machine = ? AND entity_id = ? AND event_id = ?"
_CREATE = f"INSERT INTO pystator_entities ({_ENTITY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_UPDATE = (
    "UPDATE pystator_entities SET state = ?, context = ?, history = ?, timers = ?, next_due = ?, version = ?,"
    " machine_version = ?, updated_at = ? WHERE machine = ? AND entity_id = ? AND version = ?"
)
_RECORD = f"INSERT INTO pystator_audit ({_AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PLAN = f"INSERT INTO pystator_actions ({_ACTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_PATIENCE = 30.0
"""For how many seconds a transaction waits for others to end theirs."""


class SQLiteStateStore:
    """Keeps entities in the SQLite file ``path``, which is made if it is not there.

    A commit that was acknowledged survives the loss of power; with ``durable=False`` only that of the process, and it
    costs a fraction. Each thread and each process has a connection of its own. Audit rows and event ids are kept for
    ``keep_audit`` (``"90d"``, a ``timedelta``; for ever if not given).
    """

    is_instant = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durable: bool = True,
        keep_audit: int | float | str | timedelta | None = None,
    ) -> None:
        self.path = Path(path)
        self._keep_audit = None if keep_audit is None else milliseconds(keep_audit)
        self._durable = durable
        self._local = threading.local()
        self._mutex = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._process = os.getpid()

    # -- connections -------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        """The connection of this thread in this process; one that was opened before a fork is not touched."""
        local = self._local
        if getattr(local, "process", None) != os.getpid() or local.connection not in self._open:
            local.connection, local.process = self._connect(), os.getpid()
        connection: sqlite3.Connection = local.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        with self._failures("open"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            _switch_to_wal(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            if (
                connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'pystator_actions_entity'").fetchone()
                is None
            ):
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        with self._mutex:
            if self._process != os.getpid():
                self._process, self._open = os.getpid(), []
            self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections of this process; the next use opens a new one."""
        with self._mutex:
            opened, self._open = self._open, []
        if self._process == os.getpid():
            for connection in opened:
                connection.close()

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"SQLite could not {doing} in {self.path}: {error}") from error

    @contextmanager
    def _transaction(self, doing: str, lock: object = None) -> Iterator[sqlite3.Connection]:
        """A transaction that writes: begun as such, for one that reads first and writes then may have to fail."""
        connection = lock if isinstance(lock, sqlite3.Connection) else self._connection()
        with self._failures(doing):
            if lock is None:
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                if lock is not None:
                    self._let_go(connection)

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """See :class:`~pystator_runtime.stores.protocol.StateStore`, as for all that follows."""
        connection = self._locked() if lock else self._connection()
        if connection is None:
            return None
        try:
            with self._failures("read"):
                found = connection.execute(_LOAD, (machine, entity_id)).fetchone()
                entity = None if found is None else EntityRecord(*found)
                repeated = None if event_id is None else self._repeated(connection, machine, entity_id, event_id)
        except BaseException:
            if lock:
                self.unlock(connection)
            raise
        return Loaded(entity, repeated, _now(), connection if lock else None)

    def _repeated(
        self, connection: sqlite3.Connection, machine: str, entity_id: str, event_id: str
    ) -> AuditRecord | None:
        found = connection.execute(_REPEATED, (machine, entity_id, event_id)).fetchone()
        return None if found is None else _audit(found)

    def _locked(self) -> sqlite3.Connection | None:
        """A connection of its own in the midst of a transaction, so that another thread can end it."""
        connection = self._connect()
        try:
            with self._failures("lock"):
                connection.execute("PRAGMA busy_timeout = 20")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
        except StoreError as error:
            self._let_go(connection)
            if getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                return None
            raise
        return connection

    def unlock(self, lock: object) -> None:
        if isinstance(lock, sqlite3.Connection):
            with self._failures("unlock"):
                if lock.in_transaction:
                    lock.execute("ROLLBACK")
            self._let_go(lock)

    def _let_go(self, connection: sqlite3.Connection) -> None:
        with self._mutex:
            if connection in self._open:
                self._open.remove(connection)
        connection.close()

    def commit(self, commit: Commit, lock: object) -> bool:
        with self._transaction("commit", lock) as connection:
            if not self._write(connection, commit.entity, commit.expected):
                connection.execute("ROLLBACK")
                return False
            try:
                if commit.audit is not None:
                    connection.execute(_RECORD, commit.audit)
            except sqlite3.IntegrityError:  # the event id was used meanwhile
                connection.execute("ROLLBACK")
                return False
            if commit.actions:
                connection.executemany(_PLAN, commit.actions)
            return True

    def _write(self, connection: sqlite3.Connection, entity: EntityRecord, expected: int) -> bool:
        if expected == 0:
            return connection.execute(_CREATE, entity).rowcount == 1
        values = (entity.state, entity.context, entity.history, entity.timers, entity.next_due, entity.version)
        where = (entity.machine, entity.entity_id, expected)
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
        found = self._read(f"{wanted} ORDER BY entity_id LIMIT ?", *values, limit)
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
        before = _now() - self._keep_audit
        if not self._read("SELECT 1 FROM pystator_audit WHERE machine = ? AND at < ? LIMIT 1", machine, before):
            return 0
        with self._transaction("prune") as connection:
            wanted = "DELETE FROM pystator_audit WHERE machine = ? AND at < ?"
            return connection.execute(wanted, (machine, before)).rowcount

    def _read(self, wanted: str, *values: object) -> list[Any]:
        with self._failures("read"):
            return self._connection().execute(wanted, values).fetchall()

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        wanted = "SELECT entity_id FROM pystator_entities WHERE machine = ? AND next_due <= ? ORDER BY next_due LIMIT ?"
        found = self._read(wanted, machine, _now() if now is None else now, limit)
        return [entity_id for (entity_id,) in found]

    def next_due(self, machine: str) -> tuple[int | None, int]:
        wanted = "SELECT min(next_due) FROM pystator_entities WHERE machine = ? AND next_due IS NOT NULL"
        ((moment,),) = self._read(wanted, machine)
        return moment, _now()

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        now = _now()
        wanted = (
            f"SELECT id, {_ACTION} FROM pystator_actions WHERE machine = ? AND error = '' AND not_before <= ?"
            f"{'' if force else ' AND claimed_until <= ?'} ORDER BY id LIMIT ?"
        )
        values = (machine, now, limit) if force else (machine, now, now, limit)
        if not self._read(wanted, *values):
            return []  # nothing to claim is no reason to write
        with self._transaction("claim") as connection:
            found = connection.execute(wanted, values).fetchall()
            connection.executemany(
                "UPDATE pystator_actions SET claimed_until = ? WHERE id = ?", [(now + lease, row[0]) for row in found]
            )
        return [ActionRecord(*row[1:])._replace(claimed_until=now + lease) for row in found]

    def renew(self, keys: Sequence[str], lease: int) -> None:
        until = _now() + lease
        with self._transaction("renew") as connection:
            connection.executemany(
                "UPDATE pystator_actions SET claimed_until = ? WHERE key = ?", [(until, key) for key in keys]
            )

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        with self._transaction("finish") as connection:
            gone = connection.execute("DELETE FROM pystator_actions WHERE key = ?", (key,)).rowcount == 0
            if not gone and patched is not None and not self._write(connection, patched, patched.version - 1):
                connection.execute("ROLLBACK")
                return False
            return True

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        self._change(key, attempts=attempts, not_before=_now() + delay, claimed_until=0)

    def give_up(self, key: str, attempts: int, error: str) -> None:
        self._change(key, attempts=attempts, error=error, claimed_until=0)

    def failed(self, machine: str) -> list[ActionRecord]:
        wanted = f"SELECT {_ACTION} FROM pystator_actions WHERE machine = ? AND error <> '' ORDER BY id"
        return [ActionRecord(*found) for found in self._read(wanted, machine)]

    def retry(self, machine: str, key: str) -> bool:
        with self._transaction("retry") as connection:
            found = connection.execute(
                "UPDATE pystator_actions SET attempts = 0, not_before = 0, claimed_until = 0, error = ''"
                " WHERE machine = ? AND key = ? AND error <> ''",
                (machine, key),
            )
            return found.rowcount == 1

    def _change(self, key: str, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._transaction("write") as connection:
            connection.execute(f"UPDATE pystator_actions SET {columns} WHERE key = ?", (*values.values(), key))


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side. The switch itself can't wait for others, so it is tried again."""
    for _ in range(int(_PATIENCE * 100)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA journal_mode = WAL")


def _audit(found: Sequence[Any]) -> AuditRecord:
    audit = AuditRecord(*found)
    return audit._replace(success=bool(audit.success))


def _now() -> int:
    return time.time_ns() // 1_000_000
