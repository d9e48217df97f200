"""Connections to one SQLite file: taken for a transaction and given back, and none that passes a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pystator_runtime.errors import StoreError

_BUSY_TIMEOUT = 30.0
"""For how many seconds a transaction waits for others to end theirs."""


class Connection(sqlite3.Connection):
    """A connection that knows in which round, from one closing to the next, it was opened, and when it is durable."""

    round = 0
    synchronous = "FULL"


class Lock:
    """A transaction that was begun and is still to be ended."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class Connections:
    """As many connections as are in use at once, of one process.

    None may be open while the process forks: the child's SQLite would take over its parent's idea of which locks are
    held, but the system gives a child none of them. The parent closes, believes itself the last one, and removes the
    log into which the child goes on writing. So a fork waits until none is in use, and closes them all.
    """

    def __init__(self, path: Path, schema: str, last: str, *, durable: bool) -> None:
        """``schema`` makes what is needed; the index ``last`` tells that it was made."""
        self.path = path
        self._schema = schema
        self._last = last
        self._durable = durable
        self._gate = threading.Condition(threading.Lock())
        self._round = 0
        self._in_use = 0
        self._idle: list[Connection] = []
        self._held: dict[Connection, Lock] = {}
        with _mutex:
            _all.add(self)

    @contextmanager
    def use(self) -> Generator[Connection]:
        """A connection, for one transaction."""
        with self._gate:
            self._in_use += 1
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = self._connect()
            yield connection
        finally:
            self._give_back(connection)

    def hold(self, connection: Connection) -> Lock:
        """Keep the transaction that was begun on a connection in use; who has the lock can end it, in any thread."""
        with self._gate:
            lock = self._held[connection] = Lock(connection)
            return lock

    @contextmanager
    def end(self, lock: object) -> Generator[Connection | None]:
        """The connection of a lock, to end its transaction; ``None`` if that has ended already."""
        with self._gate:
            if not isinstance(lock, Lock) or self._held.get(lock.connection) is not lock:
                connection = None
            else:
                connection = lock.connection
                del self._held[connection]
                self._in_use += 1
        try:
            yield connection
        finally:
            if connection is not None:
                self._give_back(connection)

    def _give_back(self, connection: Connection | None) -> None:
        with self._gate:
            self._in_use -= 1
            self._gate.notify_all()
            if connection is None or connection in self._held:
                return
            if connection.round == self._round and not connection.in_transaction:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close all that are open; those in use as soon as they are given back."""
        with self._gate:
            self._close()

    def __del__(self) -> None:
        """Whoever forgets a store need not be told of each connection by the interpreter."""
        for connection in self._idle:
            connection.close()

    def _close(self) -> None:
        self._round += 1
        for connection in (*self._idle, *self._held):
            connection.close()
        self._idle.clear()
        self._held.clear()

    @contextmanager
    def failures(self, doing: str) -> Generator[None]:
        """Tell SQLite's errors as ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"SQLite could not {doing} in {self.path}: {error}") from error
        except UnicodeEncodeError as error:
            raise StoreError(f"SQLite can't hold text that is not Unicode: {error}") from error

    def _connect(self) -> Connection:
        with self.failures("open"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path,
                timeout=_BUSY_TIMEOUT,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=64,
                factory=Connection,
            )
            connection.round = self._round
            _switch_to_wal(connection)
            connection.synchronous = "FULL" if self._durable else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {connection.synchronous}")
            is_made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (self._last,)).fetchone()
            if is_made is None:
                connection.executescript(f"BEGIN IMMEDIATE; {self._schema} COMMIT;")
            return connection

    # -- forks -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Close all connections, and open none until :meth:`go_on`."""
        self._gate.acquire()
        self._gate.wait_for(lambda: not self._in_use, _BUSY_TIMEOUT)
        self._close()

    def go_on(self) -> None:
        self._gate.release()


@contextmanager
def eased(connection: Connection) -> Generator[None]:
    """Leave it to later commits to bring what is written meanwhile to the disk."""
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA synchronous = {connection.synchronous}")


def begin_at_once(connection: Connection) -> bool:
    """Begin a transaction that writes, unless somebody else is about to write."""
    connection.execute("PRAGMA busy_timeout = 20")
    try:
        connection.execute("BEGIN IMMEDIATE")
        return True
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT * 1000)}")


def _switch_to_wal(connection: Connection) -> None:
    """Let readers and a writer work side by side. The switch itself can't wait for others, so it is tried again."""
    for _ in range(int(_BUSY_TIMEOUT * 100)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA journal_mode = WAL")


_mutex = threading.Lock()
_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_stopped: list[Connections] = []


def _before_fork() -> None:
    _mutex.acquire()
    for connections in list(_all):
        connections.stop()
        _stopped.append(connections)


def _after_fork() -> None:
    while _stopped:
        _stopped.pop().go_on()
    _mutex.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
