"""Snapshots (S8.8, S13.4, docs/generated-module.md#snapshots)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from pystator_runtime import ConfigurationError, SnapshotError
from support.doors import bound

YAML = """
    meta: {machine_name: order, version: "2"}
    state_variables:
      - {key: at, type: datetime}
      - {key: on, type: date}
      - {key: price, type: decimal}
      - {key: ref, type: uuid}
      - {key: maybe, type: "datetime?"}
      - {key: prices, type: "list[decimal?]"}
      - {key: by_name, type: "dict[string, list[date]]"}
      - {key: by_ref, type: "dict[uuid, decimal]"}
      - {key: note, type: string}
      - {key: n, type: integer, default: 1}
    states:
      - {name: a, type: initial, on_enter: [hello, {append: {field: log, value: a}}]}
      - {name: b, on_enter: [hello]}
      - {name: pick, type: choice}
      - {name: done, type: terminal}
    transitions:
      - {trigger: go, source: a, dest: b}
      - {auto: true, source: b, dest: done, guards: [{expr: "n > 100"}]}
      - {trigger: choose, source: b, dest: pick}
      - {trigger: x, source: pick, dest: a}
    """
MACHINE = bound(YAML)
OTHER_VERSION = bound(YAML.replace('"2"', '"3"'))
OTHER_NAME = bound(YAML.replace("order", "invoice"))
SESSION = MACHINE.session_class

DECLARED: dict[str, Any] = {
    "at": datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "on": date(2024, 2, 29),
    "price": Decimal("19.90"),
    "ref": uuid.UUID(int=7),
    "maybe": datetime(2024, 1, 1, tzinfo=UTC),
    "prices": [Decimal("1.10"), None, Decimal("-2")],
    "by_name": {"x": [date(2024, 1, 1)], "y": []},
    "by_ref": {uuid.UUID(int=1): Decimal("0.1")},
    "note": "2024-01-01",
}


def through_json(snapshot: Any) -> Any:
    """What becomes of a snapshot on its way through strict JSON."""
    return json.loads(json.dumps(snapshot, allow_nan=False))


def test_a_session_comes_back_as_what_it_was() -> None:
    """docs/generated-module.md#snapshots, S13.4"""
    session = MACHINE.create("order-1", DECLARED)
    session.go(extra={"deep": [1, 2.5, None, True, "ü"]})
    restored = SESSION.from_snapshot(MACHINE, through_json(session.snapshot()))
    assert type(restored) is SESSION
    assert restored.entity_id == "order-1"
    assert restored.current_state is session.current_state
    assert restored.context == session.context
    assert {key: type(value) for key, value in restored.context.items()} == {
        key: type(value) for key, value in session.context.items()
    }
    assert restored.context["at"].utcoffset() == timedelta(hours=5, minutes=30)
    assert restored.snapshot() == session.snapshot()


def test_a_snapshot_says_all_there_is_to_say() -> None:
    """docs/generated-module.md#snapshots"""
    snapshot = MACHINE.create("order-1").snapshot()
    assert snapshot == {
        "format": 1,
        "machine_name": "order",
        "machine_version": "2",
        "entity_id": "order-1",
        "current_state": "a",
        "context": {"n": 1, "log": ["a"]},
        "history": {},
        "timers": [],
    }
    assert type(snapshot["current_state"]) is str


def test_a_snapshot_is_a_copy() -> None:
    """docs/generated-module.md#snapshots"""
    session = MACHINE.create(context={"note": "x", "extra": [1]})
    snapshot = session.snapshot()
    snapshot["context"]["extra"].append(2)
    restored = SESSION.from_snapshot(MACHINE, snapshot)
    snapshot["context"]["extra"].append(3)
    assert session.context["extra"] == [1]
    assert restored.context["extra"] == [1, 2]


def test_restoring_has_no_side_effect() -> None:
    """docs/generated-module.md#snapshots: no entry, no automatic transition, no action, no default"""
    ran: list[Any] = []
    machine = bound(YAML, actions={"hello": ran.append})
    data = {"current_state": "b", "context": {"n": 200}}
    restored = SESSION.from_snapshot(bound(YAML), data)
    assert (restored.current_state, restored.context) == ("b", {"n": 200})
    executing = machine.session_class.from_snapshot(machine, data, execute_actions=True)
    assert (executing.current_state, ran) == ("b", [])


def test_a_restored_session_works_like_any_other() -> None:
    """docs/generated-module.md#snapshots"""
    ran: list[Any] = []
    machine = bound(YAML, actions={"hello": lambda ctx: ran.append(ctx["n"])})
    data = machine.create(context={"n": 5}).snapshot()
    restored = machine.session_class.from_snapshot(
        machine, data, execute_actions=True, history=2, strict=True, thread_safe=True
    )
    assert restored.go().execution.all_succeeded
    assert ran == [5]
    assert len(restored.history) == 1
    with pytest.raises(Exception, match="leads nowhere"):
        restored.go()


def test_another_machine_version_alone_is_no_misfit() -> None:
    """docs/generated-module.md#snapshots"""
    snapshot = MACHINE.create(context=DECLARED).snapshot()
    restored = OTHER_VERSION.session_class.from_snapshot(OTHER_VERSION, snapshot)
    assert restored.context == {**DECLARED, "n": 1, "log": ["a"]}
    assert restored.snapshot()["machine_version"] == "3"


