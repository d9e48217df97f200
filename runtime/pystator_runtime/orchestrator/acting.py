"""Running the actions of stored entities (`S8`): at least once, with retries, each one's outcome kept by the store."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from pystator_runtime.actions import ActionResult, ActionSpec, ActionStatus, ExecutionMode, ExecutionResult
from pystator_runtime.callables import FunctionRegistry
from pystator_runtime.errors import StoreError
from pystator_runtime.executor import Occasion, act
from pystator_runtime.guards import warn
from pystator_runtime.orchestrator.deciding import Plan
from pystator_runtime.orchestrator.entities import Archive
from pystator_runtime.orchestrator.waits import Outside
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Procedure

MAXIMUM_PAUSE: Milliseconds = 1_000
"""For how long a caller is kept waiting before the next try of its action; a longer pause is spent in the store."""


class Actor:
    """Runs actions that were claimed, and tells the store what became of them."""

    def __init__(
        self,
        registry: FunctionRegistry,
        outside: Outside,
        archive: Archive,
        *,
        retries: int,
        lease: Milliseconds,
        stop_on_error: bool,
    ) -> None:
        self._registry = registry
        self._outside = outside
        self._archive = archive
        self._retries = retries
        self._stop_on_error = stop_on_error
        self._claims = Claims(outside, lease)

    def close(self) -> None:
        """Renew no claims any more."""
        self._claims.close()

    def perform(self, plans: Iterable[Plan]) -> Procedure[ExecutionResult]:
        """Run actions one after the other."""
        outcomes: list[ActionResult] = []
        failed: str | None = None
        for plan in plans:
            if failed is not None and self._stop_on_error:
                outcomes.append((yield from self._skip(plan, failed)))
                continue
            outcome = yield from self.perform_one(plan)
            outcomes.append(outcome)
            if not outcome.success:
                failed = plan.spec.name
        return ExecutionResult(tuple(outcomes))

    def perform_one(self, plan: Plan) -> Procedure[ActionResult]:
        """Run one action, again if it fails and may be tried again; a pause that is long is left to the store."""
        attempts = plan.record.attempts
        retries = self._retries if plan.spec.retry is None else plan.spec.retry
        while True:
            with self._claims.held(plan.record.key):
                outcome = yield from self._attempt(plan)
            if outcome.success:
                outcome = yield from self._finish(plan, outcome)
            if outcome.success:
                return outcome
            attempts += 1
            if attempts > retries:
                yield from self._outside.store("give_up", plan.record.key, attempts, _described(outcome.error))
                warn(
                    f"action {plan.spec.name!r} of {plan.record.entity_id!r} failed for good: {outcome.error}",
                    outcome.error,
                )
                return outcome
            pause = _pause(plan.spec, attempts)
            if pause > MAXIMUM_PAUSE:
                yield from self._outside.store("postpone", plan.record.key, attempts, pause)
                reason = f"tried again in {pause / 1000:g} s"
                return ActionResult(plan.spec.name, ActionStatus.FAILED, error=outcome.error, reason=reason)
            if pause:
                yield from self._outside.sleep(pause)

    def _attempt(self, plan: Plan) -> Procedure[ActionResult]:
        context = {**plan.context, "_action_key": plan.record.key}
        occasion = Occasion(context, plan.event, plan.record.entity_id)
        return (yield from act(plan.spec, self._registry, occasion))

    def _skip(self, plan: Plan, failed: str) -> Procedure[ActionResult]:
        """Give up what is not tried because one before it failed: it can be run by hand."""
        reason = f"{failed} failed before it"
        yield from self._outside.store("give_up", plan.record.key, plan.record.attempts, f"skipped: {reason}")
        return ActionResult(plan.spec.name, ActionStatus.SKIPPED, reason=reason)

    def _finish(self, plan: Plan, outcome: ActionResult) -> Procedure[ActionResult]:
        """Mark an action as done; what it changed in its copy of the context is merged into the current one."""
        key, tries = plan.record.key, 0
        while outcome.changes or outcome.removed:
            loaded = yield from self._outside.load(plan.record.entity_id, None, lock=False)
            if loaded.entity is None:
                break  # deleted meanwhile: there is nothing to change
            try:
                context = self._archive.patched(loaded.entity.context, outcome.changes, outcome.removed)
            except StoreError as error:
                return ActionResult(plan.spec.name, ActionStatus.FAILED, error=error)
            version = loaded.entity.version + 1
            patched = loaded.entity._replace(context=context, version=version, updated_at=loaded.now)
            if (yield from self._outside.store("finish", key, patched)):
                return outcome
            tries += 1
            yield from self._outside.sleep(random.uniform(0, min(2**tries, 50)))
        yield from self._outside.store("finish", key, None)
        return outcome


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


def _pause(spec: ActionSpec, attempts: int) -> Milliseconds:
    """How long to wait after so many failed tries: twice as long each time."""
    pause: Milliseconds = round((spec.retry_backoff or 0) * 1000) << min(attempts - 1, 16)
    return pause


def _described(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"[:2000] or "failed"


class Claims:
    """The claims of the actions that run at this moment, renewed long before they expire."""

    def __init__(self, outside: Outside, lease: Milliseconds) -> None:
        self._outside = outside
        self._lease = lease
        self._keys: dict[str, int] = {}
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def held(self, key: str) -> _Held:
        """Keep a claim as long as the block runs."""
        return _Held(self, key)

    def add(self, key: str) -> None:
        """Renew a claim from now on. The thread that does it is started when there is the first one."""
        with self._mutex:
            self._keys[key] = self._keys.get(key, 0) + 1
            if self._thread is None or not self._thread.is_alive():
                self._wake.clear()
                self._thread = threading.Thread(target=self._renew, name="pystator-claims", daemon=True)
                self._thread.start()

    def drop(self, key: str) -> None:
        """Renew a claim no more."""
        with self._mutex:
            self._keys[key] -= 1
            if not self._keys[key]:
                del self._keys[key]

    def close(self) -> None:
        """End the thread."""
        self._wake.set()

    def _renew(self) -> None:
        while not self._wake.wait(self._lease / 3000):
            with self._mutex:
                keys = list(self._keys)
            if not keys:
                continue
            try:
                self._outside.renew(keys, self._lease)
            except Exception as error:
                warn(f"the claims of {len(keys)} running actions could not be renewed: {error}", error)


class _Held:
    __slots__ = ("_claims", "_key")

    def __init__(self, claims: Claims, key: str) -> None:
        self._claims = claims
        self._key = key

    def __enter__(self) -> None:
        self._claims.add(self._key)

    def __exit__(self, *raised: object) -> None:
        self._claims.drop(self._key)
