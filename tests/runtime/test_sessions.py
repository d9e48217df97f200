"""What a session is and can be asked (docs/generated-module.md#sessions)."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from pystator_runtime import (
    EntitySession,
    Event,
    FSMError,
    InvalidTransitionError,
    TerminalStateError,
    UndefinedTriggerError,
)
from support.doors import bound, placed
from support.machines import load

YAML = """
    states: [{name: a, type: initial}, {name: b}, {name: done, type: terminal}]
    transitions:
      - {trigger: end, source: b, dest: done}
      - {trigger: go, source: a, dest: b, guards: [{expr: "n > 0"}]}
      - {trigger: count, source: "*", internal: true, actions: [{increment: n}]}
    """
MACHINE = bound(YAML)


def test_a_trigger_can_be_sent_by_every_door_alike() -> None:
    """docs/generated-module.md#sessions"""
    results = [
        MACHINE.create(context={"n": 1}).go(),
        MACHINE.create(context={"n": 1}).send("go"),
        MACHINE.create(context={"n": 1}).handle(Event("go")),
        asyncio.run(MACHINE.create(context={"n": 1}).asend("go")),
        asyncio.run(MACHINE.create(context={"n": 1}).ahandle(Event("go"))),
        MACHINE.process("a", "go", {"n": 1}),
        asyncio.run(MACHINE.aprocess("a", "go", {"n": 1})),
    ]
    assert all(result == results[0] for result in results)


def test_members_of_the_enums_are_accepted_as_well_as_names() -> None:
    """docs/generated-module.md#deciding-without-a-session"""
    module = load("\n    meta: {machine_name: lamp}" + YAML)
    machine: Any = module.LampMachine()
    session = machine.create(context={"n": 1}, initial_state=module.LampState.A)
    assert session.send(module.LampTrigger.GO).success
    assert session.current_state is module.LampState.B
    assert machine.process(module.LampState.B, module.LampTrigger.END, {}).success
    assert session.handle(Event(module.LampTrigger.END)).trigger == "end"


def test_the_current_state_is_a_member_and_equals_its_name() -> None:
    """docs/generated-module.md#sessions"""
    session = MACHINE.create()
    assert session.current_state == "a"
    assert session.current_state is MACHINE.states[0]


def test_allowed_triggers_are_those_that_lead_somewhere_whatever_their_guards_say() -> None:
    """docs/generated-module.md#sessions"""
    session = MACHINE.create(context={"n": 0})
    assert session.allowed_triggers == ["go", "count"]
    session.go(n=1)
    assert session.allowed_triggers == ["end", "count"]
    session.end()
    assert session.allowed_triggers == []


def test_history_holds_the_last_results_if_asked_for() -> None:
    """docs/generated-module.md#sessions"""
    session = MACHINE.create(context={"n": 0}, history=3)
    assert session.history == []
    first = session.go()
    second = session.count()
    assert session.history == [first, second]
    third = asyncio.run(session.asend("go"))
    fourth = session.handle(Event("end"))
    assert session.history == [second, third, fourth]
    assert [result.success for result in session.history] == [True, True, True]
    assert not first.success


def test_history_is_empty_unless_asked_for_and_its_list_is_a_copy() -> None:
    """docs/generated-module.md#sessions"""
    plain = MACHINE.create(context={"n": 1})
    plain.go()
    assert plain.history == []
    kept = MACHINE.create(context={"n": 1}, history=1)
    kept.go()
    kept.history.clear()
    assert len(kept.history) == 1


def test_sessions_with_history_do_not_share_it() -> None:
    """docs/generated-module.md#sessions"""
    first, second = MACHINE.create(history=2), MACHINE.create(history=2)
    first.count()
    assert (len(first.history), len(second.history)) == (1, 0)


ASYNC_AND_SYNC = {
    "method": lambda session, trigger: getattr(session, trigger)(),
    "send": lambda session, trigger: session.send(trigger),
    "handle": lambda session, trigger: session.handle(Event(trigger)),
    "asend": lambda session, trigger: asyncio.run(session.asend(trigger)),
    "ahandle": lambda session, trigger: asyncio.run(session.ahandle(Event(trigger))),
}


