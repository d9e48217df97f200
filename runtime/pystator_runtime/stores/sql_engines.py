"""The engines of a store: the one that is called, and those that are awaited, one for each event loop."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, NamedTuple

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.loops import PerLoop, keep
from pystator_runtime.stores.sql_database import AUTOCOMMIT, Database, awaited
from pystator_runtime.stores.sql_queries import Queries
from pystator_runtime.urls import read_url


class _Awaited(NamedTuple):
    """What an event loop has: ``own`` is the engine that was made for it, ``opened`` are psycopg's connections."""

    database: Database
    own: AsyncEngine | None
    opened: weakref.WeakSet[Any]


class Engines:
    """One engine was given, or the URL of both; what is missing is made when it is first needed."""

    def __init__(self, given: str | URL | Engine | AsyncEngine, metadata: MetaData, queries: Queries) -> None:
        self._url = psycopg_url(given)
        self._called = given if isinstance(given, Engine) else None
        self._own = self._called is None
        self._given = given if isinstance(given, AsyncEngine) else None
        self._metadata = metadata
        self._queries = queries
        self._process = os.getpid()
        self._mutex = threading.Lock()
        self._database: Database | None = None
        self._awaited = PerLoop(self._make_awaited, _end, _drop)

    def called(self) -> Database:
        """For callers that wait here."""
        self._leave_what_was_inherited()
        if self._database is None:
            with self._mutex:  # of two engines, nobody would close the one that is forgotten
                if self._database is None:
                    if self._called is None:
                        self._called = create_engine(self._url, isolation_level=AUTOCOMMIT)
                    self._database = self._on(self._called, self._own)
        return self._database

    def awaited(self) -> Database:
        """For the running event loop."""
        self._leave_what_was_inherited()
        return self._awaited.get().database

    def _make_awaited(self) -> _Awaited:
        if self._given is not None:
            return _Awaited(self._on(self._given.sync_engine, own=False), None, weakref.WeakSet())
        engine = create_async_engine(self._url, isolation_level=AUTOCOMMIT)
        opened: weakref.WeakSet[Any] = weakref.WeakSet()

        def remember(connection: Any, record: object) -> None:
            opened.add(connection.driver_connection)

        event.listen(engine.sync_engine, "connect", remember)
        return _Awaited(self._on(engine.sync_engine, own=True), engine, opened)

    def _on(self, engine: Engine, own: bool) -> Database:
        return Database(engine, self._metadata, self._queries, commits_each=own)

    def _leave_what_was_inherited(self) -> None:
        """After a fork, leave the connections to the parent."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        keep(self._database)
        self._database, self._mutex = None, threading.Lock()
        for engine in (self._called, None if self._given is None else self._given.sync_engine):
            if engine is not None:
                keep(engine.pool)
                engine.dispose(close=False)

    def close(self) -> None:
        """End all locks, and close the connections of the engine that was made here."""
        if self._process != os.getpid():
            return
        self._awaited.sweep()
        if self._database is not None:
            self._database.close()
        if self._own and self._called is not None:
            # What is in use just now is given back to a pool that is no longer anybody's.
            event.listen(self._called.pool, "checkin", _close)
            self._called.dispose()

    async def aclose(self) -> None:
        """The same for the running event loop, too."""
        if self._process == os.getpid():
            await self._awaited.aclose()
        self.close()


def _close(connection: object, record: Any) -> None:
    record.close()


async def _end(mine: _Awaited) -> None:
    await awaited(mine.database.close)
    if mine.own is not None:
        await mine.own.dispose()


def _drop(left: _Awaited) -> None:
    for connection in left.opened:
        connection.pgconn.finish()


def _url(given: str | URL) -> URL:
    url = make_url(given)
    if "@" in (url.host or ""):
        raise ValueError("what precedes the last '@' ends before it")
    return url


def psycopg_url(given: str | URL | Engine | AsyncEngine) -> URL:
    """The URL of what was given.

    Raises:
        ConfigurationError: It is not one of PostgreSQL with psycopg 3.
    """
    if isinstance(given, Engine | AsyncEngine):
        url, driver = given.url, given.dialect.driver
        fits = given.dialect.name == "postgresql" and driver in ("psycopg", "psycopg_async")
    else:
        url = read_url(given, "a database", _url)
        fits = url.drivername in ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg_async")
    if not fits:
        raise ConfigurationError(
            f"{url.drivername!r} is not served: this store is for PostgreSQL with psycopg 3, 'postgresql://…';"
            " for SQLite there is SQLiteStateStore"
        )
    return url.set(drivername="postgresql+psycopg")
