"""Declared payloads (docs/yaml.md#events-and-payloads, S8.3)."""

from __future__ import annotations

import asyncio
import copy
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pystator_runtime import Event, InvalidTransitionError, ReservedKeyError
from support.doors import Door, bound, placed

MACHINE = bound(
    """
    events:
      - name: fill
        payload:
          qty: integer
          price: {type: decimal, required: false}
          tags: {type: "list[string]", default: [new]}
          note: "string? = null"
          side: {values: [buy, sell], default: buy}
      - {name: cancel, payload: {}}
      - {name: price, payload: {price: number}}
    state_variables: [{key: total, type: integer}]
    states: [{name: a, type: initial}, {name: b}]
    transitions:
      - {trigger: fill, source: a, dest: b, guards: [{expr: "qty > 1 and len(tags) > 0"}]}
      - {trigger: fill, source: b, dest: b, actions: [{increment: n}]}
      - {trigger: cancel, source: "*", dest: a}
      - {trigger: free, source: "*", dest: a}
      - {trigger: price, source: b, dest: a}
    """
)
CHECKED = {
    "send": lambda session, trigger, payload: session.send(trigger, **payload),
    "asend": lambda session, trigger, payload: asyncio.run(session.asend(trigger, **payload)),
    "handle": lambda session, trigger, payload: session.handle(Event(trigger, payload)),
    "ahandle": lambda session, trigger, payload: asyncio.run(session.ahandle(Event(trigger, payload))),
    "executing handle": lambda session, trigger, payload: session.handle(Event(trigger, payload)),
}
FILLED = {"tags": ["new"], "note": None, "side": "buy"}


@pytest.fixture(params=CHECKED, ids=CHECKED)
def send(request: Any) -> Any:
    """A door of a session that takes a plain mapping: answers the result, the state and the context."""
    options = {"execute_actions": True} if request.param.startswith("executing") else {}

    def sent(state: str, trigger: str, payload: Any, context: Any = None) -> Any:
        session = placed(MACHINE, state, context or {}, **options)
        result = CHECKED[request.param](session, trigger, payload)
        return result, session.current_state, session.context

    return sent


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({}, "qty is required and missing"),
        ({"qty": "2"}, "qty must be integer, not '2'"),
        ({"qty": True}, "qty must be integer, not True"),
        ({"qty": 2.0}, "qty must be integer"),
        ({"qty": None}, "qty must be integer"),
        ({"qty": 2, "tags": "x"}, "tags must be list[string]"),
        ({"qty": 2, "tags": [1]}, "tags must be list[string]"),
        ({"qty": 2, "price": "1.5"}, "price must be decimal"),
        ({"qty": 2, "note": 5}, "note must be string?"),
        ({"qty": 2, "side": "hold"}, "side must be one of 'buy', 'sell'"),
        ({"qty": 2, "more": 1}, "more is not a field"),
    ],
)
def test_a_payload_that_is_not_as_declared_is_refused(send: Any, payload: Any, told: str) -> None:
    """docs/yaml.md#events-and-payloads"""
    for state in ("a", "b"):
        result, after, context = send(state, "fill", payload, {"kept": 1})
        assert isinstance(result.error, InvalidTransitionError)
        assert result.metadata["reason"] == "payload_validation"
        assert any(told in error for error in result.metadata["errors"])
        assert told in str(result.error)
        assert (after, context) == (state, {"kept": 1})


def test_all_that_is_wrong_is_told_at_once(send: Any) -> None:
    """docs/yaml.md#events-and-payloads"""
    result, _, _ = send("a", "fill", {"tags": 1, "more": 1})
    assert len(result.metadata["errors"]) == 3


def test_a_payload_that_fits_is_taken_with_its_defaults(send: Any) -> None:
    """docs/yaml.md#events-and-payloads, S8.3"""
    result, state, context = send("a", "fill", {"qty": 2, "side": "sell"})
    assert result.success
    assert (state, context) == ("b", {"qty": 2, **FILLED, "side": "sell"})


