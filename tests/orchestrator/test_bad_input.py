"""What can't be right is a clear error, and nothing is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import ConfigurationError, Orchestrator, StoreError, UndefinedStateError
from pystator_runtime.stores import InMemoryStateStore
from support.doors import bound
from support.orchestrated import orchestrated
from support.places import Place

YAML = """
    meta: {machine_name: order}
    states: [{name: new, type: initial}, {name: open}]
    transitions: [{trigger: approve, source: new, dest: open}]
    """
IN_ONE_STORE = pytest.mark.parametrize("place", ["memory"], indirect=True)
"""It does not come to the store."""

IDS = [
    " ", "o 1", "o/1", "o:1", "{o}", "o%_*?[]", "'; DROP TABLE x; --", '"', "\\", "\n\r\t", "ü€😀", "e\u0301", "\u202e",
    "\0", "o\0", "par:a=b", "_start", "None", "x" * 10_000, "€" * 3_000,
]  # fmt: skip


def test_an_id_may_be_any_text_and_is_found_again(place: Place, door: Any) -> None:
    """S13.1"""
    orders = orchestrated(YAML, place.open())
    for entity_id in filter(place.holds, IDS):
        other = entity_id + "x"
        for each in (entity_id, other):
            assert door.create(orders, each).entity_id == each
        assert door.send(orders, entity_id, "approve", event_id=entity_id).success
        assert door.send(orders, entity_id, "approve", event_id=entity_id).metadata["duplicate"]
        assert (door.get(orders, entity_id).state, door.get(orders, other).state) == ("open", "new")
        assert [row.event_id for row in orders.history(entity_id)] == [entity_id]
        assert [entity.entity_id for entity in orders.find()] == sorted([entity_id, other])
        assert orders.delete(entity_id)
        assert [entity.entity_id for entity in orders.find()] == [other]
        orders.delete(other)


@IN_ONE_STORE
@pytest.mark.parametrize("entity_id", ["", None, 7, b"o", ["o"], "\ud800"])
def test_an_id_that_is_no_text_is_refused(store: Any, door: Any, entity_id: Any) -> None:
    """S13.1"""
    orders = orchestrated(YAML, store)
    for give in (lambda: door.create(orders, entity_id), lambda: door.send(orders, entity_id, "approve")):
        with pytest.raises(StoreError, match="an entity id is"):
            give()
    assert orders.find() == []


@IN_ONE_STORE
def test_a_trigger_that_is_no_unicode_is_refused_also_where_it_would_be_audited(store: Any, door: Any) -> None:
    """S13"""
    orders = orchestrated(YAML, store, audit_failures=True)
    with pytest.raises(StoreError, match="a trigger is Unicode text"):
        door.send(orders, "o-1", "\ud800")
    assert orders.history("o-1") == []


@IN_ONE_STORE
@pytest.mark.parametrize("trigger", ["x" * 100_000, "ü€😀", "a\nb", "None", "approve "])
def test_an_unknown_trigger_is_a_result_whatever_it_is(store: Any, door: Any, trigger: str) -> None:
    """S2.4"""
    orders = orchestrated(YAML, store, audit_failures=True)
    assert door.send(orders, "o-1", trigger).metadata["reason"] == "undefined_trigger"
    assert [row.trigger for row in orders.history("o-1")] == [trigger]


def test_entities_of_another_machine_are_others(store: Any, door: Any) -> None:
    """S13.1: an entity is known by machine name and id"""
    orders = orchestrated(YAML, store)
    trades = orchestrated(YAML.replace("order", "trade"), store)
    door.send(orders, "o-1", "approve", event_id="e-1")
    assert door.get(trades, "o-1") is None
    assert door.create(trades, "o-1").state == "new"
    assert "duplicate" not in door.send(trades, "o-1", "approve", event_id="e-1").metadata
    assert orders.count_by_state() == trades.count_by_state() == {"open": 1}
    assert trades.delete("o-1")
    assert door.get(orders, "o-1").state == "open"


def test_an_entity_that_another_machine_of_that_name_has_stored_is_told(store: Any, door: Any) -> None:
    """S13.3"""
    door.create(orchestrated(YAML.replace("new", "fresh"), store), "o-1")
    with pytest.raises(StoreError, match="is in 'fresh', a state that the machine does not have"):
        door.send(orchestrated(YAML, store), "o-1", "approve")


def test_an_unknown_state_to_find_by_is_an_error(store: Any) -> None:
    """S2.5"""
    with pytest.raises(UndefinedStateError, match="did you mean 'open'"):
        orchestrated(YAML, store).find("opn")


@pytest.mark.parametrize("wrong", [None, 5, b"o-1"])
def test_what_is_no_id_is_refused_alike_in_all_stores(store: Any, wrong: Any) -> None:
    """Also where they are only asked for."""
    orders = orchestrated(YAML, store)
    for ask in (orders.get, orders.history, orders.delete, orders.ring, orders.create):
        with pytest.raises(StoreError, match="id is text"):
            ask(wrong)


@IN_ONE_STORE
@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_an_error(store: Any, limit: int) -> None:
    """docs/orchestrator.md#asking: find"""
    with pytest.raises(StoreError, match="the limit of a page is at least 1"):
        orchestrated(YAML, store).find(limit=limit)


def test_a_machine_with_gaps_makes_no_orchestrator(store: Any) -> None:
    """S5.4"""
    yaml = YAML.replace("dest: open}", "dest: open, guards: [asked], actions: [act]}")
    with pytest.raises(ConfigurationError, match="order has no function for guards asked"):
        Orchestrator(type(bound(yaml)).unbound(), store)


@pytest.mark.parametrize("wrong", ["orders.db", None, 5])
def test_what_is_no_store_is_told_with_the_remedy(wrong: Any) -> None:
    """docs/orchestrator.md#opening-one"""
    with pytest.raises(ConfigurationError, match=r"is no store: make one of it, such as SQLiteStateStore\(path\)"):
        Orchestrator(bound(YAML), wrong)
    with pytest.raises(ConfigurationError, match="is no scheduler"):
        Orchestrator(bound(YAML), InMemoryStateStore(), scheduler=wrong or "redis://localhost")


def test_a_url_that_is_no_store_is_told_without_its_password() -> None:
    """Whoever reads the log need not know it."""
    with pytest.raises(ConfigurationError) as told:
        Orchestrator(bound(YAML), "redis://:secret@host/0")  # type: ignore[arg-type]
    assert "secret" not in str(told.value)
    assert "host/0" in str(told.value)


def test_a_store_that_was_closed_opens_again(place: Place) -> None:
    """docs/orchestrator.md#opening-one: close"""
    orders = orchestrated(YAML, place.open())
    orders.create("o-1")
    orders.close()
    assert orders.get("o-1").state == "new"
    asyncio.run(orders.aclose())
    assert asyncio.run(orders.async_process_event("o-1", "approve")).success
    orders.close()


def test_an_orchestrator_says_what_it_is(store: Any) -> None:
    """docs/orchestrator.md#opening-one"""
    assert repr(orchestrated(YAML, store)).startswith("<Orchestrator of 'order' in ")
