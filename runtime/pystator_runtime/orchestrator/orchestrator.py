"""The orchestrator: load, decide, commit, act, for entities that a store keeps (`S8`, `S9`, `S13`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pystator_runtime.actions import ExecutionMode
from pystator_runtime.encoding import Codec
from pystator_runtime.errors import (
    ActionError,
    AutoTransitionLoopError,
    ConfigurationError,
    FSMError,
    GuardError,
    StaleVersionError,
    StoreError,
)
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.hooks import TransitionHook
from pystator_runtime.orchestrator.acting import Actor, never
from pystator_runtime.orchestrator.deciding import ContextValidator, Decider, Decision
from pystator_runtime.orchestrator.entities import Archive, AuditEntry, FailedAction, StoredEntity
from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.orchestrator.waits import Outside
from pystator_runtime.results import TransitionResult
from pystator_runtime.stores.records import Loaded
from pystator_runtime.timers import MAXIMUM_RINGS, Milliseconds
from pystator_runtime.waiting import Operation, Procedure, arun, run

if TYPE_CHECKING:
    from pystator_runtime.executor import ActionExecutor

OPTIMISTIC_TRIES = 3
"""So often a step is decided without a lock; the tries that follow a conflict then lock the entity."""

BATCH = 100
"""How many due entities are fetched at once."""

_deciding: ContextVar[frozenset[tuple[int, str]]] = ContextVar("pystator_runtime_deciding", default=frozenset())
"""The orchestrators and entities whose guards are being asked, by whoever runs here."""


class Orchestrator:
    """Serves the entities of one machine that ``store`` keeps; several processes may do so side by side.

    Each event is one commit: state, context, history, timers, audit row, event id and the actions that are to follow.
    Then the actions run, at least once each, and the timers wait for ``scheduler``, a worker or :meth:`run_due`.

    ``executor`` gives the actions' mode and functions, where they are not the machine's own. ``context_validator``
    (one, or several) may refuse a context before guards are asked. ``codecs`` say, by key, how values of application
    types are stored. An action is claimed for ``action_lease`` seconds, and again as long as it runs.
    """

    def __init__(
        self,
        machine: Any,
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
        if action_lease <= 0 or max_conflict_retries < 0:
            raise ConfigurationError("action_lease has to be more than 0 seconds, max_conflict_retries at least 0")
        machine.check_in(actions=executor is None)
        self.machine = machine
        self.store = store
        self.scheduler = scheduler
        self._name: str = machine.chart.name
        self._triggers = frozenset(machine.chart.triggers)
        self._conflicts = max_conflict_retries
        lease = max(round(action_lease * 1000), 1)
        self._mode = ExecutionMode.SEQUENTIAL if executor is None else executor.mode
        self._registry = machine.action_registry if executor is None else executor.registry
        if missing := self._registry.missing(machine.chart.actions):
            raise ConfigurationError(f"the executor of {self._name} has no function for actions {', '.join(missing)}")
        self.outside = Outside(self._name, store)
        self._archive = Archive(machine.chart, codecs)
        validators = () if context_validator is None else context_validator
        self._decider = Decider(
            machine,
            self._archive,
            create_missing=create_missing,
            audit_failures=audit_failures,
            validators=(validators,) if callable(validators) else tuple(validators),
            lease=lease,
        )
        self._journal = Journal(self._name, hooks)
        self._actor = Actor(
            self._registry,
            self.outside,
            self._archive,
            self._journal,
            mode=self._mode,
            retries=machine.chart.retry_attempts,
            lease=lease,
            stop_on_error=executor is not None and executor.stop_on_error,
        )
        self._clock: Callable[[], Milliseconds] | None = getattr(scheduler, "clock", None)
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
        _require_id(entity_id)
        return run(self._create(entity_id, context or {}, is_async=False))

    async def acreate(self, entity_id: str, /, context: Mapping[str, Any] | None = None) -> StoredEntity[Any, Any]:
        """:meth:`create`, awaiting the store, guards and actions."""
        _require_id(entity_id)
        return await arun(self._create(entity_id, context or {}, is_async=True))

    def _event(self, entity_id: str, trigger: str, context: Mapping[str, Any] | None, event_id: str | None) -> Event:
        _require_id(entity_id)
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
        if declared is not None:
            payload = {**declared.defaults(), **payload}
        return Event(trigger, payload, event_id=event_id)

    def _process(self, entity_id: str, event: Event, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        telling = self._journal.about(entity_id, event)

        def decide(loaded: Loaded, now: Milliseconds) -> Decision | Procedure[Decision]:
            return self._decider.event(loaded, now, entity_id, event, telling)

        try:
            decision = yield from self._committed(entity_id, event.event_id, decide, is_async)
        except BaseException as error:  # a cancellation is told, too
            telling.error(error)
            raise
        assert decision is not None, "an event is always decided"
        result = decision.result
        if decision.plans:
            result = yield from self._act(decision, is_async=is_async)
        telling.after(result, decision)
        if decision.result.armed:
            yield from self._ring_at_once(entity_id, decision, is_async=is_async)
        return result

    def _create(
        self, entity_id: str, context: Mapping[str, Any], *, is_async: bool
    ) -> Procedure[StoredEntity[Any, Any]]:
        def decide(loaded: Loaded, now: Milliseconds) -> Procedure[Decision]:
            return self._decider.creation(loaded, now, entity_id, context)

        decision = yield from self._committed(entity_id, None, decide, is_async)
        assert decision is not None, "a creation is always decided"
        decision.result.raise_if_failed()
        self._journal.decided(entity_id, decision.result)
        yield from self._act(decision, is_async=is_async)
        yield from self._ring_at_once(entity_id, decision, is_async=is_async)
        loaded = yield from self.outside.load(entity_id, None, lock=False)
        if loaded.entity is None:
            raise StoreError(f"{entity_id!r} of {self._name} was deleted as soon as it was created")
        return StoredEntity(self._archive.read(loaded.entity))

    def _committed(
        self,
        entity_id: str,
        event_id: str | None,
        decide: Callable[[Loaded, Milliseconds], Decision | Procedure[Decision | None]],
        is_async: bool,
    ) -> Procedure[Decision | None]:
        """Decide and commit; decide again about what others have committed meanwhile.

        ``decide`` answers with a procedure where functions of the application have to be asked.
        """
        self._refuse_guards(entity_id)
        is_instant = self.outside.is_instant
        for tries in range(self._conflicts + 1):
            loaded = self.store.load(self._name, entity_id, event_id, False) if is_instant and not tries else None
            if loaded is None:
                loaded = yield from self.outside.load(entity_id, event_id, lock=tries >= OPTIMISTIC_TRIES)
            try:
                decided = decide(loaded, loaded.now if self._clock is None else self._clock())
                decision = decided if isinstance(decided, Decision) else (yield from self._asked(entity_id, decided))
                if decision is not None and decision.plans:
                    self._refuse_async_actions(decision, is_async=is_async)
            except BaseException:
                yield from self._unlock(loaded)
                raise
            if decision is None or decision.commit is None:
                yield from self._unlock(loaded)
                if decision is not None and decision.audit is not None:
                    yield from self.outside.store("record", decision.audit)
                return decision
            if is_instant:
                is_committed = self.store.commit(decision.commit, loaded.lock)
            else:
                is_committed = yield from self.outside.store("commit", decision.commit, loaded.lock)
            if is_committed:
                due = decision.commit.entity.next_due
                told = None if loaded.entity is None else loaded.entity.next_due
                if self.scheduler is not None and due is not None and due != told:
                    yield from self._arm(entity_id, due)
                return decision
            self._journal.conflicted(entity_id, tries + 1)
            if tries + 1 < OPTIMISTIC_TRIES:
                yield from self.outside.sleep(random.uniform(0, 2))
        raise StaleVersionError(
            f"{entity_id!r} of {self._name} was changed by others {self._conflicts + 1} times in a row; "
            "nothing was written: send the event again"
        )

    def _asked(self, entity_id: str, deciding: Procedure[Decision | None]) -> Procedure[Decision | None]:
        """Decide with the application's guards and validators, which may not send events to the entity meanwhile."""
        outer = _deciding.get()
        _deciding.set(outer | {(id(self), entity_id)})
        try:
            return (yield from deciding)
        finally:
            _deciding.set(outer)

    def _refuse_guards(self, entity_id: str) -> None:
        """An event that a guard sends would be decided while its own is (`S8.8`)."""
        deciding = _deciding.get()
        if deciding and (id(self), entity_id) in deciding:
            raise GuardError(
                f"a guard sent an event to its own entity {entity_id!r}: guards only look, send from an action"
            )

    def _arm(self, entity_id: str, due: Milliseconds) -> Procedure[None]:
        """Tell the clock when the entity's next timer is due. Whether it listens or not, the timer is stored."""
        arm = self.scheduler.arm
        twin = getattr(self.scheduler, "aarm", None)
        try:
            if twin is None:
                arm(self, entity_id, due)
            else:
                yield Operation(arm, twin, (self, entity_id, due))
        except Exception as error:
            self._journal.unheard(entity_id, error)

    def _unlock(self, loaded: Loaded) -> Procedure[None]:
        if loaded.lock is not None:
            yield from self.outside.store("unlock", loaded.lock)

    # -- actions -----------------------------------------------------------------------------------------------

    def _act(self, decision: Decision, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        """Run the actions of a commit, if there are any; what became of them is in the result."""
        if not decision.plans:
            return decision.result
        execution = yield from self._actor.perform(decision.plans, decision.result, is_async=is_async)
        return decision.result.replaced(execution=execution)

    def _refuse_async_actions(self, decision: Decision, *, is_async: bool) -> None:
        """Before anything is committed: a sync caller can't run async actions (`S5.5` is the same for guards)."""
        if is_async:
            return
        if self._mode is ExecutionMode.PARALLEL:
            raise ConfigurationError("actions can run in PARALLEL on async paths only: use async_process_event()")
        for plan in decision.plans:
            if self._actor.is_async(plan):
                raise ActionError(
                    f"action {plan.spec.name!r} is async and was met on a sync path: use async_process_event() or "
                    "arun_due(); nothing of the step is kept"
                )

    def failed_actions(self) -> list[FailedAction]:
        """The actions that failed at their last try, with their errors."""
        return run(self._failed_actions())

    async def afailed_actions(self) -> list[FailedAction]:
        """:meth:`failed_actions`, awaiting the store."""
        return await arun(self._failed_actions())

    def _failed_actions(self) -> Procedure[list[FailedAction]]:
        return [FailedAction(record) for record in (yield from self.outside.store("failed", self._name))]

    def retry_action(self, key: str) -> bool:
        """Run a failed action again, with all of its tries; ``False`` if there is no such action."""
        if not self.store.retry(self._name, key):
            return False
        run(self._actor.run_pending(self._name, force=False, is_async=False))
        return True

    async def aretry_action(self, key: str) -> bool:
        """:meth:`retry_action`, awaiting the store and the action."""
        if not (await arun(self.outside.store("retry", self._name, key))):
            return False
        await arun(self._actor.run_pending(self._name, force=False, is_async=True))
        return True

    # -- timers ------------------------------------------------------------------------------------------------

    def run_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """Fire the timers that are due (by the store's clock, or at ``now``), and run the actions that wait.

        Any cron or loop may call it, in as many processes as there are.

        Returns:
            The results of the timers that fired here, in order.
        """
        return run(self.fire_due(_milliseconds(now), is_async=False))

    async def arun_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """:meth:`run_due`, awaiting the store, guards and actions."""
        return await arun(self.fire_due(_milliseconds(now), is_async=True))

    def ring(self, entity_id: str, /) -> list[TransitionResult[Any]]:
        """Fire the timers of one entity that are due: for clocks that know whose time has come.

        Too early, too late, twice or in several processes does no harm: what is stored decides.

        Raises:
            FSMError: Why a timer could not fire; it stays due.
        """
        return run(self._ring(entity_id, None, is_async=False))

    async def aring(self, entity_id: str, /) -> list[TransitionResult[Any]]:
        """:meth:`ring`, awaiting the store, guards and actions."""
        return await arun(self._ring(entity_id, None, is_async=True))

    def answer_alarm(self, entity_id: str, *, is_async: bool) -> Procedure[Milliseconds | None]:
        """:meth:`ring` as a procedure, for a clock that was told of the entity and forgets it thereby.

        Returns:
            ``None`` if it may: a timer fired, after which the clock was told of the next one, or there is none. Else
            how long it is until one is due, by the clock that decides; nothing or less if one is, and can't fire.
        """
        try:
            if (yield from self._ring(entity_id, None, is_async=is_async)):
                return None
        except FSMError as error:
            self._journal.stuck(entity_id, error)
        loaded = yield from self.outside.load(entity_id, None, lock=False)
        if loaded.entity is None or loaded.entity.next_due is None:
            return None
        return loaded.entity.next_due - (loaded.now if self._clock is None else self._clock())

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
        fired = yield from self._fire(None, is_async=is_async)
        ran += yield from self._tidy(is_async=is_async)
        return ran + len(fired)

    def fire_due(
        self, now: Milliseconds | None, *, is_async: bool, is_over: Callable[[], bool] = never
    ) -> Procedure[list[TransitionResult[Any]]]:
        """:meth:`run_due` as a procedure: what begins it again and again can have it end between two entities."""
        fired = yield from self._fire(now, is_async=is_async, is_over=is_over)
        if not is_over():
            yield from self._tidy(is_async=is_async, is_over=is_over)
        return fired

    def _tidy(self, *, is_async: bool, is_over: Callable[[], bool] = never) -> Procedure[int]:
        """Run the actions that wait (how many), and prune what the store has kept long enough."""
        ran = yield from self._actor.run_pending(self._name, force=False, is_async=is_async, is_over=is_over)
        yield from self.outside.store("prune", self._name)
        return ran

    def _fire(
        self, now: Milliseconds | None, *, is_async: bool, is_over: Callable[[], bool] = never
    ) -> Procedure[list[TransitionResult[Any]]]:
        """Fire what is due, of all entities."""
        fired: list[TransitionResult[Any]] = []
        passed_over: set[str] = set()
        if now is None and self._clock is not None:
            now = self._clock()
        while not is_over():
            due = yield from self.outside.store("due", self._name, now, BATCH + len(passed_over))
            entities = [entity_id for entity_id in due if entity_id not in passed_over]
            for entity_id in entities:
                if is_over():
                    return fired
                passed_over.add(entity_id)
                try:
                    fired.extend((yield from self._ring(entity_id, now, is_async=is_async)))
                except FSMError as error:
                    self._journal.stuck(entity_id, error)
            if not entities:
                break
        return fired

    def _ring(
        self, entity_id: str, now: Milliseconds | None, *, is_async: bool
    ) -> Procedure[list[TransitionResult[Any]]]:
        """Fire the due timers of one entity, one commit each, also those without delay that they arm."""
        fired: list[TransitionResult[Any]] = []
        for _ in range(MAXIMUM_RINGS):
            first = yield from self.ring_first(entity_id, now, None, is_async=is_async)
            if first is None:
                return fired
            fired.extend(first)
        endless = "its timers arm each other for ever; they go on at the next occasion"
        self._journal.stuck(entity_id, AutoTransitionLoopError(endless))
        return fired

    def ring_first(
        self, entity_id: str, now: Milliseconds | None, by: Milliseconds | None, *, is_async: bool
    ) -> Procedure[Sequence[TransitionResult[Any]] | None]:
        """Fire the first of an entity's timers that is due, now or ``by`` some moment, and run its actions.

        Returns:
            Its result, or none if it was one that the machine no longer has; ``None`` if no timer is due.
        """

        def decide(loaded: Loaded, at: Milliseconds) -> Procedure[Decision | None]:
            return self._decider.alarm(loaded, at if now is None else now, by, entity_id, self._journal)

        decision = yield from self._committed(entity_id, None, decide, is_async)
        if decision is None:
            return None
        result = yield from self._act(decision, is_async=is_async)
        if decision.telling is None:
            return ()
        decision.telling.after(result, decision)
        return (result,)

    def _ring_at_once(self, entity_id: str, decision: Decision, *, is_async: bool) -> Procedure[None]:
        """Fire the timers without delay that a step has armed (`S9.1`); the sender does not answer for them."""
        if decision.commit is None or all(timer.delay for timer in decision.result.armed):
            return
        try:
            yield from self._ring(entity_id, None, is_async=is_async)
        except FSMError as error:
            self._journal.stuck(entity_id, error)

    # -- asking ------------------------------------------------------------------------------------------------

    def get(self, entity_id: str, /) -> StoredEntity[Any, Any] | None:
        """An entity as it is stored, or ``None``."""
        return run(self._get(entity_id))

    async def aget(self, entity_id: str, /) -> StoredEntity[Any, Any] | None:
        """:meth:`get`, awaiting the store."""
        return await arun(self._get(entity_id))

    def _get(self, entity_id: str) -> Procedure[StoredEntity[Any, Any] | None]:
        loaded = yield from self.outside.load(entity_id, None, lock=False)
        return None if loaded.entity is None else StoredEntity(self._archive.read(loaded.entity))

    def history(self, entity_id: str, /) -> list[AuditEntry]:
        """The events of an entity that were taken, the oldest first, as far back as the store keeps them."""
        return run(self._history(entity_id))

    async def ahistory(self, entity_id: str, /) -> list[AuditEntry]:
        """:meth:`history`, awaiting the store."""
        return await arun(self._history(entity_id))

    def _history(self, entity_id: str) -> Procedure[list[AuditEntry]]:
        return [AuditEntry(record) for record in (yield from self.outside.store("audit", self._name, entity_id))]

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
        wanted = None if state is None else str(self.machine._row(state).state)
        found = yield from self.outside.store("find", self._name, wanted, after, limit)
        return [StoredEntity(self._archive.read(record)) for record in found]

    def count_by_state(self) -> dict[str, int]:
        """How many entities there are in each state."""
        counts: dict[str, int] = run(self.outside.store("count_by_state", self._name))
        return counts

    async def acount_by_state(self) -> dict[str, int]:
        """:meth:`count_by_state`, awaiting the store."""
        counts: dict[str, int] = await arun(self.outside.store("count_by_state", self._name))
        return counts

    def delete(self, entity_id: str, /) -> bool:
        """Delete an entity with its audit rows, event ids and actions; whether there was one."""
        deleted: bool = run(self.outside.store("delete", self._name, entity_id))
        return deleted

    async def adelete(self, entity_id: str, /) -> bool:
        """:meth:`delete`, awaiting the store."""
        deleted: bool = await arun(self.outside.store("delete", self._name, entity_id))
        return deleted

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
        self.outside.close()
        self.store.close()

    async def aclose(self) -> None:
        """:meth:`close` in the running event loop."""
        if self.scheduler is not None:
            await self.scheduler.astop(self)
        self._actor.close()
        self.outside.close()
        twin = getattr(self.store, "aclose", None)
        if twin is None:
            self.store.close()
        else:
            await twin()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r} in {self.store!r}>"


def _require_id(entity_id: object) -> None:
    _require_text("an entity id", entity_id)


def _require_text(what: str, given: object) -> None:
    """Refuse what no store could find again."""
    if not isinstance(given, str) or not given:
        raise StoreError(f"{what} is text that is not empty, not {given!r}")
    if not given.isascii():
        try:
            given.encode()
        except UnicodeEncodeError as error:
            raise StoreError(f"{what} is Unicode text, which {given!r} is not: {error}") from error


def _milliseconds(now: datetime | None) -> Milliseconds | None:
    return None if now is None else round(now.timestamp() * 1000)
