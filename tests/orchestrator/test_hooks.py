"""What hooks and logs are told of stored entities."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from pystator_runtime import StoreError, TransitionHook
from support.doubles import Double
from support.gate import Gate, cancelled
from support.orchestrated import Deeds, StoppedClock, orchestrated

pytestmark = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

YAML = """
    meta: {machine_name: order, version: "1"}
    states: [{name: new, type: initial}, {name: open, on_enter: [act], timeout: {seconds: 5, destination: new}}]
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [{expr: "fine"}], actions: [{increment: n}]}
      - {trigger: ask, source: "*", internal: true, guards: [asked]}
      - {trigger: put, source: "*", internal: true}
    """
LOGGER = "pystator_runtime.orchestrator"


class Log(TransitionHook):
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def before(self, entity_id: str, state: str, trigger: str, context: Any) -> None:
        self.told.append(("before", entity_id, state, trigger, dict(context)))

    def after(self, entity_id: str, result: Any, context: Any) -> None:
        outcomes = None if result.execution is None else result.execution.succeeded_actions
        self.told.append(("after", entity_id, result.trigger, result.success, dict(context), outcomes))

    def error(self, entity_id: str, state: str, trigger: str, error: BaseException) -> None:
        self.told.append(("error", entity_id, state, trigger, type(error)))


def test_they_are_told_of_every_event_before_and_after(store: Any, door: Any) -> None:
    """hooks.py: with the outcomes of actions"""
    log = Log()
    orders = orchestrated(YAML, store, hooks=[log])
    door.create(orders, "o-1", {"a": 1})
    assert log.told == []
    door.send(orders, "o-1", "approve", {"fine": True})
    assert log.told == [
        ("before", "o-1", "new", "approve", {"a": 1, "fine": True}),
        ("after", "o-1", "approve", True, {"a": 1, "fine": True, "n": 1}, ["act"]),
    ]
    assert type(log.told[0][2]) is str


def test_they_are_told_of_refused_events(store: Any, door: Any) -> None:
    """hooks.py"""
    log = Log()
    orders = orchestrated(YAML, store, hooks=[log])
    door.create(orders, "o-1")
    door.send(orders, "o-1", "approve", {"fine": False})
    assert log.told == [
        ("before", "o-1", "new", "approve", {"fine": False}),
        ("after", "o-1", "approve", False, {}, None),
    ]


def test_they_are_told_of_timers(store: Any, door: Any) -> None:
    """hooks.py, S9.4: as of events"""
    log, clock = Log(), StoppedClock()
    orders = orchestrated(YAML, store, hooks=[log], scheduler=clock)
    door.send(orders, "o-1", "approve", {"fine": True})
    log.told.clear()
    clock.now += 5_000
    door.run_due(orders)
    assert [told[:4] for told in log.told] == [
        ("before", "o-1", "open", "_timeout_open"),
        ("after", "o-1", "_timeout_open", True),
    ]


def test_an_event_that_is_decided_again_is_told_once(store: Any, door: Any) -> None:
    """hooks.py: whatever others did meanwhile"""

    class Slow(Double):
        times = 2

        async def meet(self, name: str, call: Any, *given: Any) -> Any:
            if name == "commit" and self.times:
                self.times -= 1
                orchestrated(YAML, store).process_event("o-1", "put")
            return await call(*given)

    log = Log()
    orders = orchestrated(YAML, Slow(store), hooks=[log])
    door.send(orders, "o-1", "approve", {"fine": True})
    assert [told[0] for told in log.told] == ["before", "after"]


def test_an_event_that_was_answered_before_is_told_to_nobody(store: Any, door: Any) -> None:
    """hooks.py, S13.1: it is not decided"""
    log = Log()
    orders = orchestrated(YAML, store, hooks=[log])
    for _ in range(2):
        door.send(orders, "o-1", "put", event_id="e-1")
    assert [told[0] for told in log.told] == ["before", "after"]


def test_they_are_told_where_the_entity_was_when_an_event_could_not_be_decided(store: Any, door: Any) -> None:
    """hooks.py"""
    log = Log()
    orders = orchestrated(YAML, store, hooks=[log])
    door.create(orders, "o-1")
    with pytest.raises(StoreError):
        door.send(orders, "o-1", "put", {"a": {1}})
    assert log.told[1:] == [("error", "o-1", "new", "put", StoreError)]


def test_where_the_entity_was_not_even_read_the_state_is_empty(store: Any, door: Any) -> None:
    """hooks.py"""

    class Away(Double):
        async def meet(self, name: str, call: Any, *given: Any) -> Any:
            raise StoreError("away")

    log = Log()
    with pytest.raises(StoreError):
        door.send(orchestrated(YAML, Away(store), hooks=[log]), "o-1", "put")
    assert log.told == [("error", "o-1", "", "put", StoreError)]


def test_a_cancellation_is_told_as_what_it_is(store: Any) -> None:
    """hooks.py"""
    log = Log()

    async def scenario() -> None:
        gate = Gate()
        orders = orchestrated(YAML, store, hooks=[log], guards={"asked": gate})
        task = asyncio.create_task(orders.async_process_event("o-1", "ask"))
        await gate.reached.wait()
        assert await cancelled(task)

    asyncio.run(scenario())
    assert log.told[1:] == [("error", "o-1", "new", "ask", asyncio.CancelledError)]


def test_one_that_raises_is_logged_and_changes_nothing(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """hooks.py"""

    class Broken(TransitionHook):
        def before(self, *what: Any) -> None:
            raise RuntimeError("broken before")

        def after(self, *what: Any) -> None:
            raise RuntimeError("broken after")

    log = Log()
    orders = orchestrated(YAML, store, hooks=[Broken(), log])
    assert door.send(orders, "o-1", "put").success
    assert [told[0] for told in log.told] == ["before", "after"]
    assert "broken before" in caplog.text
    assert "broken after" in caplog.text


# -- logs ------------------------------------------------------------------------------------------------------


def _fields(record: logging.LogRecord, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)


def test_each_event_is_logged_with_what_became_of_it(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """journal.py: at INFO, with fields for machines to read"""
    orders = orchestrated(YAML.replace("meta: {", "meta: {strict_mode: false, "), store)
    with caplog.at_level(logging.INFO, LOGGER):
        door.create(orders, "o-1")
        for payload in ({"fine": False}, {"fine": True}, {"fine": True}):
            door.send(orders, "o-1", "approve", payload, event_id="e-1")
        door.send(orders, "o-1", "approve")
    names = ("levelname", "machine", "entity_id", "trigger", "source_state", "target_state", "event_id", "outcome")
    assert [_fields(record, *names) for record in caplog.records] == [
        ("INFO", "order", "o-1", "_start", "new", "new", None, "taken"),
        ("INFO", "order", "o-1", "approve", "new", None, "e-1", "refused"),
        ("INFO", "order", "o-1", "approve", "new", "open", "e-1", "taken"),
        ("INFO", "order", "o-1", "approve", "new", "open", "e-1", "duplicate"),
        ("INFO", "order", "o-1", "approve", "open", "open", None, "ignored"),
    ]
    assert [record.getMessage() for record in caplog.records][1:3] == [
        "'o-1' of order: 'approve' was refused in 'new': InvalidTransitionError: "
        "'approve' is not possible from 'new' now: fine (does not hold)",
        "'o-1' of order: 'approve' led from 'new' to 'open'",
    ]


def test_each_action_is_logged_by_how_it_went(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """journal.py: DEBUG if it ran, WARNING if it is tried again, ERROR if somebody has to look at it"""
    yaml = YAML.replace("on_enter: [act]", "on_enter: [{name: act, retry: 1}]")
    with caplog.at_level(logging.DEBUG, LOGGER):
        orders = orchestrated(yaml, store, actions=Deeds(act=3).named("act"))
        for entity_id in ("o-1", "o-2"):
            door.send(orders, entity_id, "approve", {"fine": True})
    records = [record for record in caplog.records if hasattr(record, "action")]
    assert [_fields(record, "levelname", "entity_id", "action", "attempts") for record in records] == [
        ("WARNING", "o-1", "act", 1),
        ("ERROR", "o-1", "act", 2),
        ("WARNING", "o-2", "act", 1),
        ("DEBUG", "o-2", "act", 2),
    ]
    assert records[1].action_key == orders.failed_actions()[0].key
    assert "failed for good: see failed_actions(): ConnectionError: act is away" in records[1].getMessage()
    assert records[1].exc_info is not None
    assert "failed and is tried again in 0 s" in records[0].getMessage()


def test_by_default_nothing_routine_is_logged(store: Any, door: Any, caplog: pytest.LogCaptureFixture) -> None:
    """journal.py"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve", {"fine": True})
    door.send(orders, "o-1", "unheard")
    assert caplog.records == []
