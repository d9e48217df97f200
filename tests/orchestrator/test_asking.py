"""Asking about stored entities: one, many, how many, and what happened to them."""

from __future__ import annotations

import asyncio
import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from pystator_runtime.results import Timer
from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated

YAML = """
    meta: {machine_name: order, version: "7"}
    states:
      - {name: new, type: initial}
      - {name: open, initial_child: part, timeout: {seconds: 60, destination: done}}
      - {name: part, parent: open}
      - {name: full, parent: open}
      - {name: done, type: terminal, on_enter: [act]}
      - {name: both, regions: [{name: l, initial: l1, states: [l1, l2]}, {name: r, initial: r1, states: [r1]}]}
      - {name: l1}
      - {name: l2}
      - {name: r1}
    transitions:
      - {trigger: approve, source: new, dest: open}
      - {trigger: fill, source: part, dest: full}
      - {trigger: close, source: open, dest: done}
      - {trigger: split, source: new, dest: both}
      - {trigger: step, source: l1, dest: l2}
    """


def test_a_stored_entity_tells_all_that_is_kept(store: Any, door: Any) -> None:
    """docs/orchestrator.md#asking"""
    clock = StoppedClock()
    orders = orchestrated(YAML, store, scheduler=clock)
    assert door.get(orders, "o-1") is None
    door.create(orders, "o-1", {"client": "c-1"})
    clock.now += 1_500
    door.send(orders, "o-1", "approve")
    entity = door.get(orders, "o-1")
    assert (entity.entity_id, entity.state, entity.version) == ("o-1", "part", 2)
    assert entity.state is orders.machine.states[2]
    assert entity.context == {"client": "c-1"}
    assert (entity.machine_name, entity.machine_version) == ("order", "7")
    assert entity.created_at == datetime.fromtimestamp(MOMENT / 1000, UTC)
    assert entity.updated_at == datetime.fromtimestamp(MOMENT / 1000 + 1.5, UTC)
    assert entity.timers == {Timer("open", "_timeout_open", 60_000): datetime.fromtimestamp(MOMENT / 1000 + 61.5, UTC)}
    assert entity.history == {}


def test_it_is_a_value(store: Any) -> None:
    """docs/orchestrator.md#asking"""
    orders = orchestrated(YAML, store)
    entity = orders.create("o-1")
    assert entity == orders.get("o-1")
    assert pickle.loads(pickle.dumps(orders.history("o-1"))) == []
    assert copy.copy(entity) is entity
    assert "entity_id='o-1'" in repr(entity)
    with pytest.raises(AttributeError, match="immutable"):
        entity.state = "open"


def test_history_tells_each_event_that_was_taken(store: Any, door: Any) -> None:
    """docs/orchestrator.md#asking, S13.2"""
    clock = StoppedClock()
    orders = orchestrated(YAML, store, scheduler=clock)
    door.create(orders, "o-1")
    door.send(orders, "o-1", "approve", event_id="e-1")
    door.send(orders, "o-1", "approve")
    clock.now += 60_000
    door.run_due(orders)
    rows = [
        (r.trigger, r.source_state, r.target_state, r.success, r.version, r.event_id) for r in orders.history("o-1")
    ]
    assert rows == [
        ("approve", "new", "part", True, 2, "e-1"),
        ("_timeout_open", "part", "done", True, 3, None),
    ]
    assert orders.history("o-1")[1].at == datetime.fromtimestamp(MOMENT / 1000 + 60, UTC)
    assert orders.history("unheard of") == []


def test_refused_events_are_in_it_if_that_is_asked_for(store: Any, door: Any) -> None:
    """S13.2: audit_failures; the entity itself is as it was"""
    clock = StoppedClock()
    orders = orchestrated(YAML, store, scheduler=clock, audit_failures=True)
    assert not door.send(orders, "o-1", "fill").success
    before = door.create(orders, "o-1")
    door.send(orders, "o-1", "fill", event_id="e-1")
    door.send(orders, "o-1", "unheard")
    rows = [
        (r.trigger, r.source_state, r.target_state, r.success, r.version, r.event_id) for r in orders.history("o-1")
    ]
    assert rows == [
        ("fill", "new", None, False, 0, None),
        ("fill", "new", None, False, 1, None),
        ("unheard", "new", None, False, 1, None),
    ]
    assert door.get(orders, "o-1") == before


