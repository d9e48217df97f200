"""The orchestrator: load, decide, commit, act, for entities that a store keeps (`S8`, `S9`, `S13`)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pystator_runtime.actions import ExecutionMode, ExecutionResult
from pystator_runtime.encoding import Codec
from pystator_runtime.errors import ActionError, ConfigurationError, FSMError, StaleVersionError, StoreError
from pystator_runtime.events import Event, refuse_reserved_keys
from pystator_runtime.guards import warn
from pystator_runtime.hooks import TransitionHook
from pystator_runtime.orchestrator.acting import Actor, phases
from pystator_runtime.orchestrator.deciding import ContextValidator, Decider, Decision, Plan, plan_of
from pystator_runtime.orchestrator.entities import Archive, AuditEntry, FailedAction, StoredEntity
from pystator_runtime.orchestrator.waits import Outside
from pystator_runtime.results import TransitionResult
from pystator_runtime.stores.records import Loaded
from pystator_runtime.timers import MAXIMUM_RINGS, Milliseconds
from pystator_runtime.waiting import Procedure, arun, run

if TYPE_CHECKING:
    from pystator_runtime.executor import ActionExecutor

OPTIMISTIC_TRIES = 3
"""So often a step is decided without a lock; the tries that follow a conflict then lock the entity."""

BATCH = 100
"""How many due entities, or pending actions, are fetched at once."""


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
        machine.check_in(actions=executor is None)
        self.machine = machine
        self.store = store
        self.scheduler = scheduler
        self._name: str = machine.chart.name
        self._hooks = tuple(hooks)
        self._conflicts = max_conflict_retries
        self._lease = round(action_lease * 1000)
        self._mode = ExecutionMode.SEQUENTIAL if executor is None else executor.mode
        self._registry = machine.action_registry if executor is None else executor.registry
        self.outside = Outside(self._name, store)
        self._archive = Archive(machine.chart, codecs)
        validators = () if context_validator is None else context_validator
        self._decider = Decider(
            machine,
            self._archive,
            create_missing=create_missing,
            audit_failures=audit_failures,
            validators=(validators,) if callable(validators) else tuple(validators),
            lease=self._lease,
        )
        self._actor = Actor(
            self._registry,
            self.outside,
            self._archive,
            retries=machine.chart.retry_attempts,
            lease=self._lease,
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
        if event_id is not None and not event_id:
            raise StoreError("an event id can't be empty; leave it out if there is none")
        payload = dict(context) if context else {}
        if payload:
            refuse_reserved_keys(payload, "payload")
        trigger = self.machine.normalized(str(trigger))
        declared = self.machine.chart.payloads.get(trigger)
        if declared is not None:
            payload = {**declared.defaults(), **payload}
        return Event(trigger, payload, event_id=event_id)

    def _process(self, entity_id: str, event: Event, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        try:
            decision = yield from self._committed(
                entity_id,
                event.event_id,
                lambda at: self._decider.event(at, entity_id, event, self._teller(entity_id)),
                is_async,
            )
        except Exception as error:
            self._tell("error", entity_id, "", event.trigger, error)
            raise
        assert decision is not None, "an event is always decided"
        result = yield from self._act(decision, is_async=is_async)
        if self._hooks:
            self._tell("after", entity_id, result, decision.context)
        if decision.result.armed:
            yield from self._ring_at_once(entity_id, decision, is_async=is_async)
        return result

    def _create(
        self, entity_id: str, context: Mapping[str, Any], *, is_async: bool
    ) -> Procedure[StoredEntity[Any, Any]]:
        decision = yield from self._committed(
            entity_id, None, lambda at: self._decider.creation(at, entity_id, context), is_async
        )
        assert decision is not None, "a creation is always decided"
        decision.result.raise_if_failed()
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
        decide: Callable[[Loaded], Procedure[Decision | None]],
        is_async: bool,
    ) -> Procedure[Decision | None]:
        """Decide and commit; decide again about what others have committed meanwhile."""
        for tries in range(self._conflicts + 1):
            loaded = yield from self.outside.load(entity_id, event_id, lock=tries >= OPTIMISTIC_TRIES)
            try:
                decision = yield from decide(self._on_time(loaded))
                if decision is not None:
                    self._refuse_async_actions(decision, is_async=is_async)
            except BaseException:
                yield from self._unlock(loaded)
                raise
            if decision is None or decision.commit is None:
                yield from self._unlock(loaded)
                if decision is not None and decision.audit is not None:
                    yield from self.outside.store("record", decision.audit)
                return decision
            if (yield from self.outside.store("commit", decision.commit, loaded.lock)):
                due = decision.commit.entity.next_due
                if due is not None and self.scheduler is not None:
                    self.scheduler.arm(self, entity_id, due)
                return decision
            if tries + 1 < OPTIMISTIC_TRIES:
                yield from self.outside.sleep(random.uniform(0, 2))
        raise StaleVersionError(
            f"{entity_id!r} of {self._name} was changed by others {self._conflicts + 1} times in a row; "
            "nothing was written: send the event again"
        )

    def _unlock(self, loaded: Loaded) -> Procedure[None]:
        if loaded.lock is not None:
            yield from self.outside.store("unlock", loaded.lock)

    def _on_time(self, loaded: Loaded) -> Loaded:
        """What was loaded, by the scheduler's clock where that has one of its own."""
        return loaded if self._clock is None else loaded._replace(now=self._clock())

    # -- actions -----------------------------------------------------------------------------------------------

    def _act(self, decision: Decision, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        """Run the actions of a commit; what became of them is in the result."""
        if not decision.plans:
            return decision.result
        if self._mode is ExecutionMode.SEQUENTIAL or not is_async:
            execution = yield from self._actor.perform(decision.plans)
        else:
            execution = yield from self._together(phases(decision.plans, decision.result, self._mode))
        return decision.result.replaced(execution=execution)

    def _together(self, found: Sequence[Sequence[Plan]]) -> Procedure[ExecutionResult]:
        """Run each phase together (`S8.7`)."""
        from pystator_runtime.waiting import Pending

        async def all_of(phase: Sequence[Plan]) -> list[Any]:
            return await asyncio.gather(*(arun(self._actor.perform_one(plan)) for plan in phase))

        outcomes: list[Any] = []
        for phase in found:
            outcomes.extend((yield Pending(all_of(phase), ActionError("actions can run together on async paths only"))))
        return ExecutionResult(tuple(outcomes))

    def _refuse_async_actions(self, decision: Decision, *, is_async: bool) -> None:
        """Before anything is committed: a sync caller can't run async actions (`S5.5` is the same for guards)."""
        if is_async or not decision.plans:
            return
        if self._mode is ExecutionMode.PARALLEL:
            raise ConfigurationError("actions can run in PARALLEL on async paths only: use async_process_event()")
        for plan in decision.plans:
            if self._is_async(plan):
                raise ActionError(
                    f"action {plan.spec.name!r} is async and was met on a sync path: use async_process_event() or "
                    "arun_due(); nothing of the step is kept"
                )

    def _run_pending(self, *, force: bool, is_async: bool) -> Procedure[int]:
        """Run the actions that nobody has claimed; how many."""
        seen: set[str] = set()
        ran = 0
        while True:
            claimed = yield from self.outside.store("claim", self._name, self._lease, BATCH, force)
            plans = [plan_of(record, self._archive) for record in claimed]
            runnable = [
                plan for plan in plans if plan.record.key not in seen and (is_async or not self._is_async(plan))
            ]
            for plan in plans:
                seen.add(plan.record.key)
                if plan not in runnable:  # tried already, or it waits for an async caller
                    yield from self.outside.store("postpone", plan.record.key, plan.record.attempts, 0)
            for plan in runnable:
                yield from self._actor.perform_one(plan)
            ran += len(runnable)
            if not runnable:
                return ran

    def _is_async(self, plan: Plan) -> bool:
        action = self._registry.find(plan.spec.name)
        return action is not None and action.is_async

    def failed_actions(self) -> list[FailedAction]:
        """The actions that failed at their last try, with their errors."""
        return [FailedAction(record) for record in self.store.failed(self._name)]

    def retry_action(self, key: str) -> bool:
        """Run a failed action again, with all of its tries; ``False`` if there is no such action."""
        if not self.store.retry(self._name, key):
            return False
        run(self._run_pending(force=False, is_async=False))
        return True

    async def aretry_action(self, key: str) -> bool:
        """:meth:`retry_action`, awaiting the store and the action."""
        if not (await arun(self.outside.store("retry", self._name, key))):
            return False
        await arun(self._run_pending(force=False, is_async=True))
        return True

    # -- timers ------------------------------------------------------------------------------------------------

    def run_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """Fire the timers that are due (by the store's clock, or at ``now``), and run the actions that wait.

        Any cron or loop may call it, in as many processes as there are.

        Returns:
            The results of the timers that fired here, in order.
        """
        return run(self._run_due(_milliseconds(now), is_async=False))

    async def arun_due(self, now: datetime | None = None) -> list[TransitionResult[Any]]:
        """:meth:`run_due`, awaiting the store, guards and actions."""
        return await arun(self._run_due(_milliseconds(now), is_async=True))

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
        ran = yield from self._run_pending(force=force, is_async=is_async)
        fired = yield from self._run_due(None, is_async=is_async)
        return ran + len(fired)

    def _run_due(self, now: Milliseconds | None, *, is_async: bool) -> Procedure[list[TransitionResult[Any]]]:
        fired: list[TransitionResult[Any]] = []
        passed_over: set[str] = set()
        if now is None and self._clock is not None:
            now = self._clock()
        while True:
            due = yield from self.outside.store("due", self._name, now, BATCH + len(passed_over))
            entities = [entity_id for entity_id in due if entity_id not in passed_over]
            for entity_id in entities:
                passed_over.add(entity_id)
                try:
                    fired.extend((yield from self._ring(entity_id, now, is_async=is_async)))
                except FSMError as error:
                    warn(f"a timer of {entity_id!r} of {self._name} could not fire: {error}", error)
            if not entities:
                break
        yield from self._run_pending(force=False, is_async=is_async)
        yield from self.outside.store("prune", self._name)
        return fired

    def _ring(
        self, entity_id: str, now: Milliseconds | None, *, is_async: bool
    ) -> Procedure[list[TransitionResult[Any]]]:
        """Fire the due timers of one entity, one commit each, also those without delay that they arm."""
        fired: list[TransitionResult[Any]] = []
        for _ in range(MAXIMUM_RINGS):
            decision = yield from self._committed(
                entity_id, None, lambda at: self._decider.alarm(at, entity_id, at.now if now is None else now), is_async
            )
            if decision is None:
                return fired
            result = yield from self._act(decision, is_async=is_async)
            if result.steps or result.error is not None:
                fired.append(result)
            self._tell("after", entity_id, result, decision.context)
        warn(f"the timers of {entity_id!r} of {self._name} arm each other for ever; they go on at the next occasion")
        return fired

    def _ring_at_once(self, entity_id: str, decision: Decision, *, is_async: bool) -> Procedure[None]:
        """Fire the timers without delay that a step has armed (`S9.1`); the sender does not answer for them."""
        if decision.commit is None or all(timer.delay for timer in decision.result.armed):
            return
        try:
            yield from self._ring(entity_id, None, is_async=is_async)
        except FSMError as error:
            warn(f"a timer of {entity_id!r} of {self._name} could not fire: {error}", error)

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
        return [AuditEntry(record) for record in self.store.audit(self._name, entity_id)]

    def find(self, state: object = None, after: str | None = None, limit: int = 100) -> list[StoredEntity[Any, Any]]:
        """Entities by their ids, those after ``after``; with ``state``, those in that leaf or configuration."""
        wanted = None if state is None else str(self.machine._row(state).state)
        return [StoredEntity(self._archive.read(r)) for r in self.store.find(self._name, wanted, after, limit)]

    def count_by_state(self) -> dict[str, int]:
        """How many entities there are in each state."""
        counts: dict[str, int] = self.store.count_by_state(self._name)
        return counts

    def delete(self, entity_id: str, /) -> bool:
        """Delete an entity with its audit rows, event ids and actions; whether there was one."""
        deleted: bool = self.store.delete(self._name, entity_id)
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
        self.store.close()

    async def aclose(self) -> None:
        """:meth:`close` in the running event loop."""
        if self.scheduler is not None:
            await self.scheduler.astop(self)
        self._actor.close()
        twin = getattr(self.store, "aclose", None)
        if twin is None:
            self.store.close()
        else:
            await twin()

    def _teller(self, entity_id: str) -> Callable[..., None] | None:
        def tell(occasion: str, *what: object) -> None:
            self._tell(occasion, entity_id, *what)

        return tell if self._hooks else None

    def _tell(self, occasion: str, *what: object) -> None:
        for hook in self._hooks:
            try:
                getattr(hook, occasion)(*what)
            except Exception as error:
                warn(f"hook {hook!r} raised: {error}", error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r} in {self.store!r}>"


def _require_id(entity_id: object) -> None:
    if not isinstance(entity_id, str) or not entity_id:
        raise StoreError(f"an entity id is text that is not empty, not {entity_id!r}")


def _milliseconds(now: datetime | None) -> Milliseconds | None:
    return None if now is None else round(now.timestamp() * 1000)
