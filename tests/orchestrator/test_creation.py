"""Entities come into being: by `create`, or by their first event (S3.5, S13.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pystator_runtime import (
    ActionError,
    ActionExecutor,
    ActionRegistry,
    AutoTransitionLoopError,
    ConfigurationError,
    Orchestrator,
    ReservedKeyError,
    StoreError,
)
from support.machines import load, machine_class
from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated

YAML = """
    meta: {machine_name: order, version: "3"}
    state_variables:
      - {key: qty, type: integer, default: 1}
      - {key: tags, default: [x]}
      - {key: quick, type: boolean}
    states:
      - {name: new, type: initial, on_enter: [{increment: qty}, welcome]}
      - {name: checked, on_enter: [inspect]}
      - {name: open}
    transitions:
      - {auto: true, source: new, dest: checked, guards: [{expr: "quick"}], actions: [{set: {hurried: true}}]}
      - {trigger: approve, source: [new, checked], dest: open, actions: [notify]}
      - {trigger: expire, source: new, dest: open, after: 1h}
    """


def test_create_enters_the_initial_state(store: Any, door: Any) -> None:
    """S3.5, S10.3"""
    deeds, clock = Deeds(), StoppedClock()
    orders = orchestrated(YAML, store, actions=deeds.named("welcome", "inspect", "notify"), scheduler=clock)
    entity = door.create(orders, "o-1", {"client": "c-1", "quick": False})
    assert (entity.entity_id, entity.state, entity.version) == ("o-1", "new", 1)
    assert entity.context == {"client": "c-1", "quick": False, "qty": 2, "tags": ["x"]}
    assert (entity.machine_name, entity.machine_version) == ("order", "3")
    assert entity.created_at == entity.updated_at == datetime.fromtimestamp(MOMENT / 1000, UTC)
    assert [timer.trigger for timer in entity.timers] == ["expire"]
    assert deeds.names == ["welcome"]
    assert deeds.contexts[0][1]["_event"].trigger == "_start"
    assert door.get(orders, "o-1") == entity


def test_automatic_transitions_follow_at_once(store: Any, door: Any) -> None:
    """S3.5, S7.1"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("welcome", "inspect", "notify"))
    entity = door.create(orders, "o-1", {"quick": True})
    assert (entity.state, entity.version, entity.context["hurried"]) == ("checked", 1, True)
    assert deeds.names == ["welcome", "inspect"]


def test_an_entity_that_is_there_is_not_created_again(store: Any, door: Any) -> None:
    """docs/orchestrator.md#events: create"""
    orders = orchestrated(YAML, store)
    entity = door.create(orders, "o-1")
    with pytest.raises(StoreError, match="order has an entity 'o-1' already"):
        door.create(orders, "o-1", {"qty": 9})
    assert door.get(orders, "o-1") == entity


def test_creation_and_first_event_are_one_commit(store: Any, door: Any) -> None:
    """S13.2"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("welcome", "inspect", "notify"))
    result = door.send(orders, "o-1", "approve", {"p": 1})
    entity = door.get(orders, "o-1")
    assert (result.source_state, result.target_state) == ("new", "open")
    assert (entity.version, entity.context) == (1, {"qty": 2, "tags": ["x"], "p": 1})
    assert deeds.names == ["welcome", "notify"]
    assert result.execution.succeeded_actions == ["welcome", "notify"]
    assert [(row.trigger, row.version) for row in orders.history("o-1")] == [("approve", 1)]


def test_a_refused_first_event_creates_nothing(store: Any, door: Any) -> None:
    """S13.2"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("welcome", "inspect", "notify"))
    assert not door.send(orders, "o-1", "unheard").success
    assert door.get(orders, "o-1") is None
    assert orders.history("o-1") == []
    assert orders.find() == []
    assert deeds.names == []


def test_an_entry_that_fails_creates_nothing(store: Any, door: Any) -> None:
    """S3.5: create raises its error, an event is answered by the failed result"""
    orders = orchestrated(
        YAML.replace("default: 1}", "default: 0}").replace("increment: qty", "increment: tags"), store
    )
    with pytest.raises(ActionError, match="an effect failed"):
        door.create(orders, "o-1")
    assert type(door.send(orders, "o-1", "approve").error) is ActionError
    assert door.get(orders, "o-1") is None


def test_automatic_transitions_that_never_end_create_nothing(store: Any, door: Any) -> None:
    """S7.2"""
    endless = """
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {auto: true, source: a, dest: b, guards: [{expr: "on"}]}
          - {auto: true, source: b, dest: a, guards: [{expr: "on"}]}
        """
    endless = orchestrated(endless, store)
    with pytest.raises(AutoTransitionLoopError):
        door.create(endless, "o-1", {"on": True})
    assert door.get(endless, "o-1") is None


def test_a_key_of_the_engine_is_refused(store: Any, door: Any) -> None:
    """S8.4"""
    orders = orchestrated(YAML, store)
    with pytest.raises(ReservedKeyError, match="'_x' starts with '_'"):
        door.create(orders, "o-1", {"_x": 1})
    assert door.get(orders, "o-1") is None


def test_the_callers_context_is_not_shared(store: Any, door: Any) -> None:
    """S8.9"""
    orders = orchestrated(YAML, store)
    given = {"lines": [1]}
    entity = door.create(orders, "o-1", given)
    given["lines"].append(2)
    entity.context["lines"].append(3)
    assert door.get(orders, "o-1").context["lines"] == [1]


def test_an_entity_that_was_deleted_can_come_again_and_its_actions_are_others(store: Any, door: Any) -> None:
    """S8: an action key names one action, whatever becomes of the entity"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("welcome", "inspect", "notify"), scheduler=StoppedClock())
    door.create(orders, "o-1")
    assert orders.delete("o-1")
    assert door.get(orders, "o-1") is None
    assert door.create(orders, "o-1").version == 1
    assert len(set(deeds.keys)) == 2


def test_actions_that_are_not_bound_are_told_when_the_orchestrator_is_made(store: Any) -> None:
    """S5.4"""

    machine: Any = machine_class(load(YAML)).unbound()
    with pytest.raises(ConfigurationError, match="actions inspect, notify, welcome"):
        Orchestrator(machine, store)
    with pytest.raises(ConfigurationError, match="the executor of order has no function for actions inspect, notify"):
        Orchestrator(machine, store, executor=ActionExecutor(ActionRegistry({"welcome": print})))


@pytest.mark.parametrize("wrong", [{"action_lease": 0}, {"action_lease": -1}, {"max_conflict_retries": -1}])
def test_settings_that_make_no_sense_are_refused(store: Any, wrong: dict[str, Any]) -> None:
    """docs/orchestrator.md#opening-one"""

    with pytest.raises(ConfigurationError, match="action_lease has to be more than 0 seconds"):
        orchestrated(YAML, store, **wrong)
