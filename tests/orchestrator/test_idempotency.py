"""The same event id again changes nothing and is answered as the first time (S13.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pystator_runtime import IdempotencyError, InvalidTransitionError, StoreError
from support.orchestrated import Deeds, orchestrated

YAML = """
    meta: {machine_name: order, version: "1", orchestrator_default_fallback: persist}
    events: [{name: fill, payload: {amount: decimal, at: {type: "date?", default: null}, note: "string = none"}}]
    states:
      - {name: new, type: initial}
      - name: open
        on_enter: [{set: {opened: true}}, {name: notify, params: {to: [a]}, retry: 2, retry_backoff: 1, timeout: 5}]
      - {name: done, timeout: {seconds: 60, destination: new}}
      - {name: both, regions: [{name: l, initial: l1, states: [l1]}, {name: r, initial: r1, states: [r1]}]}
      - {name: l1}
      - {name: r1}
      - {name: odd, type: error}
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [{anyOf: [{expr: "boom.x"}, {expr: "1 == 1"}]}]}
      - {trigger: fill, source: open, dest: done, actions: [{clear: opened}]}
      - {trigger: split, source: done, dest: both}
    error_policy: {default_fallback: odd}
    """


def same(again: Any, first: Any) -> None:
    """A repeated answer is the first one, but for the outcomes of actions."""
    assert again.metadata["duplicate"]
    assert again.execution is None
    assert str(dict(again.metadata)) == str({**first.metadata, "duplicate": True})
    for name in ("source_state", "target_state", "trigger", "error", "steps", "removed", "armed", "disarmed"):
        assert getattr(again, name) == getattr(first, name), name
    assert type(again.target_state) is type(first.target_state)
    assert dict(again.changes) == dict(first.changes)
    assert dict(again.history_updates) == dict(first.history_updates)


def test_the_first_result_is_answered_and_nothing_happens(store: Any, door: Any) -> None:
    """S13.1: for a result with steps, effects, actions, timers, guards that raised, and a config"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("notify"))
    events = [("approve", {}), ("fill", {"amount": Decimal("1.10")}), ("split", {"p": [1, "ü"]})]
    for number, (trigger, payload) in enumerate(events):
        first = door.send(orders, "o-1", trigger, payload, event_id=f"e-{number}")
        assert first.success, first
        before = door.get(orders, "o-1"), orders.history("o-1"), list(deeds.names)
        same(door.send(orders, "o-1", trigger, payload, event_id=f"e-{number}"), first)
        assert (door.get(orders, "o-1"), orders.history("o-1"), deeds.names) == before


def test_an_old_event_is_answered_as_it_was_then(store: Any, door: Any) -> None:
    """S13.1: wherever the entity is by now"""
    orders = orchestrated(YAML, store)
    first = door.send(orders, "o-1", "approve", event_id="e-1")
    door.send(orders, "o-1", "fall", event_id="e-2")
    same(door.send(orders, "o-1", "approve", event_id="e-1"), first)
    assert door.get(orders, "o-1").state == "odd"


def test_a_fallback_is_answered_with_its_original_error(store: Any, door: Any) -> None:
    """S12.1, S13.1"""
    orders = orchestrated(YAML, store)
    first = door.send(orders, "o-1", "fill", {"amount": Decimal(1)}, event_id="e-1")
    again = door.send(orders, "o-1", "fill", {"amount": Decimal(1)}, event_id="e-1")
    same(again, first)
    assert type(again.metadata["original_error"]) is InvalidTransitionError
    assert str(again.metadata["original_error"]) == str(first.metadata["original_error"])


