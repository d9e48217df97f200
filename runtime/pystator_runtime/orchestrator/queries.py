"""What can be asked of the entities that a store keeps; nothing of it changes a state."""

from __future__ import annotations

from typing import Any

from pystator_runtime.errors import StoreError
from pystator_runtime.orchestrator.entities import AuditEntry, EntityMapper, FailedAction, StoredEntity
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.waiting import Procedure, arun, run


class EntityQueries:
    """The questions that an orchestrator answers, each with a twin that awaits the store."""

    def __init__(self, machine: Any, gateway: StoreGateway, mapper: EntityMapper) -> None:
        self.machine = machine
        self.gateway = gateway
        self.store = gateway.store
        self._name: str = machine.chart.name
        self._mapper = mapper

    def get(self, entity_id: str, /) -> StoredEntity[Any, Any] | None:
        """An entity as it is stored, or ``None``."""
        return run(self._get(entity_id))

    async def aget(self, entity_id: str, /) -> StoredEntity[Any, Any] | None:
        """:meth:`get`, awaiting the store."""
        return await arun(self._get(entity_id))

    def _get(self, entity_id: str) -> Procedure[StoredEntity[Any, Any] | None]:
        require_id(entity_id)
        loaded = yield from self.gateway.load(entity_id, None, lock=False)
        return None if loaded.entity is None else StoredEntity(self._mapper.read(loaded.entity))

    def history(self, entity_id: str, /) -> list[AuditEntry]:
        """The events of an entity that were taken, the oldest first, as far back as the store keeps them."""
        return run(self._history(entity_id))

    async def ahistory(self, entity_id: str, /) -> list[AuditEntry]:
        """:meth:`history`, awaiting the store."""
        return await arun(self._history(entity_id))

    def _history(self, entity_id: str) -> Procedure[list[AuditEntry]]:
        require_id(entity_id)
        return [AuditEntry(record) for record in (yield from self.gateway.ask(self.store.audit, self._name, entity_id))]

    def find(self, state: object = None, after: str | None = None, limit: int = 100) -> list[StoredEntity[Any, Any]]:
        """Entities by their ids, those after ``after``; with ``state``, those in that leaf or configuration."""
        return run(self._find(state, after, limit))

    async def afind(
        self, state: object = None, after: str | None = None, limit: int = 100
    ) -> list[StoredEntity[Any, Any]]:
        """:meth:`find`, awaiting the store."""
        return await arun(self._find(state, after, limit))

    def _find(self, state: object, after: str | None, limit: int) -> Procedure[list[StoredEntity[Any, Any]]]:
        if limit < 1:
            raise StoreError(f"the limit of a page is at least 1, not {limit}")
        wanted = None if state is None else str(self.machine.row_of(state).state)
        found = yield from self.gateway.ask(self.store.find, self._name, wanted, after, limit)
        return [StoredEntity(self._mapper.read(record)) for record in found]

    def count_by_state(self) -> dict[str, int]:
        """How many entities there are in each state."""
        return run(self.gateway.ask(self.store.count_by_state, self._name))

    async def acount_by_state(self) -> dict[str, int]:
        """:meth:`count_by_state`, awaiting the store."""
        return await arun(self.gateway.ask(self.store.count_by_state, self._name))

    def failed_actions(self) -> list[FailedAction]:
        """The actions that failed at their last try, with their errors."""
        return run(self._failed_actions())

    async def afailed_actions(self) -> list[FailedAction]:
        """:meth:`failed_actions`, awaiting the store."""
        return await arun(self._failed_actions())

    def _failed_actions(self) -> Procedure[list[FailedAction]]:
        return [FailedAction(record) for record in (yield from self.gateway.ask(self.store.failed, self._name))]


def require_id(entity_id: object) -> None:
    """Refuse what is no id: stores would answer it each in their own way."""
    if not isinstance(entity_id, str):
        raise StoreError(f"an entity id is text, not {entity_id!r}")