@pytest.mark.parametrize("send", ASYNC_AND_SYNC.values(), ids=ASYNC_AND_SYNC)
@pytest.mark.parametrize(
    ("state", "trigger", "error"),
    [("a", "end", InvalidTransitionError), ("a", "go", InvalidTransitionError), ("done", "go", TerminalStateError)],
)
def test_a_strict_session_raises_the_error_of_a_result_that_failed(
    send: Any, state: str, trigger: str, error: type[Exception]
) -> None:
    """docs/generated-module.md#sessions"""
    session = placed(MACHINE, state, {"n": 0}, strict=True)
    with pytest.raises(FSMError) as caught:
        send(session, trigger)
    assert type(caught.value) is error
    assert (session.current_state, session.context) == (state, {"n": 0})
    assert placed(MACHINE, "a", {"n": 1}, strict=True).go().success


def test_a_strict_session_raises_failing_effects_and_unknown_triggers() -> None:
    """docs/generated-module.md#sessions, S8.2"""
    session = placed(MACHINE, "a", {"n": "text"}, strict=True)
    with pytest.raises(FSMError, match="not a number"):
        session.count()
    with pytest.raises(UndefinedTriggerError):
        session.send("fly")
    assert session.context == {"n": "text"}


def test_a_strict_session_does_not_raise_for_what_is_ignored() -> None:
    """S2.4"""
    lenient = bound("\n    meta: {strict_mode: false}" + YAML)
    assert placed(lenient, "a", strict=True).send("fly").metadata["no_op"]


def test_the_context_is_the_entitys_own() -> None:
    """docs/generated-module.md#sessions: what the caller passed is not written to"""
    mine = {"n": 0}
    session = MACHINE.create(context=mine)
    session.count()
    session.count(m=1)
    assert mine == {"n": 0}
    assert session.context == {"n": 2, "m": 1}


def test_the_callers_payload_is_left_alone() -> None:
    """docs/generated-module.md#sessions"""
    payload = {"n": 5}
    session = MACHINE.create()
    session.handle(Event("count", payload))
    assert payload == {"n": 5}
    assert session.context == {"n": 6}


def test_sessions_of_one_machine_do_not_touch_each_other() -> None:
    """docs/generated-module.md#binding-functions: a machine is stateless"""
    first, second = MACHINE.create(context={"n": 1}), MACHINE.create(context={"n": 1})
    first.go()
    first.count()
    assert (second.current_state, second.context) == ("a", {"n": 1})


def test_a_session_is_small_and_goes_away_when_it_is_dropped() -> None:
    """Sessions have slots; no cycle keeps one alive"""
    gc.disable()
    try:
        session = MACHINE.create(context={"n": 1}, history=2, strict=True)
        session.go()
        assert not hasattr(session, "__dict__")
        gone = weakref.ref(session)
        del session
        assert gone() is None
    finally:
        gc.enable()


def test_a_session_tells_its_entity_and_state() -> None:
    """docs/generated-module.md#sessions"""
    session = MACHINE.create("order-7")
    assert isinstance(session, EntitySession)
    assert "order-7" in repr(session)
    assert "'a'" in repr(session)


def test_a_normalized_machine_takes_triggers_in_any_case() -> None:
    """S12.2"""
    for way in ("lower", "upper"):
        machine = bound(f"\n    meta: {{event_normalizer: {way}}}" + YAML)
        assert machine.create(context={"n": 1}).send("GO").trigger == "go"
        assert machine.create(context={"n": 1}).handle(Event("Go")).success
        assert asyncio.run(machine.create(context={"n": 1}).asend("gO")).success
        assert machine.process("a", "GO", {"n": 1}).success
        assert asyncio.run(machine.aprocess("a", "Go", {"n": 1})).success
        assert machine.can_transition("a", "GO", {"n": 1})
        assert machine.create(context={"n": 1}).go().success
    assert isinstance(MACHINE.process("a", "GO", {"n": 1}).error, UndefinedTriggerError)


def test_a_session_whose_machine_has_no_triggers_refuses_what_is_sent() -> None:
    """S2.4: by every door there is"""
    session = bound(
        "{states: [{name: a, type: initial}, {name: b}], transitions: [{source: a, dest: b, after: 5s}]}"
    ).create()
    for result in (session.send("go"), session.handle(Event("go")), asyncio.run(session.asend("go"))):
        assert isinstance(result.error, UndefinedTriggerError)
