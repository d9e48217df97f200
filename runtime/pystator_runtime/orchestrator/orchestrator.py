"""The orchestrator: load, decide, commit, act, for entities that a store keeps (`S8`, `S9`, `S13`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pystator_runtime.actions import ExecutionMode
from pystator_runtime.encoding import Codec
from pystator_runtime.errors import (
    ConfigurationError,
    StoreError,
)
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.hooks import TransitionHook
from pystator_runtime.orchestrator.acting import Actor, never
from pystator_runtime.orchestrator.clock import Clock
from pystator_runtime.orchestrator.committing import Committer
from pystator_runtime.orchestrator.deciding import ContextValidator, Decider
from pystator_runtime.orchestrator.entities import EntityMapper, StoredEntity
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.orchestrator.queries import EntityQueries, require_id
from pystator_runtime.orchestrator.ringing import Ringer
from pystator_runtime.results import TransitionResult
from pystator_runtime.timers import Milliseconds, from_datetime, to_datetime
from pystator_runtime.urls import without_password
from pystator_runtime.waiting import Procedure, arun, run

if TYPE_CHECKING:
    from pystator_runtime.executor import ActionExecutor
    from pystator_runtime.protocols import Scheduler, StateStore


class Orchestrator(EntityQueries):
    """Serves the entities of one machine that ``store`` keeps; several processes may do so side by side.

    Each event is one commit: state, context, history, timers, audit row, event id and the actions that are to follow.
    Then the actions run, at least once each, and the timers wait for ``scheduler``, a worker or :meth:`run_due`.

    ``executor`` gives the actions' mode and functions, where they are not the machine's own. ``context_validator``
    (one, or several) may refuse a context before guards are asked. ``codecs`` say, by key, how values of application
    types are stored. An action is claimed for ``action_lease`` seconds, and again as long as it runs.

    Raises:
        ConfigurationError: A guard or action has no function, or an argument is not of its kind.
    """

    def __init__(
        self,
        machine: Any,
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
        _require_kinds(store, scheduler)
        if action_lease <= 0 or max_conflict_retries < 0:
            raise ConfigurationError("action_lease has to be more than 0 seconds, max_conflict_retries at least 0")
        machine.check_in(actions=executor is None)
        super().__init__(machine, StoreGateway(machine.chart.name, store), EntityMapper(machine.chart, codecs))
        self.scheduler = scheduler
        self._triggers = frozenset(machine.chart.triggers)
        lease = max(round(action_lease * 1000), 1)
        self._mode = ExecutionMode.SEQUENTIAL if executor is None else executor.mode
        self._registry = machine.action_registry if executor is None else executor.registry
        if missing := self._registry.missing(machine.chart.actions):
            raise ConfigurationError(f"the executor of {self._name} has no function for actions {', '.join(missing)}")
        validators = () if context_validator is None else context_validator
        self._decider = Decider(
            machine,
            self._mapper,
            create_missing=create_missing,
            audit_failures=audit_failures,
            validators=(validators,) if callable(validators) else tuple(validators),
            lease=lease,
        )
        self._journal = Journal(self._name, hooks)
        self._actor = Actor(
            self._registry,
            self.gateway,
            self._mapper,
            self._journal,
            mode=self._mode,
            retries=machine.chart.retry_attempts,
            lease=lease,
            stop_on_error=executor is not None and executor.stop_on_error,
        )
        clock = Clock(self, scheduler, self._journal)
        self._committer = Committer(
            self._name, self.gateway, clock, self._journal, self._actor, retries=max_conflict_retries
        )
        self.ringer = Ringer(
            self._name, self.gateway, clock, self._decider, self._committer, self._actor, self._journal
        )
        if scheduler is not None:
            scheduler.serve(self)

    # -- events ------------------------------------------------------------------------------------------------

    def process_event(
        self, entity_id: str, trigger: str, /, context: Mapping[str, Any] | None = None, *, event_id: str | None = None
    ) -> TransitionResult[Any]:
        """Send an event to a stored entity, with ``context`` as its payload, and run the actions that follow.

        An entity that is not there comes into being, unless the orchestrator was told otherwise. The same ``event_id``
        again changes nothing and answers the first result, with ``metadata["duplicate"]``.

        Raises:
            StoreError: The store failed, the entity does not fit the machine, or a value can't be stored.
            IdempotencyError: The event id was used for another event.
            StaleVersionError: Others were faster each time.
            GuardError, ActionError: A guard or an action is async: use :meth:`async_process_event`.
        """
        event = self._event(entity_id, trigger, context, event_id)
        return run(self._process(entity_id, event, is_async=False))

    async def async_process_event(
        self, entity_id: str, trigger: str, /, context: Mapping[str, Any] | None = None, *, event_id: str | None = None
    ) -> TransitionResult[Any]:
        """:meth:`process_event`, awaiting the store, guards and actions."""
        event = self._event(entity_id, trigger, context, event_id)
        return await arun(self._process(entity_id, event, is_async=True))

    def create(self, entity_id: str, /, context: Mapping[str, Any] | None = None) -> StoredEntity[Any, Any]:
        """Create an entity in the initial state and run the actions of entering it (`S3.5`).

        Raises:
            StoreError: There is one with this id already, or the store failed.
            FSMError: The entry failed: its error.
        """
        _require_text("an entity id", entity_id)
        return run(self._create(entity_id, context or {}, is_async=False))

    async def acreate(self, entity_id: str, /, context: Mapping[str, Any] | None = None) -> StoredEntity[Any, Any]:
        """:meth:`create`, awaiting the store, guards and actions."""
        _require_text("an entity id", entity_id)
        return await arun(self._create(entity_id, context or {}, is_async=True))

    def delete(self, entity_id: str, /) -> bool:
        """Delete an entity with its audit rows, event ids and actions; whether there was one."""
        require_id(entity_id)
        return run(self.gateway.ask(self.store.delete, self._name, entity_id))

    async def adelete(self, entity_id: str, /) -> bool:
        """:meth:`delete`, awaiting the store."""
        require_id(entity_id)
        return await arun(self.gateway.ask(self.store.delete, self._name, entity_id))

    def _event(self, entity_id: str, trigger: str, context: Mapping[str, Any] | None, event_id: str | None) -> Event:
        _require_text("an entity id", entity_id)
        if event_id is not None:
            _require_text("an event id", event_id)
        payload = dict(context) if context else {}
        if payload:
            refuse_reserved_keys(payload, "payload")
        if trigger not in self._triggers:  # otherwise it is text that a store can hold
            trigger = self.machine.normalized(str(trigger))
            if trigger:
                _require_text("a trigger", trigger)
        declared = self.machine.chart.payloads.get(trigger)
        if declared is not None and declared.has_defaults:
            payload = {**declared.defaults(), **payload}
        return Event(trigger, payload, event_id=event_id)

    def _process(self, entity_id: str, event: Event, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        report = self._journal.about(entity_id, event)
        decide = partial(self._decider.event, entity_id, event, report)
        try:
            decision = yield from self._committer.committed(entity_id, event.event_id, decide, is_async=is_async)
        except BaseException as error:  # a cancellation is told, too
            report.error(error)
            raise
        assert decision is not None, "an event is always decided"
        result = decision.result
        if decision.plans:  # or a procedure would be made for nothing
            result = yield from self._actor.follow(decision, is_async=is_async)
        report.after(result, decision)
        if decision.result.armed:
            yield from self.ringer.ring_at_once(entity_id, decision, is_async=is_async)
        return result

    def _create(
        self, entity_id: str, context: Mapping[str, Any], *, is_async: bool
    ) -> Procedure[StoredEntity[Any, Any]]:
        decide = partial(self._decider.creation, entity_id, context)
        decision = yield from self._committer.committed(entity_id, None, decide, is_async=is_async)
        assert decision is not None, "a creation is always decided"
        decision.result.raise_if_failed()
        self._journal.decided(entity_id, decision.result)
        yield from self._actor.follow(decision, is_async=is_async)
        yield from self.ringer.ring_at_once(entity_id, decision, is_async=is_async)
        loaded = yield from self.gateway.load(entity_id, None, lock=False)
        if loaded.entity is None:
            raise StoreError(f"{entity_id!r} of {self._name} was deleted as soon as it was created")
        return StoredEntity(self._mapper.read(loaded.entity))

    # -- actions -----------------------------------------------------------------------------------------------

    def retry_action(self, key: str) -> bool:
        """Run a failed action again, with all of its tries; ``False`` if there is no such action.

        One that fails again is among :meth:`failed_actions` again. An async action is left to whoever can await it.
        """
        return run(self._actor.retry(self._name, key, is_async=False))

    async def aretry_action(self, key: str) -> bool:
        """:meth:`retry_action`, awaiting the store and the action."""
        return await arun(self._actor.retry(self._name, key, is_async=True))

    # -- timers ------------------------------------------------------------------------------------------------

    def run_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """Fire the timers that are due (by the store's clock, or at ``now``), and run the actions that wait.

        A ``now`` without an offset from UTC is local time.

        Any cron or loop may call it, in as many processes as there are.

        Returns:
            The results of the timers that fired here, in order.
        """
        return run(self.fire_due(None if now is None else from_datetime(now), is_async=False))

    async def arun_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """:meth:`run_due`, awaiting the store, guards and actions."""
        return await arun(self.fire_due(None if now is None else from_datetime(now), is_async=True))

    def next_due(self) -> datetime | None:
        """When the first timer of all entities is due, in UTC; ``None`` if none is armed.

        For clocks that sleep until then. It may be over: what is due and could not fire stays due.
        """
        return _datetime(run(self.ringer.next_due()))

    async def anext_due(self) -> datetime | None:
        """:meth:`next_due`, awaiting the store."""
        return _datetime(await arun(self.ringer.next_due()))

    def ring(self, entity_id: str, /) -> list[TransitionResult[Any]]:
        """Fire the timers of one entity that are due: for clocks that know whose time has come.

        Too early, too late, twice or in several processes does no harm: what is stored decides.

        Raises:
            FSMError: Why a timer could not fire; it stays due.
        """
        require_id(entity_id)
        return run(self.ringer.ring(entity_id, None, is_async=False))

    async def aring(self, entity_id: str, /) -> list[TransitionResult[Any]]:
        """:meth:`ring`, awaiting the store, guards and actions."""
        require_id(entity_id)
        return await arun(self.ringer.ring(entity_id, None, is_async=True))

    @property
    def is_async(self) -> bool:
        """Whether guards or actions are async, so that a clock has to await its timers."""
        chart = self.machine.chart
        found = [self.machine.guard_registry.find(name) for name in chart.guards]
        found += [self._registry.find(name) for name in chart.actions]
        return self._mode is ExecutionMode.PARALLEL or any(each is not None and each.is_async for each in found)

    def recover(self, force: bool = False) -> int:
        """Finish what a crash has left: actions whose claim has expired (``force``: all), and due timers.

        Returns:
            How many actions and timers that were.
        """
        return run(self._recover(force=force, is_async=False))

    async def arecover(self, force: bool = False) -> int:
        """:meth:`recover`, awaiting the store, guards and actions."""
        return await arun(self._recover(force=force, is_async=True))

    def _recover(self, *, force: bool, is_async: bool) -> Procedure[int]:
        ran = yield from self._actor.run_pending(self._name, force=force, is_async=is_async)
        fired = yield from self.ringer.fire(None, is_async=is_async)
        ran += yield from self._tidy(is_async=is_async)
        return ran + len(fired)

    def fire_due(
        self, now: Milliseconds | None, *, is_async: bool, is_over: Callable[[], bool] = never
    ) -> Procedure[list[TransitionResult[Any]]]:
        """:meth:`run_due` as a procedure: what begins it again and again can have it end between two entities."""
        fired = yield from self.ringer.fire(now, is_async=is_async, is_over=is_over)
        if not is_over():
            yield from self._tidy(is_async=is_async, is_over=is_over)
        return fired

    def _tidy(self, *, is_async: bool, is_over: Callable[[], bool] = never) -> Procedure[int]:
        """Run the actions that wait (how many), and prune what the store has kept long enough."""
        ran = yield from self._actor.run_pending(self._name, force=False, is_async=is_async, is_over=is_over)
        yield from self.gateway.ask(self.store.prune, self._name)
        return ran

    # -- beginning and end -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let the scheduler watch the clock for all timers that are stored, also those of other processes."""
        if self.scheduler is not None:
            self.scheduler.start(self)

    async def astart(self) -> None:
        """:meth:`start` in the running event loop."""
        if self.scheduler is not None:
            await self.scheduler.astart(self)

    def close(self) -> None:
        """Stop watching the clock and let go of the store's connections."""
        if self.scheduler is not None:
            self.scheduler.stop(self)
        self._actor.close()
        self.gateway.close()
        self.store.close()

    async def aclose(self) -> None:
        """:meth:`close` in the running event loop."""
        if self.scheduler is not None:
            await self.scheduler.astop(self)
        await self._actor.aclose()
        self.gateway.close()
        twin = getattr(self.store, "aclose", None)
        if twin is None:
            self.store.close()
        else:
            await twin()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r} in {self.store!r}>"


