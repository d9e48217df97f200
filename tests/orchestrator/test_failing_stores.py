"""A store that fails at any single point: the entity is as before or as after, never between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from pystator_runtime import StoreError
from support.doubles import Double
from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated
from support.places import Place

YAML = """
    meta: {machine_name: order}
    states:
      - {name: new, type: initial, on_exit: [leave], timeout: {seconds: 60, destination: open}}
      - {name: open, on_enter: [{increment: n}, enter]}
    transitions:
      - {trigger: approve, source: new, dest: open, actions: [patch]}
      - {trigger: back, source: open, dest: new}
    """


class Failing(Double):
    """A store that fails at its n-th call: before anything is done, or when it is done and was not yet told."""

    def __init__(self, store: Any, number: int, *, when: str) -> None:
        super().__init__(store)
        self._number = number
        self._when = when
        self.calls = 0

    async def meet(self, name: str, call: Callable[..., Any], *given: Any) -> Any:
        self.calls += 1
        if self.calls != self._number:
            return await call(*given)
        if self._when == "after":
            await call(*given)
        raise StoreError(f"{name} fails here")


def deed(deeds: Deeds) -> dict[str, Any]:
    def patch(ctx: dict[str, Any]) -> None:
        deeds.contexts.append(("patch", dict(ctx)))
        ctx["patched"] = True

    return {**deeds.named("leave", "enter"), "patch": patch}


def state_of(orders: Any) -> Any:
    entity = orders.get("o-1")
    return None if entity is None else (entity.state, entity.context.get("n"), len(entity.timers), entity.version)


@pytest.mark.parametrize("when", ["before", "after"])
def test_at_every_call_of_an_event_the_entity_is_as_before_or_as_after(place: Place, door: Any, when: str) -> None:
    """S13: and once that was the commit, the sender is told of no error"""
    number, seen = 0, set()
    while True:
        number += 1
        store, deeds = place.open(), Deeds()
        orders = orchestrated(YAML, store, actions=deed(deeds))
        orders.delete("o-1")
        orders.create("o-1")
        failing = Failing(store, number, when=when)
        try:
            result = door.send(orchestrated(YAML, failing, actions=deed(deeds)), "o-1", "approve", event_id="e-1")
        except StoreError:
            result = None
        found, history = state_of(orders), orders.history("o-1")
        assert found is not None
        assert found[:3] in {("new", None, 1), ("open", 1, 0)}
        assert (found[0] == "open") is (len(history) == 1)
        if result is not None:
            assert found[0] == "open"
        again = orders.process_event("o-1", "approve", event_id="e-1")
        assert bool(again.metadata.get("duplicate")) is (found[0] == "open"), "sent again, it is taken once"
        orders.recover(force=True)
        assert set(deeds.names) == {"leave", "patch", "enter"}
        assert state_of(orders)[:3] == ("open", 1, 0)
        assert orders.get("o-1").context == {"n": 1, "patched": True}
        assert orders.recover(force=True) == 0
        seen.add(result is not None)
        if failing.calls < number:
            break
    assert number > 6
    assert seen == {True, False}


@pytest.mark.parametrize("when", ["before", "after"])
def test_at_every_call_of_a_timer_it_takes_effect_once_in_the_end(place: Place, door: Any, when: str) -> None:
    """S9.5"""
    number = 0
    while True:
        number += 1
        store, deeds, clock = place.open(), Deeds(), StoppedClock()
        orders = orchestrated(YAML, store, actions=deed(deeds), scheduler=clock)
        orders.delete("o-1")
        orders.create("o-1")
        clock.now = MOMENT + 60_000
        failing = Failing(store, number, when=when)
        with contextlib.suppress(StoreError):
            door.run_due(orchestrated(YAML, failing, actions=deed(deeds), scheduler=clock))
        assert state_of(orders)[:3] in {("new", None, 1), ("open", 1, 0)}
        orders.recover(force=True)
        assert state_of(orders)[:3] == ("open", 1, 0)
        assert set(deeds.names) == {"leave", "enter"}
        assert len(orders.history("o-1")) == 1
        if failing.calls < number:
            break
    assert number > 4


def test_a_commit_that_breaks_inside_the_store_has_written_nothing(lasting: Place, door: Any) -> None:
    """docs/design.md#one-commit: all in one transaction"""
    deeds, failed = Deeds(), 0
    orders = orchestrated(YAML, lasting.open(), actions=deed(deeds))
    for point in lasting.points:
        before = orders.create("o-1")
        with lasting.broken(point):
            try:
                taken = door.send(orders, "o-1", "approve", event_id="e-1").success
            except StoreError:
                taken, failed = False, failed + 1
        assert orders.get("o-1").state == ("open" if taken else "new"), point
        if not taken:
            assert orders.get("o-1") == before, point
            assert orders.history("o-1") == [], point
            assert deeds.names == [], point
        orders.recover(force=True)
        orders.delete("o-1")
        deeds.contexts.clear()
    assert failed


def test_what_the_store_could_not_note_is_told_and_runs_again(store: Any, door: Any) -> None:
    """S8: the transition stands, so it is no error of the sender"""
    deeds = Deeds()
    failing = Failing(store, 3, when="before")  # load, commit, and the first `finish`
    orders = orchestrated(YAML, failing, actions=deed(deeds))
    orchestrated(YAML, store).create("o-1")
    result = door.send(orders, "o-1", "approve")
    outcome = result.execution.action_results[0]
    assert (outcome.status, str(outcome.error)) == ("failed", "finish fails here")
    assert outcome.reason == "the store could not note what became of it, so it stays pending"
    assert deeds.names == ["leave", "patch", "enter"]
    assert door.recover(orders, force=True) == 1
    assert deeds.names == ["leave", "patch", "enter", "leave"]
    assert len(set(deeds.keys)) == 3


def test_a_scheduler_that_fails_undoes_nothing(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A scheduler is only an alarm clock"""

    class Deaf(StoppedClock):
        def arm(self, orchestrator: Any, entity_id: str, due: int) -> None:
            raise ConnectionError("deaf")

    clock = Deaf()
    orders = orchestrated(YAML, store, scheduler=clock)
    assert door.create(orders, "o-1").state == "new"
    assert "the scheduler took no note of a timer of 'o-1' of order: deaf" in caplog.text
    clock.now += 60_000
    assert len(door.run_due(orders)) == 1
