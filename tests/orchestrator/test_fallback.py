"""What leads nowhere leads to the fallback state, where the machine says so (S12.1)."""

from __future__ import annotations

from typing import Any

import pytest

from pystator_runtime import InvalidTransitionError, TerminalStateError, UndefinedTriggerError
from support.orchestrated import Deeds, StoppedClock, orchestrated

pytestmark = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

YAML = """
    meta: {machine_name: order, orchestrator_default_fallback: persist}
    error_policy: {default_fallback: broken}
    events: [{name: fill, payload: {amount: integer}}]
    states:
      - {name: new, type: initial, on_exit: [leave], timeout: {seconds: 60, destination: open}}
      - {name: open, initial_child: part}
      - {name: part, parent: open}
      - {name: done, type: terminal}
      - {name: broken, type: error, on_enter: [alarm, {increment: alarms}], timeout: {seconds: 5, destination: new}}
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [{expr: "fine"}]}
      - {trigger: fill, source: open, dest: open}
      - {trigger: close, source: open, dest: done}
      - {trigger: mend, source: broken, dest: "H*(open)"}
    """
LED_NOWHERE = {
    "an unknown trigger": ("unheard", UndefinedTriggerError),
    "from elsewhere": ("close", InvalidTransitionError),
    "guards that failed": ("approve", InvalidTransitionError),
}


@pytest.mark.parametrize(("trigger", "error"), LED_NOWHERE.values(), ids=LED_NOWHERE)
def test_it_is_an_ordinary_external_transition_that_keeps_the_error(
    store: Any, door: Any, trigger: str, error: type
) -> None:
    """S12.1: exits, entries, effects, timers, audit"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("leave", "alarm"), scheduler=StoppedClock())
    door.create(orders, "o-1", {"fine": False})
    result = door.send(orders, "o-1", trigger, {"p": 1}, event_id="e-1")
    assert result.success
    assert (result.source_state, result.target_state, result.trigger) == ("new", "broken", trigger)
    assert type(result.metadata["original_error"]) is error
    assert result.all_actions == ("leave", "alarm")
    entity = door.get(orders, "o-1")
    assert (entity.state, entity.version) == ("broken", 2)
    assert entity.context == {"fine": False, "p": 1, "alarms": 1}
    assert [timer.source for timer in entity.timers] == ["broken"]
    assert deeds.names == ["leave", "alarm"]
    (row,) = orders.history("o-1")
    assert (row.trigger, row.target_state, row.success) == (trigger, "broken", True)


def test_history_is_recorded_on_the_way(store: Any, door: Any) -> None:
    """S12.1, S4.1"""
    orders = orchestrated(YAML, store)
    for trigger in ("approve", "unheard", "mend"):
        door.send(orders, "o-1", trigger, {"fine": True})
    assert door.get(orders, "o-1").state == "part"
    assert door.get(orders, "o-1").history == {"open": "part"}


def test_the_fallback_state_itself_is_left_and_entered_again(store: Any, door: Any) -> None:
    """S12.1, S3.2"""
    orders = orchestrated(YAML, store)
    for _ in range(2):
        door.send(orders, "o-1", "unheard")
    assert door.get(orders, "o-1").context["alarms"] == 2


def test_a_first_event_that_leads_nowhere_creates_the_entity_there(store: Any, door: Any) -> None:
    """S12.1, S13.2"""
    orders = orchestrated(YAML, store)
    assert door.send(orders, "o-1", "unheard").target_state == "broken"
    assert door.get(orders, "o-1").version == 1


@pytest.mark.parametrize("payload", [{}, {"amount": "x"}, {"amount": 1, "more": 1}])
def test_a_payload_that_does_not_fit_is_a_bug_of_the_sender_and_no_way_there(
    store: Any, door: Any, payload: dict[str, Any]
) -> None:
    """S12.1: it says nothing of the entity"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve", {"fine": True})
    assert door.send(orders, "o-1", "fill", payload).metadata["reason"] == "payload_validation"
    assert door.get(orders, "o-1").state == "part"


def test_a_final_entity_stays_where_it_is(store: Any, door: Any) -> None:
    """S12.1, S1.3"""
    orders = orchestrated(YAML, store)
    for trigger in ("approve", "close"):
        door.send(orders, "o-1", trigger, {"fine": True})
    assert type(door.send(orders, "o-1", "unheard").error) is TerminalStateError
    assert door.get(orders, "o-1").state == "done"


def test_a_timer_whose_guards_fail_leads_nowhere_and_not_there(store: Any, door: Any) -> None:
    """S12.1, S9.4: it is about events"""
    clock = StoppedClock()
    yaml = f"{YAML.rstrip()}\n      - {{source: part, dest: done, after: 1s, guards: [{{expr: 'not fine'}}]}}\n"
    orders = orchestrated(yaml, store, scheduler=clock)
    door.send(orders, "o-1", "approve", {"fine": True})
    clock.now += 1_000
    (result,) = door.run_due(orders)
    assert not result.success
    assert door.get(orders, "o-1").state == "part"


def test_a_hint_only_names_the_state(store: Any, door: Any) -> None:
    """S12.1"""
    orders = orchestrated(YAML.replace("persist", "hint"), store)
    before = door.create(orders, "o-1", {"fine": False})
    for trigger, error in LED_NOWHERE.values():
        result = door.send(orders, "o-1", trigger)
        assert type(result.error) is error
        assert result.metadata["fallback_state"] == "broken"
    assert door.get(orders, "o-1") == before


def test_without_it_an_error_is_an_error(store: Any, door: Any) -> None:
    """S12.1"""
    orders = orchestrated(YAML.replace(", orchestrator_default_fallback: persist", ""), store)
    result = door.send(orders, "o-1", "unheard")
    assert type(result.error) is UndefinedTriggerError
    assert "fallback_state" not in result.metadata


def test_sessions_have_no_fallback(store: Any) -> None:
    """S12.1: the orchestrator alone does this"""
    session = orchestrated(YAML, store).machine.create()
    assert not session.send("close").success
    assert session.current_state == "new"


@pytest.mark.parametrize(
    ("trigger", "payload", "reason"),
    [
        ("unheard", {"n": "x"}, "context_validation"),
        ("fill", {"amount": "much"}, "payload_validation"),
        ("fill", {"amount": 1, "other": 1}, "payload_validation"),
        ("unheard", {"n": 13}, "context_validation"),
    ],
)
def test_what_does_not_fit_is_not_kept_by_falling_back(
    store: Any, door: Any, trigger: str, payload: dict[str, Any], reason: str
) -> None:
    """S10.1, S10.2, S12.1: neither for the machine nor for the validators"""
    declared = "    state_variables: [{key: n, type: integer}, {key: fine, type: any}]\n    events:"
    yaml = YAML.replace("{machine_name: order,", "{machine_name: order, validate_context: true,")
    yaml = yaml.replace("    events:", declared)

    def validator(entity_id: str, state: str, trigger: str, context: Any) -> tuple[bool, list[str]]:
        return context.get("n") != 13, ["thirteen"]

    orders = orchestrated(yaml, store, context_validator=validator)
    door.create(orders, "o-1")
    before = door.get(orders, "o-1")
    result = door.send(orders, "o-1", trigger, payload)
    assert result.metadata["reason"] == reason
    assert result.metadata["original_error"] is not None
    after = door.get(orders, "o-1")
    assert (after.state, after.version, after.context) == (before.state, before.version, before.context)
    assert door.send(orders, "o-1", "unheard", {"n": 1}).target_state == "broken"
