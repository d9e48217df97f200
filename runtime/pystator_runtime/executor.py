"""Running planned actions (`S8`): each gets its own copy of the context, and every outcome is reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pystator_runtime.actions import (
    ActionResult,
    ActionSpec,
    ActionStatus,
    ExecutionMode,
    ExecutionResult,
)
from pystator_runtime.callables import FunctionRegistry
from pystator_runtime.copying import fresh
from pystator_runtime.errors import ActionError, ConfigurationError
from pystator_runtime.events import Event
from pystator_runtime.results import NOTHING, TransitionResult
from pystator_runtime.waiting import Pending, Procedure, arun, is_awaitable, run, within

if TYPE_CHECKING:
    from pystator_runtime.machine import StateMachine


class ActionContext:
    """What the actions of one result see: the committed context, and the engine's keys (`S8.1`, `S8.4`)."""

    __slots__ = ("context", "engine")

    def __init__(self, context: Mapping[str, Any], event: Event, entity_id: str | None = None) -> None:
        self.context = {key: value for key, value in context.items() if key[:1] != "_"}
        self.engine: dict[str, Any] = {
            **{key: value for key, value in context.items() if key[:1] == "_"},
            "_event": event,
        }
        if entity_id is not None:
            self.engine["_entity_id"] = entity_id


def perform(
    specs: Iterable[ActionSpec], registry: FunctionRegistry, seen: ActionContext, *, stop_on_error: bool = False
) -> Procedure[ExecutionResult]:
    """Run actions one after the other, in planned order."""
    outcomes: list[ActionResult] = []
    failed: str | None = None
    for spec in specs:
        if failed is not None and stop_on_error:
            outcomes.append(_skipped(spec, failed))
            continue
        outcome = yield from act(spec, registry, seen)
        outcomes.append(outcome)
        if not outcome.success:
            failed = spec.name
    return ExecutionResult(tuple(outcomes))


def act(
    spec: ActionSpec, registry: FunctionRegistry, seen: ActionContext, *, leave_behind: bool = False
) -> Procedure[ActionResult]:
    """Run one action. An error is its outcome, never raised (`S8.6`).

    With ``leave_behind`` a sync function, too, gets no more than its ``timeout``: it runs in a thread.
    """
    function = registry.find(spec.name)
    if function is None:
        return _failed(spec, ConfigurationError(f"action {spec.name!r} is not bound"))
    params = spec.params
    try:
        given = {key: fresh(value) for key, value in seen.context.items()}
        context = {**given, **seen.engine, "_action_params": params}
        if leave_behind and spec.timeout is not None and not function.is_async:
            answer = yield from within(partial(function, context, params), spec.timeout)
        else:
            answer = function(context, params)
        if is_awaitable(answer):
            answer = yield Pending(answer, _refusal(spec.name), spec.timeout)
        changes, removed = _patch(seen.context, context)
    except Exception as error:
        return _failed(spec, error)
    return ActionResult(spec.name, ActionStatus.OK, result=answer, changes=changes, removed=removed)