def test_a_snapshot_of_pystator_is_read() -> None:
    """docs/generated-module.md#snapshots: the keys that PyStator 0.0.47 writes"""
    restored = SESSION.from_snapshot(
        MACHINE,
        {
            "entity_id": "order-9",
            "current_state": "b",
            "context": {"price": "1.5", "_internal": 1, "free": [1]},
            "machine_name": "order",
            "machine_version": "1.0",
            "is_terminal": False,
            "workflow_status": "running",
        },
    )
    assert (restored.entity_id, restored.current_state) == ("order-9", "b")
    assert restored.context == {"price": Decimal("1.5"), "free": [1]}


def test_a_snapshot_without_an_entity_id_gets_one() -> None:
    """docs/generated-module.md#snapshots"""
    restored = SESSION.from_snapshot(MACHINE, {"current_state": "a"})
    assert restored.entity_id
    assert restored.context == {}


MISFITS: dict[str, tuple[Any, str]] = {
    "no mapping": ([1], "mapping"),
    "no state": ({"context": {}}, "None"),
    "unknown state": ({"current_state": "c"}, "'c'.*a, b, done"),
    "a choice": ({"current_state": "pick"}, "'pick'"),
    "a state that is no text": ({"current_state": 5}, "5"),
    "another machine": ({"current_state": "a", "machine_name": "invoice"}, "'invoice'.*'order'"),
    "a later format": ({"current_state": "a", "format": 2}, "format 2"),
    "history": ({"current_state": "a", "history": {"p": "c"}}, "history"),
    "timers": ({"current_state": "a", "timers": [{}]}, "timers"),
    "deferred events": ({"current_state": "a", "deferred_events": [{}, {}]}, "2 deferred"),
    "a context that is no mapping": ({"current_state": "a", "context": [1]}, "list"),
    "an entity id that is no text": ({"current_state": "a", "entity_id": 5}, "5"),
    "a datetime that is none": ({"current_state": "a", "context": {"at": "soon"}}, "at is 'soon'"),
    "a decimal that is none": ({"current_state": "a", "context": {"price": "x"}}, "price is 'x'"),
    "a uuid that is none": ({"current_state": "a", "context": {"ref": 5}}, "ref is 5"),
    "a date in a list": ({"current_state": "a", "context": {"by_name": {"x": ["y"]}}}, "by_name"),
    "NaN": ({"current_state": "a", "context": {"x": float("nan")}}, "x holds nan"),
}


@pytest.mark.parametrize(("data", "reason"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_refused_with_the_reason(data: Any, reason: str) -> None:
    """docs/generated-module.md#snapshots"""
    with pytest.raises(SnapshotError, match=reason):
        SESSION.from_snapshot(MACHINE, data)


def test_a_snapshot_of_another_machine_is_refused_with_both_names() -> None:
    """docs/generated-module.md#snapshots"""
    with pytest.raises(SnapshotError, match=r"'invoice'.*'order'"):
        SESSION.from_snapshot(MACHINE, OTHER_NAME.create().snapshot())


def test_a_session_class_restores_sessions_of_its_own_machine_only() -> None:
    """docs/generated-module.md#snapshots"""
    with pytest.raises(SnapshotError):
        SESSION.from_snapshot(OTHER_NAME, OTHER_NAME.create().snapshot())


class Opaque:
    """Something that JSON can't hold."""


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "value",
    [Opaque(), {1: "x"}, {"a", "b"}, (1, 2), b"x", Decimal(1), datetime.now(UTC), float("inf"), CYCLE],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("nested", [False, True])
def test_an_undeclared_value_that_json_can_not_hold_is_refused_by_name(value: Any, nested: bool) -> None:
    """S13.4"""
    session = MACHINE.create(context={"free": [{"x": value}] if nested else value})
    with pytest.raises(SnapshotError, match="free"):
        session.snapshot()


@pytest.mark.parametrize("key", ["at", "on", "price", "ref", "maybe", "prices", "by_name"])
def test_a_declared_variable_may_be_null_or_absent_all_the_same(key: str) -> None:
    """S13.4: declarations bind where the context is validated"""
    session = MACHINE.create(context={key: None})
    restored = SESSION.from_snapshot(MACHINE, through_json(session.snapshot()))
    assert restored.context == session.context


def test_a_subclass_of_a_plain_type_is_stored_as_the_plain_type() -> None:
    """S13.4"""
    session = MACHINE.create(context={"free": MACHINE.states[0], "note": MACHINE.states[1]})
    stored = session.snapshot()["context"]
    assert (stored["free"], type(stored["free"])) == ("a", str)
    assert type(stored["note"]) is str


def test_a_session_can_not_be_restored_with_unbound_guards() -> None:
    """S5.4"""
    yaml = """
        states: [{name: a, type: initial}]
        transitions: [{trigger: go, source: a, dest: a, guards: [g]}]
        """
    machine = type(bound(yaml)).unbound()
    with pytest.raises(ConfigurationError, match="g"):
        machine.session_class.from_snapshot(machine, {"current_state": "a"})
