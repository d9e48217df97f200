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
    from pystator_runtime.protocols import Scheduler, StateStore

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
        store: StateStore,
        *,
        scheduler: Scheduler | None = None,
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
        """Send an event to a stored entity; ``on(...)`` types its payload as well.

        All that follows is as of :class:`~pystator_runtime.orchestrator.Orchestrator`, which says what each raises.
        """
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
        """:meth:`process_event`, awaiting the store, guards and actions."""
        answer = await self.orchestrator.async_process_event(entity_id, trigger, context, event_id=event_id)
        return cast("ResultT", answer)

    def create(self, entity_id: str, /, context: ContextT | None = None) -> StoredEntity[StateT, ContextT]:
        """Create an entity in the initial state and run the actions of entering it."""
        return self.orchestrator.create(entity_id, context)

    async def acreate(self, entity_id: str, /, context: ContextT | None = None) -> StoredEntity[StateT, ContextT]:
        """:meth:`create`, awaiting the store, guards and actions."""
        return await self.orchestrator.acreate(entity_id, context)

    def get(self, entity_id: str, /) -> StoredEntity[StateT, ContextT] | None:
        """An entity as it is stored, or ``None``."""
        return self.orchestrator.get(entity_id)

    async def aget(self, entity_id: str, /) -> StoredEntity[StateT, ContextT] | None:
        """:meth:`get`, awaiting the store."""
        return await self.orchestrator.aget(entity_id)

    def history(self, entity_id: str, /) -> list[AuditEntry]:
        """The events of an entity that were taken, the oldest first."""
        return self.orchestrator.history(entity_id)

    async def ahistory(self, entity_id: str, /) -> list[AuditEntry]:
        """:meth:`history`, awaiting the store."""
        return await self.orchestrator.ahistory(entity_id)

    def find(
        self, state: StateNameT | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredEntity[StateT, ContextT]]:
        """Entities by their ids, those after ``after``; with ``state``, those in that leaf or configuration."""
        return self.orchestrator.find(state, after, limit)

    async def afind(
        self, state: StateNameT | None = None, after: str | None = None, limit: int = 100
    ) -> list[StoredEntity[StateT, ContextT]]:
        """:meth:`find`, awaiting the store."""
        return await self.orchestrator.afind(state, after, limit)

    def count_by_state(self) -> dict[str, int]:
        """How many entities there are in each state."""
        return self.orchestrator.count_by_state()

    async def acount_by_state(self) -> dict[str, int]:
        """:meth:`count_by_state`, awaiting the store."""
        return await self.orchestrator.acount_by_state()

    def delete(self, entity_id: str, /) -> bool:
        """Delete an entity with its audit rows, event ids and actions; whether there was one."""
        return self.orchestrator.delete(entity_id)

    async def adelete(self, entity_id: str, /) -> bool:
        """:meth:`delete`, awaiting the store."""
        return await self.orchestrator.adelete(entity_id)

    def failed_actions(self) -> list[FailedAction]:
        """The actions that failed at their last try, with their errors."""
        return self.orchestrator.failed_actions()

    async def afailed_actions(self) -> list[FailedAction]:
        """:meth:`failed_actions`, awaiting the store."""
        return await self.orchestrator.afailed_actions()

    def retry_action(self, key: str) -> bool:
        """Run a failed action again, with all of its tries; ``False`` if there is no such action."""
        return self.orchestrator.retry_action(key)

    async def aretry_action(self, key: str) -> bool:
        """:meth:`retry_action`, awaiting the store and the action."""
        return await self.orchestrator.aretry_action(key)

    def run_due(self, now: datetime | None = None) -> list[ResultT]:
        """Fire the timers that are due (by the store's clock, or at ``now``), and run the actions that wait."""
        results: list[Any] = self.orchestrator.run_due(now)
        return results

    async def arun_due(self, now: datetime | None = None) -> list[ResultT]:
        """:meth:`run_due`, awaiting the store, guards and actions."""
        results: list[Any] = await self.orchestrator.arun_due(now)
        return results

    def next_due(self) -> datetime | None:
        """When the first timer of all entities is due, in UTC; ``None`` if none is armed."""
        return self.orchestrator.next_due()

    async def anext_due(self) -> datetime | None:
        """:meth:`next_due`, awaiting the store."""
        return await self.orchestrator.anext_due()

    def ring(self, entity_id: str, /) -> list[ResultT]:
        """Fire the timers of one entity that are due."""
        results: list[Any] = self.orchestrator.ring(entity_id)
        return results

    async def aring(self, entity_id: str, /) -> list[ResultT]:
        """:meth:`ring`, awaiting the store, guards and actions."""
        results: list[Any] = await self.orchestrator.aring(entity_id)
        return results

    def recover(self, force: bool = False) -> int:
        """Finish what a crash has left: actions whose claim has expired (``force``: all), and due timers; how many."""
        return self.orchestrator.recover(force)

    async def arecover(self, force: bool = False) -> int:
        """:meth:`recover`, awaiting the store, guards and actions."""
        return await self.orchestrator.arecover(force)

    def start(self) -> None:
        """Let the scheduler watch the clock for all timers that are stored."""
        self.orchestrator.start()

    async def astart(self) -> None:
        """:meth:`start`, in the running event loop."""
        await self.orchestrator.astart()

    def close(self) -> None:
        """Stop watching the clock and let go of the store's connections."""
        self.orchestrator.close()

    async def aclose(self) -> None:
        """:meth:`close`, in the running event loop."""
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
