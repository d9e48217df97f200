"""Places where entities are kept, so that one suite can be run over every store.

To try another store: write its :class:`Place` and add it to ``PLACES``.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from redis.connection import parse_url
from sqlalchemy.engine import URL, make_url

from pystator_runtime.stores import (
    InMemoryStateStore,
    RedisStateStore,
    SQLAlchemyStateStore,
    SQLiteStateStore,
    redis_scripts,
)
from support.awaited import Awaited
from support.lines import Line
from support.servers import Servers
from support.stored import MACHINE

SURROGATES = "".join(map(chr, range(0xD800, 0xE000)))


class Place:
    """Somewhere to keep entities: a new and empty place per test."""

    lasts = True
    """Whether what is written outlives the store object, so that another one finds it."""

    cannot_hold = ""
    """Characters that ids and states may not have here: surrogates are no Unicode, and some have no room for NUL."""

    points: tuple[str, ...] = ()
    """The points at which a commit can be made to fail."""

    def holds(self, text: str) -> bool:
        return not set(text) & set(self.cannot_hold)

    def open(self, **settings: Any) -> Any:
        """Another store object on this place."""
        raise NotImplementedError

    def open_with_short_locks(self) -> Any:
        """A store whose locks end soon after their holder has died."""
        return self.open()

    def broken(self, point: str) -> contextlib.AbstractContextManager[None]:
        """Commits fail when they come to ``point``."""
        raise NotImplementedError

    def line(self) -> Line:
        """A line to the server."""
        raise NotImplementedError

    def open_by(self, line: Line) -> Any:
        """A store that reaches the server by this line; its locks end soon."""
        raise NotImplementedError

    def end(self) -> None:
        """Close what was opened, and leave nothing."""


class Memory(Place):
    lasts = False

    def __init__(self, folder: Path, servers: Servers) -> None:
        del folder, servers

    def open(self, **settings: Any) -> Any:
        return InMemoryStateStore(**settings)


class SQLite(Place):
    cannot_hold = SURROGATES
    points = (
        "INSERT ON pystator_entities",
        "UPDATE ON pystator_entities",
        "INSERT ON pystator_audit",
        "INSERT ON pystator_actions",
        "INSERT ON pystator_actions WHEN NEW.key LIKE '%/1'",
        "DELETE ON pystator_actions",
        "DELETE ON pystator_entities",
    )

    def __init__(self, folder: Path, servers: Servers) -> None:
        del servers
        self.path = folder / "entities.db"
        self._opened: list[Any] = []

    def open(self, **settings: Any) -> Any:
        store = SQLiteStateStore(self.path, **settings)
        self._opened.append(store)
        return store

    @contextlib.contextmanager
    def broken(self, point: str) -> Iterator[None]:
        self._execute(f"CREATE TRIGGER broken AFTER {point} BEGIN SELECT RAISE(ABORT, 'it breaks here'); END")
        try:
            yield
        finally:
            self._execute("DROP TRIGGER broken")

    def _execute(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(statement)

    def end(self) -> None:
        for store in self._opened:
            store.close()


class PostgreSQL(Place):
    """A schema of its own."""

    cannot_hold = SURROGATES + "\0"
    points = (
        "INSERT ON pystator_entities",
        "UPDATE ON pystator_entities",
        "INSERT ON pystator_audit",
        "INSERT ON pystator_actions",
        "INSERT ON pystator_actions WHEN NEW.key LIKE '%/1'",
        "DELETE ON pystator_actions",
        "DELETE ON pystator_entities",
    )

    def __init__(self, folder: Path, servers: Servers) -> None:
        del folder
        self.schema = f"test_{uuid.uuid4().hex}"
        self._server = servers.postgres()
        self._opened: list[Any] = []
        self.execute(f"CREATE SCHEMA {self.schema}")
        self.url = make_url(self._server).update_query_dict({"options": f"-csearch_path={self.schema}"})

    def open(self, **settings: Any) -> Any:
        store = SQLAlchemyStateStore(self.url, **settings)
        self._opened.append(store)
        return store

    @contextlib.contextmanager
    def broken(self, point: str) -> Iterator[None]:
        where, _, when = point.partition(" WHEN ")
        self.execute(
            "CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'it breaks here'; END $$",
            f"CREATE TRIGGER broken AFTER {where} FOR EACH ROW {f'WHEN ({when})' if when else ''}"
            " EXECUTE FUNCTION breaks()",
        )
        try:
            yield
        finally:
            self.execute("DROP FUNCTION breaks CASCADE")

    def line(self) -> Line:
        folder, port = self.url.query.get("host"), self.url.port or 5432
        name = f".s.PGSQL.{port}"  # so it is called by those who look for it in a folder
        return Line(name, f"{folder}/{name}" if folder else (self.url.host or "localhost", port))

    def open_by(self, line: Line) -> Any:
        by_line = URL.create(**{**self.url._asdict(), "host": None})
        store = SQLAlchemyStateStore(by_line.update_query_dict({"host": str(line.path.parent)}))
        self._opened.append(store)
        return store

    def execute(self, *statements: str) -> list[Any]:
        """Run statements behind the back of the stores; the rows of the last one."""
        options = f"-csearch_path={self.schema}"
        with psycopg.connect(self._server, autocommit=True, options=options) as connection:
            for statement in statements[:-1]:
                connection.execute(statement)
            last = connection.execute(statements[-1])
            return last.fetchall() if last.description else []

    def end(self) -> None:
        for store in self._opened:
            store.close()
        self.execute(f"DROP SCHEMA {self.schema} CASCADE")


class PostgreSQLAwaited(PostgreSQL):
    def open(self, **settings: Any) -> Any:
        store = Awaited(SQLAlchemyStateStore(self.url, **settings))
        self._opened.append(store)
        return store

    def end(self) -> None:
        super().end()
        for store in self._opened:
            store.end()


class Redis(Place):
    """A prefix of its own. A commit is made to fail by keys of the wrong kind."""

    points = tuple(redis_scripts.KINDS)

    def __init__(self, folder: Path, servers: Servers) -> None:
        del folder
        self.url = servers.redis()
        self.prefix = f"test-{uuid.uuid4().hex}"
        self.client = redis.Redis.from_url(self.url)
        self._opened: list[Any] = []

    def open(self, **settings: Any) -> Any:
        store = RedisStateStore(self.url, **{"prefix": self.prefix, **settings})
        self._opened.append(store)
        return store

    def open_with_short_locks(self) -> Any:
        return self.open(lock_lease="50ms")

    def line(self) -> Line:
        known = parse_url(self.url)
        return Line("socket", known.get("path") or (known.get("host", "localhost"), known.get("port", 6379)))

    def open_by(self, line: Line) -> Any:
        who, at, _ = urlsplit(self.url).netloc.rpartition("@")
        url = f"unix://{who}{at}{line.path}?db={parse_url(self.url).get('db', 0)}"
        store = RedisStateStore(url, prefix=self.prefix, lock_lease="50ms")
        self._opened.append(store)
        return store

    @contextlib.contextmanager
    def broken(self, point: str) -> Iterator[None]:
        partitions = [f"{self.prefix}:{{{MACHINE}:{number}}}:" for number in range(16)]
        with self.client.pipeline(transaction=False) as pipeline:
            for partition in partitions:
                pipeline.rename(partition + point, f"{partition}kept:{point}")
                pipeline.rpush(partition + point, "of the wrong kind")
            pipeline.execute(raise_on_error=False)  # not every partition has it
            try:
                yield
            finally:
                for partition in partitions:
                    pipeline.delete(partition + point)
                    pipeline.rename(f"{partition}kept:{point}", partition + point)
                pipeline.execute(raise_on_error=False)

    def end(self) -> None:
        for store in self._opened:
            store.close()
        keys = list(self.client.scan_iter(f"{self.prefix}:*", count=1_000))
        if keys:
            self.client.delete(*keys)
        self.client.close()


class RedisAwaited(Redis):
    def open(self, **settings: Any) -> Any:
        store = Awaited(RedisStateStore(self.url, **{"prefix": self.prefix, **settings}))
        self._opened.append(store)
        return store

    def end(self) -> None:
        super().end()
        for store in self._opened:
            store.end()


PLACES: dict[str, Callable[[Path, Servers], Place]] = {
    "memory": Memory,
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "postgresql-awaited": PostgreSQLAwaited,
    "redis": Redis,
    "redis-awaited": RedisAwaited,
}
"""Every place."""
