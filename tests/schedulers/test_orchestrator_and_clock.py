"""What an orchestrator and its clock owe each other, whichever clock it is (S9.5, DESIGN)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pystator_runtime import Orchestrator
from pystator_runtime.stores import InMemoryStateStore
from support.doors import bound

KETTLE = """
    meta: {machine_name: kettle}
    states: [{name: off, type: initial}, {name: hot}, {name: cold, on_enter: [whistle]}]
    transitions:
      - {trigger: heat, source: [off, hot, cold], dest: hot, actions: [light]}
      - {source: hot, dest: cold, after: 10s}
    """


class Clock:
    """A clock that shows what it is told, and notes what is armed."""

    def __init__(self, now: int | None = None) -> None:
        if now is not None:
            self.clock = lambda: now
        self.armed: list[tuple[str, int]] = []

    def serve(self, orchestrator: Any) -> None:
        pass

    def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
        self.armed.append((entity_id, due))


class BrokenClock(Clock):
    def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
        raise ConnectionError("the broker does not answer")


class Watched(InMemoryStateStore):
    """A store that notes until when actions are claimed as they are planned."""

    def commit(self, commit: Any, lock: object) -> bool:
        self.claimed_until = [action.claimed_until for action in commit.actions]
        return super().commit(commit, lock)


def test_a_timer_is_told_to_the_clock_by_the_time_that_the_clock_shows() -> None:
    """S9.5"""
    clock = Clock(now=1_000)
    Orchestrator(bound(KETTLE), InMemoryStateStore(), scheduler=clock).process_event("k", "heat")
    assert clock.armed == [("k", 11_000)]


@pytest.mark.parametrize("now", [0, 4_102_444_800_000])
def test_actions_are_claimed_by_the_time_of_the_store_whatever_the_clock_shows(now: int) -> None:
    """DESIGN: or else others would take them at once, or never."""
    store = Watched()
    before = time.time_ns() // 1_000_000
    Orchestrator(bound(KETTLE), store, scheduler=Clock(now), action_lease=60).process_event("k", "heat")
    (until,) = store.claimed_until
    assert before + 60_000 <= until <= time.time_ns() // 1_000_000 + 60_000


def test_a_clock_that_fails_does_not_fail_the_event(caplog: pytest.LogCaptureFixture) -> None:
    """S9.5: the timer is stored, and found there."""
    orchestrator = Orchestrator(bound(KETTLE), InMemoryStateStore(), scheduler=BrokenClock())
    result = orchestrator.process_event("k", "heat")
    assert result.execution is not None
    assert result.execution.succeeded_actions == ["light"]
    assert "the broker does not answer" in caplog.text
