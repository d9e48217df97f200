"""Orchestrators in tests: made from YAML, asked by both doors, with a clock that stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from pystator_runtime import Orchestrator
from support.doors import NOTHING, bound

MOMENT = 1_900_000_000_000
"""When clocks that stand still begin, in milliseconds since the epoch."""


def orchestrated(
    yaml: str, store: Any, *, guards: Mapping[str, Any] = NOTHING, actions: Mapping[str, Any] = NOTHING, **settings: Any
) -> Orchestrator:
    """Serves the machine in ``yaml``, whose names are bound as :func:`~support.doors.bound` says."""
    return Orchestrator(bound(yaml, guards=guards, actions=actions), store, **settings)


class StoppedClock:
    """A scheduler whose time stands still: timers go by it, and fire when somebody calls ``run_due``."""

    def __init__(self, now: int = MOMENT) -> None:
        self.now = now
        self.armed: list[tuple[str, int]] = []

    def clock(self) -> int:
        return self.now

    def serve(self, orchestrator: Any) -> None:
        """There is nothing to do."""

    start = stop = serve

    def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
        self.armed.append((entity_id, due))

    async def astart(self, orchestrator: Any) -> None:
        """There is nothing to do."""

    astop = astart


class SyncDoor:
    """The sync methods of an orchestrator."""

    create = staticmethod(Orchestrator.create)
    send = staticmethod(Orchestrator.process_event)
    get = staticmethod(Orchestrator.get)
    run_due = staticmethod(Orchestrator.run_due)
    recover = staticmethod(Orchestrator.recover)
    retry_action = staticmethod(Orchestrator.retry_action)
    next_due = staticmethod(Orchestrator.next_due)


def _awaited(method: Callable[..., Any]) -> Any:
    def call(*given: Any, **named: Any) -> Any:
        return asyncio.run(method(*given, **named))

    return staticmethod(call)


class AsyncDoor:
    """Their async twins, each in an event loop of its own."""

    create = _awaited(Orchestrator.acreate)
    send = _awaited(Orchestrator.async_process_event)
    get = _awaited(Orchestrator.aget)
    run_due = _awaited(Orchestrator.arun_due)
    recover = _awaited(Orchestrator.arecover)
    retry_action = _awaited(Orchestrator.aretry_action)
    next_due = _awaited(Orchestrator.anext_due)


WAYS: Mapping[str, Any] = {"sync": SyncDoor, "async": AsyncDoor}


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait for what has to come about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.005)


class Deeds:
    """Actions that keep what they were called with; ``fails`` names those that raise, and how often still."""

    def __init__(self, **fails: int) -> None:
        self.contexts: list[tuple[str, dict[str, Any]]] = []
        self.fails = fails

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.contexts]

    @property
    def keys(self) -> list[str]:
        return [context["_action_key"] for _, context in self.contexts]

    def named(self, *names: str) -> dict[str, Any]:
        """Functions for these actions."""
        return {name: self._function(name) for name in names}

    def _function(self, name: str) -> Callable[[dict[str, Any]], str]:
        def act(ctx: dict[str, Any]) -> str:
            self.contexts.append((name, dict(ctx)))
            if self.fails.get(name, 0) > 0:
                self.fails[name] -= 1
                raise ConnectionError(f"{name} is away")
            return f"did {name}"

        return act