class ActionExecutor:
    """Runs the actions of results, for callers that keep state themselves: decide, commit, then ``execute``.

    ``context`` is the committed one. It is not changed: what the actions did to their copies is in the returned
    result's ``changes`` and ``removed``.
    """

    def __init__(
        self,
        machine_or_registry: StateMachine[Any, Any, Any, Any, Any, Any, Any, Any, Any] | FunctionRegistry,
        *,
        mode: ExecutionMode = ExecutionMode.SEQUENTIAL,
        stop_on_error: bool = False,
    ) -> None:
        if isinstance(machine_or_registry, FunctionRegistry):
            self._registry = machine_or_registry
        else:
            machine_or_registry.check_bindings()
            self._registry = machine_or_registry.action_registry
        self.mode = ExecutionMode(mode)
        self.stop_on_error = stop_on_error

    @property
    def registry(self) -> FunctionRegistry:
        """The functions that it calls."""
        return self._registry

    def execute(self, result: TransitionResult[Any], context: Mapping[str, Any]) -> ExecutionResult:
        """Run the actions here and now. An async action is reported as failed: it needs :meth:`async_execute`.

        Raises:
            ConfigurationError: An action has no function, or the mode is ``PARALLEL``, which needs
                :meth:`async_execute`.
        """
        if self.mode is ExecutionMode.PARALLEL:
            raise ConfigurationError("actions can run in PARALLEL on async paths only: use async_execute()")
        return run(self._perform(result.all_action_specs, self._action_context(result, context)))

    async def async_execute(self, result: TransitionResult[Any], context: Mapping[str, Any]) -> ExecutionResult:
        """Run the actions in the executor's mode; sync and async actions may be mixed."""
        match self.mode:
            case ExecutionMode.SEQUENTIAL:
                return await arun(self._perform(result.all_action_specs, self._action_context(result, context)))
            case ExecutionMode.PARALLEL:
                return await self.async_execute_parallel(result, context)
            case ExecutionMode.PHASED:
                return await self.async_execute_phased(result, context)

    async def async_execute_parallel(
        self, result: TransitionResult[Any], context: Mapping[str, Any]
    ) -> ExecutionResult:
        """Run all actions at once (`S8.7`)."""
        return await self._together([result.all_action_specs], self._action_context(result, context))

    async def async_execute_phased(self, result: TransitionResult[Any], context: Mapping[str, Any]) -> ExecutionResult:
        """Run each phase together, the next only after the last has ended (`S8.7`)."""
        phases = [
            phase
            for step in result.steps
            for phase in (step.on_exit_actions, step.actions_to_execute, step.on_enter_actions)
        ]
        return await self._together(phases, self._action_context(result, context))

    def _perform(self, specs: Iterable[ActionSpec], seen: ActionContext) -> Procedure[ExecutionResult]:
        return perform(specs, self._registry, seen, stop_on_error=self.stop_on_error)

    async def _together(self, phases: Sequence[tuple[ActionSpec, ...]], seen: ActionContext) -> ExecutionResult:
        import asyncio

        outcomes: list[ActionResult] = []
        failed: str | None = None
        for phase in phases:
            if failed is not None and self.stop_on_error:
                outcomes.extend(_skipped(spec, failed) for spec in phase)
                continue
            ended = await asyncio.gather(*(arun(act(spec, self._registry, seen)) for spec in phase))
            outcomes.extend(ended)
            failed = next((outcome.action_name for outcome in ended if not outcome.success), failed)
        return ExecutionResult(tuple(outcomes))

    def _action_context(self, result: TransitionResult[Any], context: Mapping[str, Any]) -> ActionContext:
        """What the actions of ``result`` see; before the first one runs, all of them must be bound (`S5.4`)."""
        missing = self._registry.missing(dict.fromkeys(result.all_actions))
        if missing:
            raise ConfigurationError(f"no function is bound for actions {', '.join(missing)}; none was run")
        event = context.get("_event")
        return ActionContext(context, event if isinstance(event, Event) else Event(result.trigger))


def _patch(before: Mapping[str, Any], after: Mapping[Any, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The top-level keys in which a used copy of the context differs from the context."""
    for key in after:
        if not isinstance(key, str):
            raise TypeError(f"it set the key {key!r} in its context, whose keys are text")
    changes = {
        key: value
        for key, value in after.items()
        if key[:1] != "_" and (key not in before or not _same(before[key], value))
    }
    return changes or NOTHING, tuple(key for key in before if key not in after)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal and look alike, all the way down: ``True`` is not ``1``, nor is ``5`` ``5.00``."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    try:
        return bool(one == other) and repr(one) == repr(other)
    except Exception:  # values that can't be compared count as different
        return False


def _failed(spec: ActionSpec, error: Exception) -> ActionResult:
    return ActionResult(spec.name, ActionStatus.FAILED, error=error)


def _skipped(spec: ActionSpec, after: str) -> ActionResult:
    return ActionResult(spec.name, ActionStatus.SKIPPED, reason=f"{after} failed before it")


def _refusal(name: str) -> ActionError:
    return ActionError(
        f"action {name!r} is async and was met on a sync path: "
        "use async_execute(), asend(), ahandle() or async_process_event()"
    )
