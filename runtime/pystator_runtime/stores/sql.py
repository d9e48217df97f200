"""A store in PostgreSQL, through SQLAlchemy and psycopg 3; to be called, and to be awaited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.schedulers.delays import milliseconds

try:
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from pystator_runtime.stores.sql_database import Lock, awaited
    from pystator_runtime.stores.sql_engines import Engines
    from pystator_runtime.stores.sql_queries import Queries
    from pystator_runtime.stores.sql_tables import metadata_of
except ImportError as error:
    raise ConfigurationError(
        f"SQLAlchemyStateStore needs SQLAlchemy and psycopg: pip install 'pystator-runtime[sql]' ({error})"
    ) from error


class SQLAlchemyStateStore:
    """Keeps entities in PostgreSQL (13 or newer), in three tables that are made when they are first needed.

    ``url_or_engine`` is a URL (``postgresql://user@host/database``), an ``Engine`` or an ``AsyncEngine`` for psycopg 3.
    The methods of :class:`~pystator_runtime.protocols.StateStore` use the engine, their twins with an ``a``
    before the name the async one; what was not given is made from the URL of the other.

    ``metadata`` has the tables, so that Alembic can own them. They lie in ``schema``, or where the connection looks
    first. Audit rows and event ids are kept for ``keep_audit`` (``"90d"``, a ``timedelta``; for ever if not given).
    """

    is_instant = False

    def __init__(
        self,
        url_or_engine: str | URL | Engine | AsyncEngine,
        *,
        keep_audit: int | float | str | timedelta | None = None,
        schema: str | None = None,
    ) -> None:
        self._keep_audit = None if keep_audit is None else milliseconds(keep_audit)
        self.metadata = metadata_of(schema)
        self._ask = Queries(schema)
        self._engines = Engines(url_or_engine, self.metadata, self._ask)

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """See :class:`~pystator_runtime.protocols.StateStore`, as for all that follows."""
        query = self._ask.load(machine, entity_id, event_id)
        if lock:
            return self._engines.called().lock(self._ask.try_lock(machine, entity_id), query)
        return self._engines.called().run(query)

    async def aload(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        query, database = self._ask.load(machine, entity_id, event_id), self._engines.awaited()
        if lock:
            return await awaited(database.lock, self._ask.try_lock(machine, entity_id), query)
        return await awaited(database.run, query)

    def unlock(self, lock: object) -> None:
        if isinstance(lock, Lock):
            lock.database.unlock(lock)

    async def aunlock(self, lock: object) -> None:
        if isinstance(lock, Lock):
            await awaited(lock.database.unlock, lock)

    def commit(self, commit: Commit, lock: object) -> bool:
        held = lock if isinstance(lock, Lock) else None
        database = self._engines.called() if held is None else held.database
        return database.commit(self._ask.commit(commit), held)

    async def acommit(self, commit: Commit, lock: object) -> bool:
        held = lock if isinstance(lock, Lock) else None
        database = self._engines.awaited() if held is None else held.database
        return await awaited(database.commit, self._ask.commit(commit), held)

    def record(self, audit: AuditRecord) -> None:
        self._engines.called().run(self._ask.record(audit))

    async def arecord(self, audit: AuditRecord) -> None:
        await awaited(self._engines.awaited().run, self._ask.record(audit))

    def audit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        return self._engines.called().run(self._ask.audit(machine, entity_id))

    async def aaudit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        return await awaited(self._engines.awaited().run, self._ask.audit(machine, entity_id))

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        return self._engines.called().run(self._ask.find(machine, state, after, limit))

    async def afind(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        return await awaited(self._engines.awaited().run, self._ask.find(machine, state, after, limit))

    def count_by_state(self, machine: str) -> dict[str, int]:
        return self._engines.called().run(self._ask.count_by_state(machine))

    async def acount_by_state(self, machine: str) -> dict[str, int]:
        return await awaited(self._engines.awaited().run, self._ask.count_by_state(machine))

    def delete(self, machine: str, entity_id: str) -> bool:
        wait, delete = self._ask.wait_for_lock(machine, entity_id), self._ask.delete(machine, entity_id)
        return self._engines.called().delete(wait, delete)

    async def adelete(self, machine: str, entity_id: str) -> bool:
        wait, delete = self._ask.wait_for_lock(machine, entity_id), self._ask.delete(machine, entity_id)
        return await awaited(self._engines.awaited().delete, wait, delete)

    def prune(self, machine: str) -> int:
        if self._keep_audit is None:
            return 0
        return self._engines.called().run(self._ask.prune(machine, self._keep_audit))

    async def aprune(self, machine: str) -> int:
        if self._keep_audit is None:
            return 0
        return await awaited(self._engines.awaited().run, self._ask.prune(machine, self._keep_audit))

    def close(self) -> None:
        """Let go of locks and connections, but not of an engine that was given, nor of what an event loop awaits."""
        self._engines.close()

    async def aclose(self) -> None:
        """Let go of what the running event loop has opened as well."""
        await self._engines.aclose()

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        return self._engines.called().run(self._ask.due(machine, now, limit))

    async def adue(self, machine: str, now: int | None, limit: int) -> list[str]:
        return await awaited(self._engines.awaited().run, self._ask.due(machine, now, limit))

    def next_due(self, machine: str) -> tuple[int | None, int]:
        return self._engines.called().run(self._ask.next_due(machine))

    async def anext_due(self, machine: str) -> tuple[int | None, int]:
        return await awaited(self._engines.awaited().run, self._ask.next_due(machine))

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        return self._engines.called().run(self._ask.claim(machine, lease, limit, force))

    async def aclaim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        return await awaited(self._engines.awaited().run, self._ask.claim(machine, lease, limit, force))

    def renew(self, keys: Sequence[str], lease: int) -> None:
        self._engines.called().run(self._ask.renew(keys, lease))

    async def arenew(self, keys: Sequence[str], lease: int) -> None:
        await awaited(self._engines.awaited().run, self._ask.renew(keys, lease))

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        return self._engines.called().commit(self._ask.finish(key, patched), None)

    async def afinish(self, key: str, patched: EntityRecord | None) -> bool:
        return await awaited(self._engines.awaited().commit, self._ask.finish(key, patched), None)

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        self._engines.called().run(self._ask.postpone(key, attempts, delay))

    async def apostpone(self, key: str, attempts: int, delay: int) -> None:
        await awaited(self._engines.awaited().run, self._ask.postpone(key, attempts, delay))

    def give_up(self, key: str, attempts: int, error: str) -> None:
        self._engines.called().run(self._ask.give_up(key, attempts, error))

    async def agive_up(self, key: str, attempts: int, error: str) -> None:
        await awaited(self._engines.awaited().run, self._ask.give_up(key, attempts, error))

    def failed(self, machine: str) -> list[ActionRecord]:
        return self._engines.called().run(self._ask.failed(machine))

    async def afailed(self, machine: str) -> list[ActionRecord]:
        return await awaited(self._engines.awaited().run, self._ask.failed(machine))

    def retry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        return self._engines.called().run(self._ask.retry(machine, key, lease))

    async def aretry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        return await awaited(self._engines.awaited().run, self._ask.retry(machine, key, lease))
