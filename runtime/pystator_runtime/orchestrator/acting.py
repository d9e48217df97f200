"""Running the actions of stored entities (`S8`): at least once, with retries, each one's outcome kept by the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from pystator_runtime.actions import ActionResult, ActionSpec, ActionStatus, ExecutionMode, ExecutionResult
from pystator_runtime.callables import FunctionRegistry
from pystator_runtime.errors import ActionError, ConfigurationError, StoreError
from pystator_runtime.executor import ActionContext, act
from pystator_runtime.orchestrator.claims import Claims
from pystator_runtime.orchestrator.draft import Decision, Plan, plan_of
from pystator_runtime.orchestrator.entities import EntityMapper
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.orchestrator.journal import Journal
from pystator_runtime.records import ActionRecord
from pystator_runtime.results import TransitionResult
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Pending, Procedure, arun

MAXIMUM_PAUSE: Milliseconds = 1_000
"""For how long a caller is kept waiting before the next try of its action; a longer pause is spent in the store."""

BATCH = 100
"""How many pending actions are fetched at once."""


def never() -> bool:
    """It goes on to its end."""
    return False


Stop = tuple[str, Milliseconds | None]
"""The action that has failed, and after how long it is tried again, if it is."""


class Stops:
    """Which commits have an action that failed, where an executor has that stop the ones after it (`S8.6`)."""

    def __init__(self, *, is_obeyed: bool) -> None:
        self._is_obeyed = is_obeyed
        self._by_commit: dict[str, Stop] = {}

    def before(self, plan: Plan) -> Stop | None:
        """What stops an action, if anything does."""
        return self._by_commit.get(_commit(plan)) if self._is_obeyed else None

    def note(self, plan: Plan, pause: Milliseconds | None) -> None:
        """An action has failed."""
        self._by_commit[_commit(plan)] = plan.spec.name, pause


class Actor:
    """Runs actions that were claimed, and tells the store what became of them."""

    def __init__(
        self,
        registry: FunctionRegistry,
        gateway: StoreGateway,
        mapper: EntityMapper,
        journal: Journal,
        *,
        mode: ExecutionMode,
        retries: int,
        lease: Milliseconds,
        stop_on_error: bool,
    ) -> None:
        self._registry = registry
        self._gateway = gateway
        self._store = gateway.store
        self._mapper = mapper
        self._journal = journal
        self._mode = mode
        self._retries = retries
        self._lease = lease
        self._stop_on_error = stop_on_error
        self._claims = Claims(gateway, lease)

    def close(self) -> None:
        """Renew no claims any more."""
        self._claims.close()

    async def aclose(self) -> None:
        """:meth:`close`, without making the event loop wait."""
        if self._claims.is_renewing:
            await asyncio.get_running_loop().run_in_executor(None, self._claims.close)

    # -- after a commit ----------------------------------------------------------------------------------------

    def follow(self, decision: Decision, *, is_async: bool) -> Procedure[TransitionResult[Any]]:
        """Run the actions of a decision, if there are any; what became of them is in the result."""
        if not decision.plans:
            return decision.result
        execution = yield from self.perform(decision.plans, decision.result, is_async=is_async)
        return decision.result.replaced(execution=execution)

    def refuse_async(self, plans: Sequence[Plan], *, is_async: bool) -> None:
        """Before anything is committed: a sync caller can't run async actions (`S5.5` is the same for guards)."""
        if is_async:
            return
        if self._mode is ExecutionMode.PARALLEL:
            raise ConfigurationError("actions can run in PARALLEL on async paths only: use async_process_event()")
        for plan in plans:
            if self.is_async(plan):
                raise ActionError(
                    f"action {plan.spec.name!r} is async and was met on a sync path: use async_process_event() or "
                    "arun_due(); nothing of the step is kept"
                )

    def perform(self, plans: Sequence[Plan], result: Any, *, is_async: bool) -> Procedure[ExecutionResult]:
        """Run the actions of one commit; those that wait for others are claimed as well, so that order holds."""
        with self._claims.held(plan.record.key for plan in plans) as held:
            if self._mode is ExecutionMode.SEQUENTIAL or not is_async:
                found = [[plan] for plan in plans]
            else:
                found = phases(plans, result, self._mode)
            outcomes: list[ActionResult] = []
            stops = Stops(is_obeyed=self._stop_on_error)
            for phase in found:
                for plan in phase:
                    held.let_go(plan.record.key)
                outcomes.extend((yield from self._together(phase, stops)))
            return ExecutionResult(tuple(outcomes))

    def _together(self, phase: Sequence[Plan], stops: Stops) -> Procedure[Sequence[ActionResult]]:
        """Run the actions of one phase (`S8.7`), unless an earlier one has failed and that is to stop them."""
        stop = stops.before(phase[0])  # they are of one commit, and none of them stops another
        if len(phase) == 1:
            return [(yield from self._run(phase[0], stops, stop))]

        async def all_of_them() -> list[ActionResult]:
            return await asyncio.gather(*(arun(self._run(plan, stops, stop)) for plan in phase))

        outcomes: list[ActionResult] = yield Pending(
            all_of_them(), ActionError("actions can run together on async paths only")
        )
        return outcomes

    def _run(self, plan: Plan, stops: Stops, stop: Stop | None) -> Procedure[ActionResult]:
        """Run one action, unless one before it has failed and that is to stop it."""
        if stop is not None:
            return (yield from self._hold_back(plan, stop))
        outcome, pause = yield from self._perform_one(plan)
        if outcome.status is ActionStatus.FAILED:
            stops.note(plan, pause)
        return outcome

    def _hold_back(self, plan: Plan, stop: Stop) -> Procedure[ActionResult]:
        """Keep an action that one before it has stopped: until that is tried again, or for good, to be run by hand."""
        failed, pause = stop
        reason = f"{failed} failed before it"
        try:
            if pause is not None:
                yield from self._gateway.ask(self._store.postpone, plan.record.key, plan.record.attempts, pause)
                return ActionResult(plan.spec.name, ActionStatus.SKIPPED, reason=f"{reason} and is tried again")
            yield from self._gateway.ask(
                self._store.give_up, plan.record.key, plan.record.attempts, f"skipped: {reason}"
            )
        except StoreError as error:
            self._journal.not_noted(plan.record, plan.spec.name, error)
        return ActionResult(plan.spec.name, ActionStatus.SKIPPED, reason=reason)

    # -- one action --------------------------------------------------------------------------------------------

    def _perform_one(self, plan: Plan) -> Procedure[tuple[ActionResult, Milliseconds | None]]:
        """Run one action and note what became of it.

        Returns:
            That, and after how long it is tried again, if it is.

        Where the store can't note it, the action stays pending and runs again: its transition stands all the same, so
        that is no error of whoever has sent the event.
        """
        try:
            with self._claims.held((plan.record.key,)):
                outcome, attempts, pause = yield from self._try(plan)
            if outcome.success:
                self._journal.ran(plan.record, plan.spec.name, attempts)
                return outcome, None
            return (yield from self._put_off(plan, outcome, attempts, pause)), pause
        except StoreError as error:
            self._journal.not_noted(plan.record, plan.spec.name, error)
            reason = "the store could not note what became of it, so it stays pending"
            return ActionResult(plan.spec.name, ActionStatus.FAILED, error=error, reason=reason), 0

    def _try(self, plan: Plan) -> Procedure[tuple[ActionResult, int, Milliseconds | None]]:
        """Run an action until it succeeds, its tries are used up, or the next one has to wait for long.

        Returns:
            The last outcome, how many tries there were, and after how long there is another, if there is.
        """
        attempts = plan.record.attempts
        retries = self._retries if plan.spec.retry is None else plan.spec.retry
        while True:
            attempts += 1
            outcome = yield from self._attempt(plan)
            if outcome.success:
                outcome = yield from self._finish(plan, outcome)
            if outcome.success or attempts > retries:
                return outcome, attempts, None
            pause = _pause(plan.spec, attempts)
            self._journal.failed(plan.record, plan.spec.name, attempts, outcome.error, pause)
            if pause > MAXIMUM_PAUSE:
                return outcome, attempts, pause
            if pause:
                yield from self._gateway.sleep(pause)

    def _attempt(self, plan: Plan) -> Procedure[ActionResult]:
        context = {**plan.context, "_action_key": plan.record.key}
        seen = ActionContext(context, plan.event, plan.record.entity_id)
        return (yield from act(plan.spec, self._registry, seen, leave_behind=True))

    def _put_off(
        self, plan: Plan, outcome: ActionResult, attempts: int, pause: Milliseconds | None
    ) -> Procedure[ActionResult]:
        """Leave an action that failed to the store: until its next try, or for good."""
        name, error = plan.spec.name, outcome.error
        if pause is None:
            self._journal.failed(plan.record, name, attempts, error, None)
            yield from self._gateway.ask(self._store.give_up, plan.record.key, attempts, _described(error))
            return outcome
        yield from self._gateway.ask(self._store.postpone, plan.record.key, attempts, pause)
        reason = f"tried again in {pause / 1000:g} s"
        return ActionResult(name, ActionStatus.FAILED, error=error, reason=reason)

    def _finish(self, plan: Plan, outcome: ActionResult) -> Procedure[ActionResult]:
        """Mark an action as done; what it changed in its copy of the context is merged into the current one.

        That is tried until it is in: each conflict is a commit of somebody else, and giving up would have an action
        that is done run again.
        """
        key, tries = plan.record.key, 0
        while outcome.changes or outcome.removed:
            loaded = yield from self._gateway.load(plan.record.entity_id, None, lock=False)
            if loaded.entity is None:
                break  # deleted meanwhile: there is nothing to change
            try:
                context = self._mapper.patched(loaded.entity.context, outcome.changes, outcome.removed)
            except StoreError as error:
                return ActionResult(plan.spec.name, ActionStatus.FAILED, error=error)
            version = loaded.entity.version + 1
            patched = loaded.entity._replace(context=context, version=version, updated_at=loaded.now)
            if (yield from self._gateway.ask(self._store.finish, key, patched)):
                return outcome
            tries += 1
            yield from self._gateway.sleep(random.uniform(0, min(2**tries, 50)))
        yield from self._gateway.ask(self._store.finish, key, None)
        return outcome

    # -- what waits --------------------------------------------------------------------------------------------

    def run_pending(
        self, machine: str, *, force: bool, is_async: bool, is_over: Callable[[], bool] = never
    ) -> Procedure[int]:
        """Run the actions that nobody has claimed (``force``: all that wait), until it is over; how many."""
        left: dict[str, ActionRecord] = {}  # for an async caller, or because they have had their turn here
        seen: set[str] = set()
        ran = 0
        with self._claims.held(()) as kept:  # what is left stays claimed, or giving it back could take it from another
            while not is_over():
                limit = BATCH + len(left)
                claimed = yield from self._gateway.ask(self._store.claim, machine, self._lease, limit, force)
                left.update((record.key, record) for record in claimed if record.key in seen)
                fresh = [record for record in claimed if record.key not in seen]
                if not fresh:
                    break
                seen.update(record.key for record in fresh)
                plans: list[Plan] = []
                for record in fresh:
                    plan = yield from self._plan(record)
                    if plan is not None and (is_async or not self.is_async(plan)):
                        plans.append(plan)
                    elif plan is not None:
                        left[record.key] = record
                kept.keep(key for key in left if key not in kept)
                begun = yield from self._perform_each(plans, is_over)
                left.update((plan.record.key, plan.record) for plan in plans[begun:])
                ran += begun
            for record in left.values():
                yield from self._gateway.ask(self._store.postpone, record.key, record.attempts, 0)
        return ran

    def retry(self, machine: str, key: str, *, is_async: bool) -> Procedure[bool]:
        """Run one action that had failed for good; whether there is such a one."""
        record: ActionRecord | None = yield from self._gateway.ask(self._store.retry, machine, key, self._lease)
        if record is None:
            return False
        plan = yield from self._plan(record)
        if plan is not None and (is_async or not self.is_async(plan)):
            yield from self._perform_one(plan)
        elif plan is not None:
            yield from self._gateway.ask(self._store.postpone, key, 0, 0)
        return True

    def _perform_each(self, plans: Sequence[Plan], is_over: Callable[[], bool]) -> Procedure[int]:
        """Run actions of several commits, until it is over; how many. One that fails stops none of another commit."""
        stops = Stops(is_obeyed=self._stop_on_error)
        with self._claims.held(plan.record.key for plan in plans) as held:
            for begun, plan in enumerate(plans):
                if is_over():
                    return begun
                held.let_go(plan.record.key)
                yield from self._run(plan, stops, stops.before(plan))
            return len(plans)

    def is_async(self, plan: Plan) -> bool:
        """Whether an action can be run by async callers only."""
        action = self._registry.find(plan.spec.name)
        return action is not None and action.is_async

    def _plan(self, record: ActionRecord) -> Procedure[Plan | None]:
        """A pending action as it was planned. One that can't be read is given up: it must not keep the others back."""
        try:
            return plan_of(record, self._mapper)
        except StoreError as error:
            self._journal.failed(record, record.key, record.attempts, error, None)
            yield from self._gateway.ask(self._store.give_up, record.key, record.attempts, _described(error))
            return None


def phases(plans: Sequence[Plan], result: Any, mode: ExecutionMode) -> list[list[Plan]]:
    """The actions that run together, phase by phase (`S8.7`)."""
    if mode is ExecutionMode.PARALLEL:
        return [list(plans)]
    started = len(plans) - len(result.all_action_specs)
    found = [[plan] for plan in plans[:started]]  # those of coming into being are before the event
    rest = iter(plans[started:])
    for step in result.steps:
        for specs in (step.on_exit_actions, step.actions_to_execute, step.on_enter_actions):
            found.append([next(rest) for _ in specs])
    return [phase for phase in found if phase]


def _commit(plan: Plan) -> str:
    """What the keys of the actions of one commit begin with."""
    return plan.record.key.rpartition("/")[0]


def _pause(spec: ActionSpec, attempts: int) -> Milliseconds:
    """How long to wait after so many failed tries: twice as long each time."""
    pause: Milliseconds = round((spec.retry_backoff or 0) * 1000) << min(attempts - 1, 16)
    return pause


def _described(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
