"""PostgreSQL behind an engine.

All is written once, for an engine that is called. The synchronous face of an async engine is one as well, within a
greenlet: :func:`awaited` runs it in one, and it waits without blocking.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import TypeVar, TypeVarTuple

import psycopg
from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema
from sqlalchemy.util import greenlet_spawn

from pystator_runtime.errors import StoreError
from pystator_runtime.records import Loaded
from pystator_runtime.stores.sql_queries import Queries, Query

ArgumentsT = TypeVarTuple("ArgumentsT")
AnswerT = TypeVar("AnswerT")

AUTOCOMMIT = "AUTOCOMMIT"
"""SQLAlchemy's name for connections that commit each statement, without a round trip to begin and one to end."""

_AGAIN = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for what has failed because of others, and may succeed when it is done again."""


class Lock:
    """A transaction that holds the lock of an entity until it ends."""

    __slots__ = ("connection", "database", "transaction")

    def __init__(self, database: Database, connection: Connection, transaction: ExitStack) -> None:
        self.database = database
        self.connection = connection
        self.transaction = transaction


class Database:
    """The tables, through one engine; whether its connections commit each statement, or are yet to be told so."""

    def __init__(self, engine: Engine, metadata: MetaData, queries: Queries, *, commits_each: bool) -> None:
        self._engine = engine
        self._commits_each = commits_each
        self._metadata = metadata
        self._queries = queries
        self._is_made = False
        self._process = os.getpid()
        self._held: set[Lock] = set()

    def run(self, query: Query[AnswerT]) -> AnswerT:
        """Send a statement. If it only reads and meets a connection that had died, a new one gets it."""
        with failures(query.reads):
            self._make()
            try:
                return self._send(query)
            except DBAPIError as error:
                if not (query.reads and error.connection_invalidated):
                    raise
            return self._send(query)

    def lock(self, lock: Query[bool], load: Query[Loaded]) -> Loaded | None:
        """Load an entity within a transaction that holds its lock."""
        with failures(is_harmless=True), ExitStack() as transaction:
            self._make()
            connection = transaction.enter_context(self._transaction())
            if not send(connection, lock):
                return None
            loaded = send(connection, load)
            held = Lock(self, connection, transaction.pop_all())
            self._held.add(held)
            return loaded._replace(lock=held)

    def unlock(self, lock: Lock) -> None:
        if self._take(lock):
            with failures(is_harmless=True):
                lock.transaction.close()

    def _take(self, lock: Lock) -> bool:
        """Take what ends a lock in hand; not if that was done before, or by the process before a fork."""
        if self._process != os.getpid() or lock not in self._held:
            return False
        self._held.discard(lock)
        return True

    def commit(self, query: Query[bool], lock: Lock | None) -> bool:
        """Send a commit; in the transaction of its lock, which ends with it."""
        with failures(is_harmless=False):
            self._make()
            try:
                return self._send(query) if lock is None else self._end(lock, query)
            except DBAPIError as error:
                if is_conflict(error):
                    return False
                raise

    def _end(self, lock: Lock, query: Query[bool]) -> bool:
        if not self._take(lock):
            return False  # it was lost, so somebody else may have changed the entity
        with lock.transaction:
            done = send(lock.connection, query)
            lock.connection.commit()
            return done

    def delete(self, wait: Query[None], delete: Query[bool]) -> bool:
        """Delete an entity when nobody is changing it: what a commit writes meanwhile would stay behind."""
        with failures(is_harmless=False):
            self._make()
            with self._transaction() as connection:
                send(connection, wait)
                done = send(connection, delete)
                connection.commit()
                return done

    def close(self) -> None:
        """End all locks."""
        for lock in list(self._held):
            self.unlock(lock)

    def _send(self, query: Query[AnswerT]) -> AnswerT:
        with self._engine.connect() as connection:
            if not self._commits_each:
                connection.execution_options(isolation_level=AUTOCOMMIT)
            return send(connection, query)

    def _transaction(self) -> Connection:
        """A connection that begins a transaction with its first statement, and sees what others have committed."""
        return self._engine.connect().execution_options(isolation_level="READ COMMITTED")

    def _make(self) -> None:
        """Make the tables where there are none; of several processes one does, and the others wait for it."""
        if self._is_made:
            return
        if not self._send(self._queries.is_made()):
            with self._transaction() as connection:
                send(connection, self._queries.wait_for_making())
                schema = self._metadata.schema
                if schema is not None and not inspect(connection).has_schema(schema):
                    connection.execute(CreateSchema(schema))
                self._metadata.create_all(connection)
                connection.commit()
        self._is_made = True


def send(connection: Connection, query: Query[AnswerT]) -> AnswerT:
    result = connection.exec_driver_sql(query.text, query.values)
    return query.answer(result.all() if result.returns_rows else ())


def is_conflict(error: DBAPIError) -> bool:
    """Whether somebody else was quicker: the event id was used meanwhile, or one of two had to give way."""
    cause = error.orig
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return cause.diag.constraint_name == "pystator_audit_event"
    return isinstance(cause, psycopg.Error) and cause.sqlstate in _AGAIN


@contextmanager
def failures(is_harmless: bool) -> Generator[None]:
    """Tell the errors of others as ours; of a change that may have been made all the same, say so."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise StoreError(f"PostgreSQL can't hold text that is not Unicode: {error}") from error
    except DBAPIError as error:
        cause = error.orig
        if isinstance(cause, psycopg.DataError) and cause.sqlstate is None:
            raise StoreError(f"PostgreSQL can't hold this: {cause}") from error
        unknown = "" if is_harmless or not error.connection_invalidated else "; whether it was written is not known"
        raise StoreError(f"PostgreSQL failed: {cause}{unknown}") from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"PostgreSQL can't be used: {error}") from error


async def awaited(done: Callable[[*ArgumentsT], AnswerT], *arguments: *ArgumentsT) -> AnswerT:
    """Run in a greenlet what waits for an async engine."""
    answer: AnswerT = await greenlet_spawn(done, *arguments)
    return answer