def test_guards_and_effects_see_the_defaults(send: Any) -> None:
    """docs/yaml.md#events-and-payloads"""
    assert send("a", "fill", {"qty": 2})[1] == "b"
    assert send("a", "fill", {"qty": 2, "tags": []})[1] == "a"
    assert send("b", "fill", {"qty": 2})[2] == {"qty": 2, **FILLED, "n": 1}


def test_no_two_events_share_a_default(send: Any) -> None:
    """S8.9"""
    _, _, context = send("a", "fill", {"qty": 2})
    context["tags"].append("spoilt")
    assert send("a", "fill", {"qty": 2})[2]["tags"] == ["new"]


def test_an_empty_payload_means_none(send: Any) -> None:
    """docs/yaml.md#events-and-payloads"""
    assert send("b", "cancel", {})[1] == "a"
    result, state, _ = send("b", "cancel", {"x": 1})
    assert result.metadata["reason"] == "payload_validation"
    assert state == "b"


def test_a_trigger_without_a_declaration_takes_what_it_is_given(send: Any) -> None:
    """docs/yaml.md#events-and-payloads"""
    assert send("b", "free", {"total": 1, "whatever": "x"})[2] == {"total": 1, "whatever": "x"}


def test_a_payload_is_looked_at_only_where_the_trigger_leads_somewhere() -> None:
    """S2.4"""
    machine = bound(
        """
        events: [{name: go, payload: {n: integer}}]
        states: [{name: a, type: initial}, {name: b}, {name: z, type: terminal}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {trigger: end, source: "*", dest: z}
        """
    )
    reasons = [placed(machine, s).handle(Event("go")).metadata["reason"] for s in ("a", "b", "z")]
    assert reasons == ["payload_validation", "invalid_transition", "terminal_state"]


def test_the_payload_is_looked_at_before_the_guards() -> None:
    """docs/yaml.md#events-and-payloads"""
    result = placed(MACHINE, "a").handle(Event("fill", {"qty": "9"}))
    assert result.metadata["reason"] == "payload_validation"
    assert "guard_errors" not in result.metadata


def test_methods_take_the_payload_as_keyword_arguments() -> None:
    """docs/yaml.md#events-and-payloads"""
    session = placed(MACHINE, "a")
    assert session.fill(qty=2).success
    assert session.context == {"qty": 2, **FILLED}
    assert session.cancel().success
    with pytest.raises(TypeError):
        session.cancel(x=1)


STATELESS: dict[str, Any] = {
    "process": lambda *event: MACHINE.process(*event),
    "aprocess": lambda *event: asyncio.run(MACHINE.aprocess(*event)),
}


@pytest.mark.parametrize("process", STATELESS.values(), ids=STATELESS)
def test_at_the_stateless_doors_the_payload_is_looked_for_in_the_context(process: Any) -> None:
    """docs/yaml.md#events-and-payloads: other keys are the entity's own"""
    context = {"total": 5, "qty": 2, **FILLED}
    assert process("a", "fill", context).target_state == "b"
    assert process("a", "fill", {**context, "qty": "2"}).metadata["reason"] == "payload_validation"
    assert process("a", "fill", {"total": 5}).metadata["reason"] == "payload_validation"
    assert process("b", "cancel", context).success
    assert process("b", "price", {"price": 1}).success
    assert process("b", "price", {"price": "1"}).metadata["reason"] == "payload_validation"
    assert process("b", "price", {}).metadata["reason"] == "payload_validation"


@pytest.mark.parametrize("process", STATELESS.values(), ids=STATELESS)
def test_at_the_stateless_doors_defaults_are_filled_in_and_told_among_the_changes(
    process: Any,
) -> None:
    """S preamble: the same answer at every door"""
    for state in ("a", "b"):
        result = process(state, "fill", {"qty": 2})
        assert result.target_state == "b"
        assert {**FILLED}.items() <= dict(result.changes).items()
    assert process("a", "fill", {"qty": 2, "tags": []}).metadata["reason"] == "guards_failed"


