"""Many senders on one entity: nothing is lost, nothing is done twice, nobody is told an error."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

import pytest

from pystator_runtime import StaleVersionError
from support.doubles import Busy
from support.orchestrated import orchestrated
from support.places import Place
from support.running import Child, in_threads

YAML = """
    meta: {machine_name: counter}
    states: [{name: on, type: initial}, {name: off}]
    transitions:
      - {trigger: hit, source: "on", dest: "off", actions: [{increment: n}]}
      - {trigger: hit, source: "off", dest: "on", actions: [{increment: n}]}
      - {trigger: note, source: "*", internal: true, actions: [{increment: n}, note]}
      - {trigger: ask, source: "*", internal: true, guards: [asked], actions: [{increment: n}]}
    """
SENDERS = 4
EVENTS = 5_000 if os.environ.get("PYSTATOR_SOAK") else 100
"""By each of them."""


def _counted(orchestrator: Any, reported: int) -> None:
    """What was reported is what is stored."""
    entity = orchestrator.get("e-1")
    history = orchestrator.history("e-1")
    assert reported == SENDERS * EVENTS
    assert entity.context["n"] == reported
    assert entity.state == ("on" if reported % 2 == 0 else "off")
    assert [row.version for row in history] == sorted({row.version for row in history})
    assert len(history) == reported
    assert all(one.target_state == next.source_state for one, next in itertools.pairwise(history))


def _sends(orchestrator: Any) -> int:
    return sum(orchestrator.process_event("e-1", "hit").success for _ in range(EVENTS))


async def _asends(orchestrator: Any) -> int:
    return sum([(await orchestrator.async_process_event("e-1", "hit")).success for _ in range(EVENTS)])


def test_four_processes_send_many_events_each(lasting: Place) -> None:
    """S13, docs/design.md#one-commit"""
    children = [Child(lambda: _sends(orchestrated(YAML, lasting.open()))) for _ in range(SENDERS)]
    reported = sum(child.result() for child in children)
    _counted(orchestrated(YAML, lasting.open()), reported)


def test_four_threads_send_many_events_each(store: Any) -> None:
    """S13"""
    orchestrator = orchestrated(YAML, store)
    _counted(orchestrator, sum(in_threads(lambda _: _sends(orchestrator), SENDERS)))


def test_four_tasks_send_many_events_each(store: Any) -> None:
    """S13"""
    orchestrator = orchestrated(YAML, store)

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(_asends(orchestrator) for _ in range(SENDERS)))

    _counted(orchestrator, sum(asyncio.run(all_of_them())))


def test_more_tasks_than_there_are_threads_send_at_once(store: Any) -> None:
    """Who holds the lock is not kept from ending it by those who wait for it"""
    orchestrator = orchestrated(YAML, store)

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(orchestrator.async_process_event("e-1", "hit") for _ in range(80)))

    assert all(result.success for result in asyncio.run(all_of_them()))
    assert orchestrator.get("e-1").context == {"n": 80}


def test_tasks_whose_guards_wait_send_at_once(store: Any) -> None:
    """After three conflicts the entity is locked, so that somebody gets through"""

    async def asked(ctx: Any) -> bool:
        await asyncio.sleep(0.002)
        return True

    orchestrator = orchestrated(YAML, store, guards={"asked": asked})

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(orchestrator.async_process_event("e-1", "ask") for _ in range(20)))

    assert all(result.success for result in asyncio.run(all_of_them()))
    assert orchestrator.get("e-1").context == {"n": 20}


def test_a_patch_and_events_at_once_lose_nothing_of_each_other(lasting: Place) -> None:
    """A patch is merged key by key into the context as it is then"""

    def orchestrator_of(number: int) -> Any:
        def note(ctx: Any) -> None:
            ctx[f"noted_{number}_{ctx['_action_key']}"] = True

        return orchestrated(YAML, lasting.open(), actions={"note": note})

    def work(number: int) -> int:
        orchestrator, trigger = orchestrator_of(number), ("hit", "note")[number % 2]
        return sum(orchestrator.process_event("e-1", trigger).success for _ in range(25))

    children = [Child(lambda number=number: work(number)) for number in range(SENDERS)]
    assert sum(child.result() for child in children) == 100
    context = orchestrator_of(0).get("e-1").context
    assert context.pop("n") == 100
    assert len(context) == 50


def test_the_same_event_from_everywhere_is_taken_once(lasting: Place) -> None:
    """S13.1"""

    def work() -> list[bool]:
        orchestrator = orchestrated(YAML, lasting.open())
        results = [orchestrator.process_event("e-1", "hit", event_id=f"event-{n}") for n in range(20)]
        assert all(result.success for result in results)
        return ["duplicate" not in result.metadata for result in results]

    children = [Child(work) for _ in range(SENDERS)]
    first = [child.result() for child in children]
    assert [sum(taken) for taken in zip(*first, strict=True)] == [1] * 20
    assert orchestrated(YAML, lasting.open()).get("e-1").context == {"n": 20}


class Noted(Busy):
    """It also notes which loads were to lock."""

    def __init__(self, store: Any, times: int) -> None:
        super().__init__(store, times)
        self.locked: list[bool] = []

    async def meet(self, name: str, call: Any, *given: Any) -> Any:
        if name == "load":
            self.locked.append(given[-1])
        return await super().meet(name, call, *given)


def test_after_three_conflicts_the_retry_holds_a_lock(store: Any, door: Any) -> None:
    """docs/orchestrator.md#conflicts"""
    busy = Noted(store, times=4)
    orchestrator = orchestrated(YAML, busy)
    assert door.send(orchestrator, "e-1", "hit").success
    assert busy.locked == [False, False, False, True, True]


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (2, 3), (5, 6)])
def test_conflicts_without_end_are_an_error_and_nothing_is_written(
    store: Any, door: Any, retries: int, tries: int
) -> None:
    """docs/orchestrator.md#conflicts: max_conflict_retries"""
    busy = Noted(store, times=1_000)
    orchestrator = orchestrated(YAML, busy, max_conflict_retries=retries)
    with pytest.raises(StaleVersionError, match=f"'e-1' of counter was changed by others {tries} times in a row"):
        door.send(orchestrator, "e-1", "hit")
    assert len(busy.locked) == tries
    busy.times = 0
    assert orchestrator.get("e-1") is None
    assert door.send(orchestrator, "e-1", "hit").success
