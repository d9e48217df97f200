"""A store in Redis, through redis-py; to be called, and to be awaited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.schedulers.delays import milliseconds

try:
    from pystator_runtime.stores.redis_clients import Clients
    from pystator_runtime.stores.redis_procedures import Lock, Procedure, Procedures
except ImportError as error:
    raise ConfigurationError(
        f"RedisStateStore needs redis-py: pip install 'pystator-runtime[redis]' ({error})"
    ) from error

if TYPE_CHECKING:
    import redis
    import redis.asyncio

ResultT = TypeVar("ResultT")


class RedisStateStore:
    """Keeps entities in Redis (6.2 or newer), under keys that begin with ``prefix``.

    ``url_or_client`` is a URL (``redis://host:6379/0``) or a client of redis-py, of either kind. The methods of
    :class:`~pystator_runtime.protocols.StateStore` use one that is called, their twins with an ``a`` before the
    name one that is awaited; what was not given is made from the parameters of the other.

    The entities of a machine are spread over ``partitions``, each of which lies in one slot of a cluster; their number
    is fixed when the store is first opened. Audit rows and event ids are kept for ``keep_audit`` (``"90d"``, a
    ``timedelta``; for ever if not given). A lock whose holder has died ends after ``lock_lease``.

    Redis has to be told to keep what it has acknowledged: without ``appendonly yes`` and ``appendfsync always``, its
    crash can lose the last commits.
    """

    is_instant = False

    def __init__(
        self,
        url_or_client: str | redis.Redis | redis.RedisCluster | redis.asyncio.Redis | redis.asyncio.RedisCluster,
        *,
        keep_audit: int | float | str | timedelta | None = None,
        partitions: int = 16,
        prefix: str = "pystator",
        lock_lease: int | float | str | timedelta = "30s",
    ) -> None:
        if partitions < 1:
            raise ConfigurationError(f"partitions={partitions}: at least one is needed")
        if "{" in prefix:
            raise ConfigurationError(f"prefix={prefix!r}: a brace would decide which keys lie together in a cluster")
        self._keep_audit = None if keep_audit is None else milliseconds(keep_audit)
        self._do = Procedures(prefix, partitions, milliseconds(lock_lease))
        self._clients = Clients(url_or_client)

    def _run(self, procedure: Procedure[ResultT]) -> ResultT:
        return self._clients.run(self._do.when_open(procedure))

    async def _arun(self, procedure: Procedure[ResultT]) -> ResultT:
        return await self._clients.arun(self._do.when_open(procedure))

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        """See :class:`~pystator_runtime.protocols.StateStore`, as for all that follows."""
        return self._run(self._do.load(machine, entity_id, event_id, lock))

    async def aload(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Loaded | None:
        return await self._arun(self._do.load(machine, entity_id, event_id, lock))

    def unlock(self, lock: object) -> None:
        if isinstance(lock, Lock):
            self._run(self._do.unlock(lock))

    async def aunlock(self, lock: object) -> None:
        if isinstance(lock, Lock):
            await self._arun(self._do.unlock(lock))

    def commit(self, commit: Commit, lock: object) -> bool:
        return self._run(self._do.commit(commit, lock if isinstance(lock, Lock) else None))

    async def acommit(self, commit: Commit, lock: object) -> bool:
        return await self._arun(self._do.commit(commit, lock if isinstance(lock, Lock) else None))

    def record(self, audit: AuditRecord) -> None:
        self._run(self._do.record(audit))

    async def arecord(self, audit: AuditRecord) -> None:
        await self._arun(self._do.record(audit))

    def audit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        return self._run(self._do.audit(machine, entity_id))

    async def aaudit(self, machine: str, entity_id: str) -> list[AuditRecord]:
        return await self._arun(self._do.audit(machine, entity_id))

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        return self._run(self._do.find(machine, state, after, limit))

    async def afind(self, machine: str, state: str | None, after: str | None, limit: int) -> list[EntityRecord]:
        return await self._arun(self._do.find(machine, state, after, limit))

    def count_by_state(self, machine: str) -> dict[str, int]:
        return self._run(self._do.count_by_state(machine))

    async def acount_by_state(self, machine: str) -> dict[str, int]:
        return await self._arun(self._do.count_by_state(machine))

    def delete(self, machine: str, entity_id: str) -> bool:
        return self._run(self._do.delete(machine, entity_id))

    async def adelete(self, machine: str, entity_id: str) -> bool:
        return await self._arun(self._do.delete(machine, entity_id))

    def prune(self, machine: str) -> int:
        return 0 if self._keep_audit is None else self._run(self._do.prune(machine, self._keep_audit))

    async def aprune(self, machine: str) -> int:
        return 0 if self._keep_audit is None else await self._arun(self._do.prune(machine, self._keep_audit))

    def close(self) -> None:
        """Let go of connections, but not of a client that was given, nor of what an event loop awaits."""
        self._clients.close()

    async def aclose(self) -> None:
        """Let go of what the running event loop has opened as well."""
        await self._clients.aclose()

    # -- timers -----------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> list[str]:
        return self._run(self._do.due(machine, now, limit))

    async def adue(self, machine: str, now: int | None, limit: int) -> list[str]:
        return await self._arun(self._do.due(machine, now, limit))

    def next_due(self, machine: str) -> tuple[int | None, int]:
        return self._run(self._do.next_due(machine))

    async def anext_due(self, machine: str) -> tuple[int | None, int]:
        return await self._arun(self._do.next_due(machine))

    # -- actions ----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        return self._run(self._do.claim(machine, lease, limit, force))

    async def aclaim(self, machine: str, lease: int, limit: int, force: bool) -> list[ActionRecord]:
        return await self._arun(self._do.claim(machine, lease, limit, force))

    def renew(self, keys: Sequence[str], lease: int) -> None:
        self._run(self._do.renew(keys, lease))

    async def arenew(self, keys: Sequence[str], lease: int) -> None:
        await self._arun(self._do.renew(keys, lease))

    def finish(self, key: str, patched: EntityRecord | None) -> bool:
        return self._run(self._do.finish(key, patched))

    async def afinish(self, key: str, patched: EntityRecord | None) -> bool:
        return await self._arun(self._do.finish(key, patched))

    def postpone(self, key: str, attempts: int, delay: int) -> None:
        self._run(self._do.postpone(key, attempts, delay))

    async def apostpone(self, key: str, attempts: int, delay: int) -> None:
        await self._arun(self._do.postpone(key, attempts, delay))

    def give_up(self, key: str, attempts: int, error: str) -> None:
        self._run(self._do.give_up(key, attempts, error))

    async def agive_up(self, key: str, attempts: int, error: str) -> None:
        await self._arun(self._do.give_up(key, attempts, error))

    def failed(self, machine: str) -> list[ActionRecord]:
        return self._run(self._do.failed(machine))

    async def afailed(self, machine: str) -> list[ActionRecord]:
        return await self._arun(self._do.failed(machine))

    def retry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        return self._run(self._do.retry(machine, key, lease))

    async def aretry(self, machine: str, key: str, lease: int) -> ActionRecord | None:
        return await self._arun(self._do.retry(machine, key, lease))
