"""Events for stored entities: decided, committed once, answered."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import (
    ActionError,
    GuardError,
    InvalidTransitionError,
    ReservedKeyError,
    StoreError,
    TerminalStateError,
    UndefinedTriggerError,
)
from support.orchestrated import Deeds, orchestrated

YAML = """
    meta: {machine_name: order, version: "3"}
    state_variables: [{key: qty, type: integer, default: 1}, {key: blocked, type: boolean}]
    events: [{name: fill, payload: {amount: integer, price: "integer = 7"}}]
    states:
      - {name: new, type: initial, on_enter: [{set: {made: true}}, welcome]}
      - {name: open, on_enter: [notify]}
      - {name: done, type: terminal}
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [{expr: "not blocked"}]}
      - {trigger: fill, source: open, dest: open, actions: [{compute: {filled: "amount * price"}}, book]}
      - {trigger: spoil, source: open, dest: done, actions: [{set: {spoilt: true}}, {increment: made}]}
      - {trigger: close, source: open, dest: done}
      - {trigger: ask, source: "*", internal: true, guards: [asked]}
    """


def desk(store: Any, deeds: Deeds | None = None, **settings: Any) -> Any:
    actions = (deeds or Deeds()).named("welcome", "notify", "book")
    return orchestrated(YAML, store, actions=actions, **{"guards": {"asked": lambda ctx: True}, **settings})


def test_an_event_changes_state_context_and_version_and_runs_its_actions(store: Any, door: Any) -> None:
    """S8.1, S8.2, S8.3"""
    deeds = Deeds()
    orders = desk(store, deeds)
    door.create(orders, "o-1", {"blocked": False})
    door.send(orders, "o-1", "approve")
    result = door.send(orders, "o-1", "fill", {"amount": 3, "price": 5})
    entity = door.get(orders, "o-1")
    assert (result.source_state, result.target_state, result.trigger) == ("open", "open", "fill")
    assert dict(result.changes) == {"filled": 15}
    assert (entity.state, entity.version) == ("open", 3)
    assert entity.context == {"qty": 1, "made": True, "blocked": False, "amount": 3, "price": 5, "filled": 15}
    assert deeds.names == ["welcome", "notify", "book", "notify"]
    assert result.execution.succeeded_actions == ["book", "notify"]
    assert result.execution.action_results[0].result == "did book"


def test_actions_see_the_committed_context_and_the_engines_keys(store: Any, door: Any) -> None:
    """S8.1, S8.4"""
    deeds = Deeds()
    orders = desk(store, deeds)
    door.send(orders, "o-1", "approve", {"blocked": False})
    door.send(orders, "o-1", "fill", {"amount": 2}, event_id="f-1")
    seen = deeds.contexts[2][1]
    assert seen["filled"] == 14
    assert seen["_entity_id"] == "o-1"
    assert (seen["_event"].trigger, seen["_event"].payload) == ("fill", {"amount": 2, "price": 7})
    assert seen["_event"].event_id == "f-1"
    assert seen["_action_params"] == {}
    assert len(set(deeds.keys)) == len(deeds.keys)


def test_an_entity_is_stored_when_its_actions_run(store: Any, door: Any) -> None:
    """S8.1: they run after the commit"""
    found: list[Any] = []
    orders = orchestrated(
        YAML, store, actions={"notify": lambda ctx: found.append(store.load("order", "o-1", None, False))}
    )
    door.send(orders, "o-1", "approve", {"blocked": False})
    assert [loaded.entity.state for loaded in found] == ["open"]


@pytest.mark.parametrize(
    ("trigger", "error", "reason"),
    [
        ("approve", InvalidTransitionError, "guards_failed"),
        ("close", InvalidTransitionError, "invalid_transition"),
        ("unheard", UndefinedTriggerError, "undefined_trigger"),
        ("", UndefinedTriggerError, "undefined_trigger"),
        ("_start", UndefinedTriggerError, "undefined_trigger"),
        ("fill", InvalidTransitionError, "invalid_transition"),
    ],
)
def test_a_refused_event_is_a_result_and_writes_nothing(
    store: Any, door: Any, trigger: str, error: type, reason: str
) -> None:
    """S2.4, S13.2"""
    orders = desk(store)
    before = door.create(orders, "o-1", {"blocked": True})
    result = door.send(orders, "o-1", trigger, event_id="e-1")
    assert type(result.error) is error
    assert result.metadata["reason"] == reason
    assert door.get(orders, "o-1") == before
    assert orders.history("o-1") == []


def test_a_payload_that_is_not_as_declared_is_a_result(store: Any, door: Any) -> None:
    """docs/yaml.md#events-and-payloads"""
    orders = desk(store)
    door.send(orders, "o-1", "approve", {"blocked": False})
    for payload in ({}, {"amount": "3"}, {"amount": 3, "colour": "red"}):
        result = door.send(orders, "o-1", "fill", payload)
        assert result.metadata["reason"] == "payload_validation"
    assert door.get(orders, "o-1").version == 1