@pytest.mark.parametrize(
    ("trigger", "payload"), [("fall", {}), ("approve", {"p": 2}), ("approve", {}), ("approve", {"p": 1.0})]
)
def test_another_event_with_the_same_id_is_an_error(
    store: Any, door: Any, trigger: str, payload: dict[str, Any]
) -> None:
    """S13.1"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve", {"p": 1}, event_id="e-1")
    before = door.get(orders, "o-1")
    with pytest.raises(IdempotencyError, match="'e-1' of 'o-1' was used for 'approve' before"):
        door.send(orders, "o-1", trigger, payload, event_id="e-1")
    assert door.get(orders, "o-1") == before


def test_the_order_of_keys_does_not_matter_nor_a_default_that_is_spelt_out(store: Any, door: Any) -> None:
    """S13.1"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve", {"a": 1, "b": {"c": 2, "d": 3}}, event_id="e-1")
    again = door.send(orders, "o-1", "approve", {"b": {"d": 3, "c": 2}, "a": 1}, event_id="e-1")
    assert again.metadata["duplicate"]
    door.send(orders, "o-1", "fill", {"amount": Decimal(2)}, event_id="e-2")
    assert door.send(orders, "o-1", "fill", {"amount": Decimal(2), "note": "none"}, event_id="e-2").metadata[
        "duplicate"
    ]


def test_an_event_that_comes_again_after_a_deployment_is_the_same(store: Any, door: Any) -> None:
    """S13.1: a version with one field more, which has a default, is sent nothing else"""
    before, after = YAML.replace(', note: "string = none"', ""), YAML.replace('version: "1"', 'version: "2"')
    old, new = (orchestrated(yaml, store, actions=Deeds().named("notify")) for yaml in (before, after))
    door.send(old, "o-1", "approve")
    assert door.send(old, "o-1", "fill", {"amount": Decimal("1.5")}, event_id="e-1").success
    assert door.send(new, "o-1", "fill", {"amount": Decimal("1.5")}, event_id="e-1").metadata["duplicate"]
    with pytest.raises(IdempotencyError):
        door.send(new, "o-1", "fill", {"amount": Decimal("1.5"), "note": "another"}, event_id="e-1")


def test_ids_are_known_by_entity(store: Any, door: Any) -> None:
    """S13.1"""
    orders = orchestrated(YAML, store)
    for entity_id in ("o-1", "o-2"):
        assert "duplicate" not in door.send(orders, entity_id, "approve", event_id="e-1").metadata


def test_the_id_of_a_refused_event_is_free(store: Any, door: Any) -> None:
    """S13.1, S13.2: it was not taken, so it may be sent again"""
    orders = orchestrated(YAML.replace("fallback: persist", "fallback: hint"), store, audit_failures=True)
    assert not door.send(orders, "o-1", "split", event_id="e-1").success
    assert door.send(orders, "o-1", "approve", event_id="e-1").success
    assert [(row.trigger, row.event_id) for row in orders.history("o-1")] == [("split", None), ("approve", "e-1")]


def test_an_event_that_created_an_entity_is_answered_too(store: Any, door: Any) -> None:
    """S13.2"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("notify"))
    door.send(orders, "o-1", "approve", event_id="e-1")
    assert door.send(orders, "o-1", "approve", event_id="e-1").metadata["duplicate"]
    assert (door.get(orders, "o-1").version, deeds.names) == (1, ["notify"])


def test_a_state_that_is_no_more_is_told_as_text(store: Any, door: Any) -> None:
    """S13.1, S13.3: an answer outlives the version of the machine that gave it"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve", event_id="e-1")
    door.send(orders, "o-1", "fill", {"amount": Decimal(1)}, event_id="e-2")
    door.send(orders, "o-1", "split", event_id="e-3")
    door.send(orders, "o-1", "fall", event_id="e-4")
    smaller = """
        meta: {machine_name: order, version: "2"}
        states: [{name: new, type: initial}, {name: odd}, {name: open}]
        transitions: [{trigger: approve, source: new, dest: open}, {trigger: split, source: new, dest: open}]
        """
    smaller = orchestrated(smaller, store)
    answer = door.send(smaller, "o-1", "split", event_id="e-3")
    assert (answer.source_state, answer.target_state) == ("done", "both:l=l1,r=r1")
    assert door.send(smaller, "o-1", "approve", event_id="e-1").target_state == "open"


@pytest.mark.parametrize("event_id", ["", 7, b"e", "\ud800"])
def test_an_id_that_is_no_text_is_refused(store: Any, door: Any, event_id: Any) -> None:
    """S13.1"""
    orders = orchestrated(YAML, store)
    with pytest.raises(StoreError, match="an event id is"):
        door.send(orders, "o-1", "approve", event_id=event_id)
    assert door.get(orders, "o-1") is None