def test_an_event_in_a_normalized_machine_has_the_payload_of_its_trigger(open_door: Door) -> None:
    """S12.2"""
    machine = bound(
        """
        meta: {event_normalizer: lower}
        events: [{name: go, payload: {n: integer}}]
        states: [{name: a, type: initial}, {name: b}]
        transitions:
          - {trigger: go, source: a, dest: b}
          - {trigger: other, source: a, dest: b}
        """
    )
    assert open_door(machine, "a", "GO", {}, {"n": 1}).state == "b"
    assert open_door(machine, "a", "GO", {}, {"n": "1"}).result.metadata["reason"] == "payload_validation"


DECODED = """
    events:
      - name: pay
        payload: {amount: decimal, at: "datetime?", ids: "list[uuid]", on: "date?", note: "string = none"}
    state_variables: [{key: due, type: date}]
    states: [{name: a, type: initial}]
    transitions: [{trigger: pay, source: a, dest: a}, {trigger: free, source: a, dest: a}]
    """


def test_a_payload_can_be_decoded_from_json() -> None:
    """S13.4: as contexts are"""
    machine = bound(DECODED)
    at, number = datetime(2024, 2, 29, tzinfo=UTC), UUID(int=5)
    payload = {"amount": Decimal("9.50"), "at": at, "ids": [number], "on": date(2024, 2, 29), "note": "x"}
    data = json.loads(json.dumps(payload, default=str)) | {"at": at.isoformat()}
    given = copy.deepcopy(data)
    assert machine.decode_payload("pay", data) == payload
    assert data == given, "it is a copy"
    assert machine.create().handle(Event("pay", machine.decode_payload("pay", data))).success
    assert machine.decode_payload("free", {"due": "2024-02-29", "n": "2024-02-29"}) == {
        "due": date(2024, 2, 29),
        "n": "2024-02-29",
    }


def test_what_cannot_be_decoded_is_told_by_whoever_it_is_sent_to() -> None:
    """S13.4"""
    machine = bound(DECODED)
    data = {"amount": "much", "at": 5, "ids": ["x"], "other": 1}
    decoded = machine.decode_payload("pay", data)
    assert decoded == data
    result = machine.create().handle(Event("pay", decoded))
    assert result.metadata["reason"] == "payload_validation"
    assert "amount must be decimal, not 'much'" in str(result.error)


def test_a_number_of_json_becomes_the_decimal_that_it_shows() -> None:
    """S13.4: not the binary fraction nearest to it"""
    assert bound(DECODED).decode_payload("pay", {"amount": 0.1}) == {"amount": Decimal("0.1")}


@pytest.mark.parametrize("payload", ["{v: integer}", "{v: integer = 3}", "{}"])
def test_send_answers_what_does_not_fit_also_where_all_triggers_take_the_same(payload: str) -> None:
    """S2.4, S2.5: as every other door does"""
    machine = bound(
        f"""
        events: [{{name: go, payload: {payload}}}]
        states: [{{name: a, type: initial}}]
        transitions: [{{trigger: go, source: a, dest: a}}]
        """
    )
    session = machine.create()

    def by_every_door(trigger: str, **given: Any) -> list[Any]:
        return [
            session.send(trigger, **given),
            asyncio.run(session.asend(trigger, **given)),
            session.handle(Event(trigger, given)),
        ]

    for result in by_every_door("nope"):
        assert result.metadata["reason"] == "undefined_trigger"
    for result in by_every_door("go", v=1, w=1):
        assert result.metadata["reason"] == "payload_validation"
    for door in (session.send, session.view().asend, session.asend):
        with pytest.raises(ReservedKeyError):
            asyncio.run(asyncio.wait_for(_awaited(door("go", v=1, _w=1)), 5))
    for result in by_every_door("go", **({} if payload == "{}" else {"v": 1})):
        assert result.success


async def _awaited(answer: Any) -> Any:
    return await answer if hasattr(answer, "__await__") else answer