def _datetime(due: tuple[Milliseconds | None, Milliseconds]) -> datetime | None:
    return None if due[0] is None else to_datetime(due[0])


def _require_kinds(store: object, scheduler: object) -> None:
    """Tell whoever has mixed them up, or given a path or an address, what to give."""
    if not hasattr(store, "is_instant"):
        raise ConfigurationError(
            f"{_shown(store)} is no store: make one of it, such as SQLiteStateStore(path), SQLAlchemyStateStore(url) "
            "or RedisStateStore(url) of pystator_runtime.stores"
        )
    if scheduler is not None and not hasattr(scheduler, "serve"):
        raise ConfigurationError(
            f"{_shown(scheduler)} is no scheduler: give one of pystator_runtime.schedulers, such as AsyncioScheduler()"
        )


def _shown(given: object) -> str:
    """What was given, which may be a URL, as it may be shown."""
    return repr(without_password(given) if isinstance(given, str) else given)


def _require_text(what: str, given: object) -> None:
    """Refuse what no store could find again."""
    if not isinstance(given, str) or not given:
        raise StoreError(f"{what} is text that is not empty, not {given!r}")
    if not given.isascii():
        try:
            given.encode()
        except UnicodeEncodeError as error:
            raise StoreError(f"{what} is Unicode text, which {given!r} is not: {error}") from error
