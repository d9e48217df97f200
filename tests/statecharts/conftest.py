"""The doors as fixtures: a test that takes ``walk`` runs once per door, one that takes ``clocked`` once per clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from pystator_runtime import TransitionHook
from pystator_runtime.schedulers import ManualScheduler
from support.walks import WALKS, Walker

START = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
"""When clocks of tests begin."""


@pytest.fixture(params=WALKS.values(), ids=WALKS)
def walk(request: Any) -> Walker:
    """Every way to lead an entity through events."""
    return request.param


class Clocked:
    """A clock, and how its time passes; sessions are attached as they are made."""

    def __init__(self, *, is_async: bool, options: Mapping[str, Any]) -> None:
        self.clock = ManualScheduler(START)
        self.options = options
        self._is_async = is_async

    def create(self, machine: Any, context: Mapping[str, Any] | None = None, state: str | None = None) -> Any:
        """A session that the clock serves from its beginning on."""
        return self.clock.attach(machine.create("e1", context, state, **self.options))

    def advance(self, span: Any) -> list[Any]:
        """Let time pass; the results of what fired."""
        return asyncio.run(self.clock.aadvance(span)) if self._is_async else self.clock.advance(span)

    def fired(self, span: Any) -> list[tuple[str, str, str]]:
        """Let time pass; what fired, from where to where."""
        return [(r.trigger, str(r.source_state), str(r.target_state)) for r in self.advance(span)]


_HABITS: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "executing": {"execute_actions": True},
    "watched": {"history": 100, "hooks": [TransitionHook()]},
    "strict": {"strict": True},
    "thread-safe": {"thread_safe": True},
}


@pytest.fixture(params=[f"{how}-{options}" for how in ("advance", "aadvance") for options in _HABITS])
def clocked(request: Any) -> Clocked:
    """Every way to let time pass, for every kind of session."""
    how, _, options = request.param.partition("-")
    return Clocked(is_async=how == "aadvance", options=_HABITS[options])
