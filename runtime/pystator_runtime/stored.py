"""The base of generated orchestrators: an :class:`~pystator_runtime.orchestrator.Orchestrator` with a machine's types.

It wraps one, and loads it when the first is made: most applications keep their entities in one way only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pystator_runtime.guards import GuardAnswerT_co

if TYPE_CHECKING:
    from datetime import datetime

    from pystator_runtime.encoding import Codec
    from pystator_runtime.executor import ActionExecutor
    from pystator_runtime.hooks import TransitionHook
    from pystator_runtime.orchestrator import AuditEntry, FailedAction, Orchestrator, StoredEntity
    from pystator_runtime.orchestrator.deciding import ContextValidator

MachineT_co = TypeVar("MachineT_co", bound=Any, covariant=True)
ResultT = TypeVar("ResultT", bound=Any)
StateT = TypeVar("StateT", bound=Any)
StateNameT = TypeVar("StateNameT", bound=Any)
TriggerNameT = TypeVar("TriggerNameT", bound=str)
ContextT = TypeVar("ContextT", bound=Mapping[str, object])
AnswerT = TypeVar("AnswerT")
"""What sending an event answers: a result, or an awaitable of one."""


class StoredEvents(Generic[AnswerT]):
    """Sends events to one stored entity; generated subclasses have a method per trigger."""

    __slots__ = ("_send",)

    def __init__(self, send: Callable[[str, Mapping[str, Any]], AnswerT]) -> None:
        self._send = send


class StoredEntities(
    Generic[MachineT_co, ResultT, StateT, StateNameT, TriggerNameT, ContextT, GuardAnswerT_co],
):
    """The stored entities of one machine, typed. Its methods are those of ``orchestrator``, which it wraps."""

    orchestrator: Orchestrator

    def __init__(
        self,
        machine: MachineT_co,
        store: Any,
        *,
        scheduler: Any = None,
        executor: ActionExecutor | None = None,
        hooks: Sequence[TransitionHook] = (),
        context_validator: ContextValidator | Sequence[ContextValidator] | None = None,
        codecs: Mapping[str, Codec] | None = None,
        create_missing: bool = True,
        audit_failures: bool = False,
        action_lease: float = 60.0,
        max_conflict_retries: int = 50,
    ) -> None:
        from pystator_runtime.orchestrator import Orchestrator

        self.orchestrator = Orchestrator(
            machine,
            store,
            scheduler=scheduler,
            executor=executor,
            hooks=hooks,
            context_validator=context_validator,
            codecs=codecs,
            create_missing=create_missing,
            audit_failures=audit_failures,
            action_lease=action_lease,
            max_conflict_retries=max_conflict_retries,
        )

    def process_event(
        self: StoredEntities[MachineT_co, ResultT, StateT, StateNameT, TriggerNameT, ContextT, bool],
        entity_id: str,
        trigger: TriggerNameT,
        /,
        context: Mapping[str, object] | None = None,
        *,
        event_id: str | None = None,
    ) -> ResultT:
        """See :meth:`Orchestrator.process_event`, as for all that follows; ``on(...)`` types the payload as well."""
        answer: Any = self.orchestrator.process_event(entity_id, trigger, context, event_id=event_id)
        result: ResultT = answer  # a cast would be a call
        return result

    async def async_process_event(
        self,
        entity_id: str,
        trigger: TriggerNameT,
        /,
        context: Mapping[str, object] | None = None,
        *,
        event_id: str | None = None,
    ) -> ResultT:
        answer = await self.orchestrator.async_process_event(entity_id, trigger, context, event_id=event_id)
        return cast("ResultT", answer)

    def create(self, entity_id: str, /, context: ContextT | None = None) -> StoredEntity[StateT, ContextT]:
        return self.orchestrator.create(entity_id, context)

    async def acreate(self, entity_id: str, /, context: ContextT | None = None) -> StoredEntity[StateT, ContextT]:
        return await self.orchestrator.acreate(entity_id, context)

    def get(self, entity_id: str, /) -> StoredEntity[StateT, ContextT] | None:
        return self.orchestrator.get(entity_id)

    async def aget(self, entity_id: str, /) -> StoredEntity[StateT, ContextT] | None:
        return await self.orchestrator.aget(entity_id)

    def history(self, entity_id: str, /) -> list[AuditEntry]:
        return self.orchestrator.history(entity_id)

    async def ahistory(self, entity_id: str, /) -> list[AuditEntry]:
        return await self.orchestrator.ahistory(entity_id)

    def find(
        self, state: StateNameT | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredEntity[StateT, ContextT]]:
        return self.orchestrator.find(state, after, limit)

    async def afind(
        self, state: StateNameT | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredEntity[StateT, ContextT]]:
        return await self.orchestrator.afind(state, after, limit)

    def count_by_state(self) -> dict[str, int]:
        return self.orchestrator.count_by_state()

    async def acount_by_state(self) -> dict[str, int]:
        return await self.orchestrator.acount_by_state()

    def delete(self, entity_id: str, /) -> bool:
        return self.orchestrator.delete(entity_id)

    async def adelete(self, entity_id: str, /) -> bool:
        return await self.orchestrator.adelete(entity_id)

    def failed_actions(self) -> list[FailedAction]:
        return self.orchestrator.failed_actions()

    async def afailed_actions(self) -> list[FailedAction]:
        return await self.orchestrator.afailed_actions()

    def retry_action(self, key: str) -> bool:
        return self.orchestrator.retry_action(key)

    async def aretry_action(self, key: str) -> bool:
        return await self.orchestrator.aretry_action(key)

    def run_due(self, now: datetime | None = None) -> list[ResultT]:
        results: list[Any] = self.orchestrator.run_due(now)
        return results

    async def arun_due(self, now: datetime | None = None) -> list[ResultT]:
        results: list[Any] = await self.orchestrator.arun_due(now)
        return results

    def ring(self, entity_id: str, /) -> list[ResultT]:
        results: list[Any] = self.orchestrator.ring(entity_id)
        return results

    async def aring(self, entity_id: str, /) -> list[ResultT]:
        results: list[Any] = await self.orchestrator.aring(entity_id)
        return results

    def recover(self, force: bool = False) -> int:
        return self.orchestrator.recover(force)

    async def arecover(self, force: bool = False) -> int:
        return await self.orchestrator.arecover(force)

    def start(self) -> None:
        self.orchestrator.start()

    async def astart(self) -> None:
        await self.orchestrator.astart()

    def close(self) -> None:
        self.orchestrator.close()

    async def aclose(self) -> None:
        await self.orchestrator.aclose()

    def _sender(self, entity_id: str, event_id: str | None) -> Callable[[str, Mapping[str, Any]], ResultT]:
        def send(trigger: str, payload: Mapping[str, Any]) -> ResultT:
            return cast("ResultT", self.orchestrator.process_event(entity_id, trigger, payload, event_id=event_id))

        return send

    def _asender(self, entity_id: str, event_id: str | None) -> Callable[[str, Mapping[str, Any]], Awaitable[ResultT]]:
        async def send(trigger: str, payload: Mapping[str, Any]) -> ResultT:
            answer = await self.orchestrator.async_process_event(entity_id, trigger, payload, event_id=event_id)
            return cast("ResultT", answer)

        return send

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.orchestrator!r}>"