def test_find_goes_through_all_page_by_page(store: Any) -> None:
    """docs/orchestrator.md#asking: find"""
    orders = orchestrated(YAML, store)
    ids = [f"o-{number:02}" for number in range(25)]
    for entity_id in reversed(ids):
        orders.create(entity_id)
    found: list[str] = []
    while page := orders.find(after=found[-1] if found else None, limit=10):
        found += [entity.entity_id for entity in page]
    assert found == ids
    assert orders.find(after="o-24") == []
    assert [entity.entity_id for entity in orders.find(after="o-10x", limit=1)] == ["o-11"]


def test_find_by_state(store: Any) -> None:
    """S1.2: a compound stands for its initial leaf"""
    orders = orchestrated(YAML, store)
    for entity_id, triggers in {"a": (), "b": ("approve",), "c": ("approve", "fill"), "d": ("split", "step")}.items():
        orders.create(entity_id)
        for trigger in triggers:
            assert orders.process_event(entity_id, trigger).success

    def ids(state: Any) -> list[str]:
        return [entity.entity_id for entity in orders.find(state)]

    assert ids("new") == ["a"]
    assert ids(orders.machine.states[0]) == ["a"]
    assert ids("part") == ids("open") == ["b"]
    assert ids("full") == ["c"]
    assert ids("both:l=l2,r=r1") == ids("both:r=r1,l=l2") == ["d"]
    assert ids(orders.get("d").state) == ["d"]
    assert ids("both") == []
    assert orders.count_by_state() == {"new": 1, "part": 1, "full": 1, "both:l=l2,r=r1": 1}


def test_delete_leaves_nothing(store: Any, door: Any) -> None:
    """docs/orchestrator.md#asking: delete: not its audit rows, event ids, timers and actions"""
    deeds = Deeds(act=9)
    clock = StoppedClock()
    orders = orchestrated(YAML, store, actions=deeds.named("act"), scheduler=clock)
    for entity_id in ("o-1", "o-2"):
        for trigger in ("approve", "close"):
            door.send(orders, entity_id, trigger, event_id=trigger)
    assert orders.delete("o-1")
    assert not orders.delete("o-1")
    assert door.get(orders, "o-1") is None
    assert orders.history("o-1") == []
    assert [failed.entity_id for failed in orders.failed_actions()] == ["o-2"]
    assert orders.count_by_state() == {"done": 1}
    assert "duplicate" not in door.send(orders, "o-1", "approve", event_id="approve").metadata
    orders.delete("o-1")
    clock.now += 100_000
    assert door.run_due(orders) == []


def test_every_question_can_be_awaited(store: Any) -> None:
    """Sync and async share everything but the waiting"""

    def act(ctx: Any) -> None:
        raise OSError("the printer is on fire")

    async def scenario(orders: Any) -> None:
        await orders.async_process_event("o-1", "approve")
        await orders.async_process_event("o-2", "approve")
        await orders.async_process_event("o-2", "close")
        assert await orders.ahistory("o-2") == orders.history("o-2") != []
        assert await orders.afind() == orders.find() != []
        assert [order.entity_id for order in await orders.afind("done")] == ["o-2"]
        assert await orders.acount_by_state() == {"part": 1, "done": 1}
        assert [action.name for action in await orders.afailed_actions()] == ["act"]
        assert await orders.adelete("o-1")
        assert not await orders.adelete("o-1")
        assert await orders.aget("o-1") is None

    asyncio.run(scenario(orchestrated(YAML, store, actions={"act": act})))
