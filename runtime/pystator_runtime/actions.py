"""Planned actions, and what became of them when they were run (`S8`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from pystator_runtime.copying import fresh
from pystator_runtime.results import NOTHING, Immutable

ContextT = TypeVar("ContextT")
ActionFunction: TypeAlias = Callable[[ContextT], object]
"""What the application provides for an action; an async function answers an awaitable."""


class ExecutionMode(StrEnum):
    """In which company actions run (`S8.7`)."""

    SEQUENTIAL = "sequential"
    """One after the other, in planned order."""
    PARALLEL = "parallel"
    """All at once; async only."""
    PHASED = "phased"
    """Exit, then transition, then entry actions: each phase together, the next when the last has ended."""


class ActionStatus(StrEnum):
    """What became of one action (`S8.6`)."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class ActionSpec(Immutable):
    """A named action as the YAML plans it.

    ``retry`` (tries after the first), ``retry_backoff`` and ``timeout`` (both in seconds) are obeyed where
    actions are run for stored entities; an executor obeys ``timeout`` of async actions on its async paths.
    """

    __slots__ = ("_params", "name", "retry", "retry_backoff", "timeout")

    name: str
    retry: int | None
    retry_backoff: float | None
    timeout: float | None
    _params: Mapping[str, Any]

    def __init__(
        self,
        name: str,
        params: Mapping[str, Any] | None = None,
        *,
        retry: int | None = None,
        retry_backoff: float | None = None,
        timeout: float | None = None,
    ) -> None:
        self._set(
            name=name,
            _params=NOTHING if params is None else params,
            retry=retry,
            retry_backoff=retry_backoff,
            timeout=timeout,
        )

    @property
    def params(self) -> dict[str, Any]:
        """The action's parameters, a fresh copy each time (`S8.9`)."""
        return {key: fresh(value) for key, value in self._params.items()}

    def __repr__(self) -> str:
        return f"ActionSpec({self.name!r}{f', {dict(self._params)!r}' if self._params else ''})"


class ActionResult(Immutable):
    """The outcome of one action: ``ok`` with its return value, ``failed`` with its error, or ``skipped``."""

    __slots__ = ("action_name", "changes", "error", "reason", "removed", "result", "status")

    action_name: str
    status: ActionStatus
    result: Any
    error: BaseException | None
    reason: str | None
    changes: Mapping[str, Any]
    removed: tuple[str, ...]

    def __init__(
        self,
        action_name: str,
        status: ActionStatus,
        *,
        result: Any = None,
        error: BaseException | None = None,
        reason: str | None = None,
        changes: Mapping[str, Any] = NOTHING,
        removed: tuple[str, ...] = (),
    ) -> None:
        self._set(
            action_name=action_name,
            status=status,
            result=result,
            error=error,
            reason=reason,
            changes=changes if changes is NOTHING else MappingProxyType(changes),
            removed=removed,
        )

    @property
    def success(self) -> bool:
        """Whether the action ran to its end."""
        return self.status is ActionStatus.OK


class ExecutionResult(Immutable):
    """The outcomes of all actions of a result, in planned order.

    ``changes`` and ``removed`` are what the actions did to their copies of the context, key by key: where two
    wrote the same key, the later in planned order stands.
    """

    __slots__ = ("action_results",)

    action_results: tuple[ActionResult, ...]

    def __init__(self, action_results: tuple[ActionResult, ...]) -> None:
        self._set(action_results=action_results)

    @property
    def all_succeeded(self) -> bool:
        """Whether every action ran to its end."""
        return all(result.success for result in self.action_results)

    @property
    def succeeded_actions(self) -> list[str]:
        """Names of the actions that ran to their end."""
        return self._names(ActionStatus.OK)

    @property
    def failed_actions(self) -> list[str]:
        """Names of the actions that raised."""
        return self._names(ActionStatus.FAILED)

    @property
    def skipped_actions(self) -> list[str]:
        """Names of the actions that were not tried."""
        return self._names(ActionStatus.SKIPPED)

    @property
    def changes(self) -> dict[str, Any]:
        """The keys that actions set in their copies of the context, with the last value of each."""
        return self._patch()[0]

    @property
    def removed(self) -> tuple[str, ...]:
        """The keys that actions removed from their copies of the context."""
        return self._patch()[1]

    def _names(self, status: ActionStatus) -> list[str]:
        return [result.action_name for result in self.action_results if result.status is status]

    def _patch(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        changes: dict[str, Any] = {}
        removed: dict[str, None] = {}
        for result in self.action_results:
            for key in result.removed:
                changes.pop(key, None)
                removed[key] = None
            for key, value in result.changes.items():
                changes[key] = value
                removed.pop(key, None)
        return changes, tuple(removed)