def test_a_final_entity_takes_nothing(store: Any, door: Any) -> None:
    """S1.3"""
    orders = desk(store)
    door.send(orders, "o-1", "approve", {"blocked": False})
    door.send(orders, "o-1", "close")
    assert type(door.send(orders, "o-1", "fill", {"amount": 1}).error) is TerminalStateError
    assert door.get(orders, "o-1").version == 2


def test_an_effect_that_fails_keeps_nothing_of_the_step(store: Any, door: Any) -> None:
    """S8.2"""
    deeds = Deeds()
    orders = desk(store, deeds)
    door.send(orders, "o-1", "approve", {"blocked": False})
    before = door.get(orders, "o-1")
    assert type(door.send(orders, "o-1", "spoil", {"p": 1}).error) is ActionError
    assert door.get(orders, "o-1") == before
    assert deeds.names == ["welcome", "notify"]


def test_an_ignored_event_writes_nothing(store: Any, door: Any) -> None:
    """S2.4, S13.2"""
    orders = orchestrated(YAML.replace("meta: {", "meta: {strict_mode: false, "), store)
    before = door.create(orders, "o-1")
    result = door.send(orders, "o-1", "close", {"p": 1}, event_id="e-1")
    assert result.success
    assert result.metadata["no_op"]
    assert door.get(orders, "o-1") == before


def test_triggers_are_normalized_before_they_are_looked_up(store: Any, door: Any) -> None:
    """S12.2"""
    orders = orchestrated(YAML.replace("meta: {", "meta: {event_normalizer: lower, "), store)
    assert door.send(orders, "o-1", "APPROVE", {"blocked": False}).target_state == "open"
    assert [row.trigger for row in orders.history("o-1")] == ["approve"]


def test_the_callers_payload_is_not_shared_with_the_entity(store: Any, door: Any) -> None:
    """S8.9"""
    orders = desk(store)
    payload = {"blocked": False, "tags": ["a"]}
    door.send(orders, "o-1", "approve", payload)
    payload["tags"].append("b")
    assert door.get(orders, "o-1").context["tags"] == ["a"]


def test_a_key_of_the_engine_in_a_payload_is_refused(store: Any, door: Any) -> None:
    """S2.5"""
    orders = desk(store)
    with pytest.raises(ReservedKeyError, match="'_mine' starts with '_'"):
        door.send(orders, "o-1", "approve", {"_mine": 1})
    assert door.get(orders, "o-1") is None


async def _asked(ctx: Any) -> bool:
    return True


def test_an_async_guard_on_a_sync_path_names_the_way_out_and_writes_nothing(store: Any) -> None:
    """S5.5"""
    orders = desk(store, guards={"asked": _asked})
    with pytest.raises(GuardError, match="async_process_event"):
        orders.process_event("o-1", "ask")
    assert orders.get("o-1") is None


def test_a_guard_that_sends_to_its_own_entity_is_refused(store: Any, door: Any) -> None:
    """S8.8"""
    errors: list[Exception] = []

    def asked(ctx: Any) -> bool:
        try:
            orders.process_event("o-1", "approve", {"blocked": False})
        except GuardError as error:
            errors.append(error)
            raise
        return True

    orders = desk(store, guards={"asked": asked})
    result = door.send(orders, "o-1", "ask")
    assert "a guard sent an event to its own entity 'o-1'" in str(errors[0])
    assert result.metadata["guard_errors"]
    assert door.get(orders, "o-1") is None


def test_a_guard_may_send_to_another_entity(store: Any, door: Any) -> None:
    """S8.8"""

    def asked(ctx: Any) -> bool:
        return bool(orders.process_event("other", "approve", {"blocked": False}).success)

    orders = desk(store, guards={"asked": asked})
    assert door.send(orders, "o-1", "ask").success
    assert orders.get("other").state == "open"


def test_an_action_may_send_to_its_own_entity(store: Any, door: Any) -> None:
    """S8.8: its transition is committed, and it holds no lock"""
    sent: list[Any] = []

    def notify(ctx: Any) -> None:
        if ctx["_event"].trigger == "approve":
            sent.append(orders.process_event("o-1", "close"))

    orders = orchestrated(YAML, store, actions={"notify": notify})
    door.send(orders, "o-1", "approve", {"blocked": False})
    assert sent[0].success
    assert orders.get("o-1").state == "done"


def test_without_create_missing_an_unknown_entity_is_an_error(store: Any, door: Any) -> None:
    """docs/orchestrator.md#opening-one: create_missing"""
    orders = desk(store, create_missing=False)
    with pytest.raises(StoreError, match="order has no entity 'o-1': create it first"):
        door.send(orders, "o-1", "approve", {"blocked": False})
    door.create(orders, "o-1")
    assert door.send(orders, "o-1", "approve", {"blocked": False}).success
