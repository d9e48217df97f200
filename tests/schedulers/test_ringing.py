"""Ringing one entity: what clocks do that know whose time has come (S9.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pystator_runtime import ActionError, GuardError, Orchestrator
from pystator_runtime.stores import InMemoryStateStore
from support.orchestrated import StoppedClock, orchestrated

YAML = """
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard, on_enter: [crack]}]
    transitions:
      - {trigger: boil, source: [raw, soft], dest: soft}
      - {source: soft, dest: hard, after: 10s, guards: [may]}
    """


def _ring(orchestrator: Orchestrator, entity_id: str) -> list[Any]:
    return orchestrator.ring(entity_id)


def _aring(orchestrator: Orchestrator, entity_id: str) -> list[Any]:
    return asyncio.run(orchestrator.aring(entity_id))


@pytest.fixture(params=[_ring, _aring], ids=["ring", "aring"])
def ring(request: Any) -> Callable[[Orchestrator, str], list[Any]]:
    return request.param


def kitchen(**functions: Any) -> tuple[Orchestrator, StoppedClock]:
    """An egg that boils, and the clock of the kitchen."""
    clock = StoppedClock(0)
    functions = {"guards": {"may": lambda ctx: True}, **functions}
    orchestrator = orchestrated(YAML, InMemoryStateStore(), scheduler=clock, **functions)
    orchestrator.process_event("e", "boil")
    orchestrator.process_event("other", "boil")
    return orchestrator, clock


def state(orchestrator: Orchestrator, entity_id: str = "e") -> str:
    entity = orchestrator.get(entity_id)
    assert entity is not None
    return str(entity.state)


def test_only_the_timers_of_that_entity_fire(ring: Any) -> None:
    orchestrator, clock = kitchen()
    clock.now = 10_000
    (result,) = ring(orchestrator, "e")
    assert result.execution.succeeded_actions == ["crack"]
    assert [state(orchestrator), state(orchestrator, "other")] == ["hard", "soft"]


def test_ringing_early_changes_nothing(ring: Any) -> None:
    """S9.5: what is stored decides."""
    orchestrator, clock = kitchen()
    clock.now = 9_999
    assert ring(orchestrator, "e") == []
    assert state(orchestrator) == "soft"


def test_ringing_twice_or_late_fires_once(ring: Any) -> None:
    orchestrator, clock = kitchen()
    clock.now = 3_600_000
    assert len(ring(orchestrator, "e")) == 1
    assert ring(orchestrator, "e") == []


def test_ringing_for_an_earlier_entry_of_the_state_changes_nothing(ring: Any) -> None:
    """S9.5: a timer belongs to one entry."""
    orchestrator, clock = kitchen()
    clock.now = 5_000
    orchestrator.process_event("e", "boil")
    clock.now = 10_000
    assert ring(orchestrator, "e") == []
    clock.now = 15_000
    assert len(ring(orchestrator, "e")) == 1


def test_ringing_for_an_entity_that_is_not_there_does_nothing(ring: Any) -> None:
    orchestrator, clock = kitchen()
    clock.now = 10_000
    assert orchestrator.delete("e")
    assert ring(orchestrator, "e") == []
    assert orchestrator.get("e") is None


def test_what_can_not_be_awaited_is_told_and_the_timer_stays() -> None:
    """S5.5"""

    async def later(ctx: Any) -> bool:
        return True

    for functions, error in (({"guards": {"may": later}}, GuardError), ({"actions": {"crack": later}}, ActionError)):
        orchestrator, clock = kitchen(**functions)
        clock.now = 10_000
        with pytest.raises(error, match="async"):
            orchestrator.ring("e")
        assert len(asyncio.run(orchestrator.aring("e"))) == 1
