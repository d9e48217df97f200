"""Events that are sent while a step runs (S8.8)."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from pystator_runtime import Event, GuardError, TransitionHook
from support.doors import bound

YAML = """
    states: [{name: a, type: initial}, {name: b, on_enter: [arrived]}, {name: c, on_enter: [ended]}]
    transitions:
      - {trigger: go, source: a, dest: b, actions: [{append: {field: log, value: go}}, travel]}
      - {trigger: onward, source: b, dest: c, actions: [{append: {field: log, value: onward}}]}
      - {trigger: count, source: "*", internal: true, actions: [{increment: n}, counted]}
      - {trigger: ask, source: "*", internal: true, guards: [asked]}
      - {trigger: back, source: "*", dest: a}
    """

SENDS: dict[str, Any] = {
    "method": lambda session, trigger, **payload: getattr(session, trigger)(**payload),
    "send": lambda session, trigger, **payload: session.send(trigger, **payload),
    "handle": lambda session, trigger, **payload: session.handle(Event(trigger, payload)),
}
WAYS = {
    "sync": lambda session, trigger: session.send(trigger),
    "async": lambda session, trigger: asyncio.run(session.asend(trigger)),
}


@pytest.fixture(params=SENDS.values(), ids=SENDS)
def send(request: Any) -> Any:
    """How the inner event is sent."""
    return request.param


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def fire(request: Any) -> Any:
    """How the outer event is sent."""
    return request.param


class Entity:
    """A session whose actions are methods: each may send events to it."""

    def __init__(self, guards: Any = None, **actions: Any) -> None:
        self.log: list[Any] = []
        self.results: list[Any] = []
        functions = {
            name: lambda ctx, name=name: self._run(name, actions) for name in ("travel", "arrived", "ended", "counted")
        }
        self.machine = bound(YAML, actions=functions, guards=guards or {})
        self.session = self.machine.create(execute_actions=True)

    def _run(self, name: str, actions: dict[str, Any]) -> None:
        self.log.append(name)
        if name in actions:
            self.results.append(actions[name](self.session))


def test_an_event_sent_from_an_action_is_queued_and_returns_at_once(fire: Any, send: Any) -> None:
    """S8.8"""
    entity = Entity(travel=lambda session: send(session, "onward"))
    result = fire(entity.session, "go")
    (inner,) = entity.results
    assert inner.success
    assert inner.metadata["queued"] is True
    assert inner.trigger == "onward"
    assert (inner.all_actions, inner.execution) == ((), None)
    assert result.target_state == "b"


def test_a_queued_event_is_processed_when_the_running_step_is_over(fire: Any, send: Any) -> None:
    """S8.8: run to completion"""
    entity = Entity(travel=lambda session: send(session, "onward"))
    fire(entity.session, "go")
    assert entity.session.current_state == "c"
    assert entity.session.context["log"] == ["go", "onward"]
    assert entity.log == ["travel", "arrived", "ended"]


def test_queued_events_are_processed_in_the_order_in_which_they_were_sent(fire: Any) -> None:
    """S8.8"""
    order: list[int] = []

    def travel(session: Any) -> None:
        for number in range(3):
            session.count(number=number)

    def counted(session: Any) -> None:
        order.append(session.context["number"])
        if len(order) == 1:
            session.count(number=10)

    entity = Entity(travel=travel, counted=counted)
    fire(entity.session, "go")
    assert order == [0, 1, 2, 10]
    assert entity.session.context["n"] == 4


def test_a_queued_event_has_the_payload_that_was_sent(fire: Any) -> None:
    """S8.8"""
    payload = {"weight": [1]}

    def travel(session: Any) -> None:
        session.handle(Event("count", payload))
        payload["weight"] = [2]
        payload["other"] = [3]

    entity = Entity(travel=travel)
    fire(entity.session, "go")
    assert entity.session.context["weight"] == [1]
    assert "other" not in entity.session.context


def test_an_event_that_is_refused_when_its_turn_comes_is_nobodys_error(fire: Any) -> None:
    """S8.8"""
    results: list[Any] = []

    class Watch(TransitionHook):
        def after(self, entity_id: str, result: Any, context: Any) -> None:
            results.append((result.trigger, result.success))

    machine = bound(YAML, actions={"travel": lambda ctx: session.go()})
    session = machine.create(execute_actions=True, strict=True, hooks=[Watch()])
    assert fire(session, "go").success
    assert results == [("go", True), ("go", False)]
    assert session.current_state == "b"


def test_an_error_of_a_queued_event_is_logged_and_not_raised_to_the_sender(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S8.8, S5.5: the async guard of the queued event was met on a sync path"""

    async def asked(ctx: Any) -> bool:
        raise AssertionError("never awaited")

    def travel(session: Any) -> None:
        session.ask()
        session.onward()

    entity = Entity(guards={"asked": asked}, travel=travel)
    assert entity.session.go().target_state == "b"
    assert entity.session.current_state == "c"
    assert "the queued event 'ask' failed" in caplog.text


def test_thousands_of_events_can_follow_from_one_another(fire: Any) -> None:
    """S8.8: never re-entered, so the stack does not grow"""

    def counted(session: Any) -> None:
        if session.context["n"] < 3000:
            session.count()

    entity = Entity(counted=counted)
    fire(entity.session, "count")
    assert entity.session.context["n"] == 3000


def test_a_payload_key_of_the_engines_is_refused_in_an_action_too(fire: Any) -> None:
    """S2.5, S8.6"""
    entity = Entity(travel=lambda session: session.send("onward", _x=1))
    result = fire(entity.session, "go")
    assert result.execution.failed_actions == ["travel"]
    assert entity.session.current_state == "b"


def test_sending_from_a_guard_is_refused(fire: Any, send: Any) -> None:
    """S8.8"""
    errors: list[BaseException] = []

    def asked(ctx: Any) -> bool:
        try:
            send(session, "count")
        except GuardError as error:
            errors.append(error)
            raise
        return True

    machine = bound(YAML, guards={"asked": asked})
    for options in ({}, {"execute_actions": True}, {"thread_safe": True}):
        session = machine.create(context={"n": 0}, **options)
        result = fire(session, "ask")
        assert result.metadata["reason"] == "guards_failed"
        assert "GuardError" in result.metadata["guard_errors"][0]["error"]
        assert session.context == {"n": 0}
        assert session.count().success
    assert len(errors) == 3
    assert "'count'" in str(errors[0])


def test_what_a_guard_sent_is_not_processed_even_if_the_guard_swallows_the_refusal(
    fire: Any,
) -> None:
    """S8.8"""

    def asked(ctx: Any) -> bool:
        with pytest.raises(GuardError):
            session.count()
        return True

    session = bound(YAML, guards={"asked": asked}).create(context={"n": 0})
    assert fire(session, "ask").success
    assert session.context == {"n": 0}


@pytest.mark.parametrize("thread_safe", [False, True])
def test_an_event_sent_outside_of_the_context_variables_is_queued_all_the_same(thread_safe: bool) -> None:
    """S8.8: never a deadlock"""
    machine = bound(YAML, actions={"travel": lambda ctx: contextvars.Context().run(session.onward)})
    session = machine.create(execute_actions=True, thread_safe=thread_safe)
    session.go()
    assert session.current_state == "c"


def test_an_action_may_run_an_event_loop_of_its_own() -> None:
    """S8.8: never a deadlock"""
    entity = Entity(travel=lambda session: asyncio.run(session.asend("onward")))
    entity.session.go()
    assert entity.results[0].metadata["queued"]
    assert entity.session.current_state == "c"


def test_sessions_can_send_to_each_other(fire: Any) -> None:
    """S8.8"""
    inner: dict[str, Any] = {}

    def ping(ctx: Any) -> None:
        inner["pong"] = pong.go()

    def reply(ctx: Any) -> None:
        inner["back"] = one.onward()

    one = bound(YAML, actions={"travel": ping}).create(execute_actions=True)
    pong = bound(YAML, actions={"travel": reply}).create(execute_actions=True)
    assert fire(one, "go").target_state == "b"
    assert inner["pong"].target_state == "b"
    assert "queued" not in inner["pong"].metadata
    assert inner["back"].metadata["queued"] is True
    assert (one.current_state, pong.current_state) == ("c", "b")


def test_a_snapshot_asked_for_in_an_action_shows_the_step_that_is_committed(fire: Any) -> None:
    """S8.8, S8.1: actions run after the commit"""
    snapshots: list[Any] = []
    entity = Entity(travel=lambda session: snapshots.append(session.snapshot()))
    fire(entity.session, "go")
    (snapshot,) = snapshots
    assert snapshot["current_state"] == "b"
    assert snapshot["context"] == {"log": ["go"]}


def test_a_snapshot_asked_for_by_a_guard_shows_the_step_before() -> None:
    """S8.8"""
    snapshots: list[Any] = []
    machine = bound(YAML, guards={"asked": lambda ctx: snapshots.append(session.snapshot()) or True})
    session = machine.create(context={"n": 0})
    session.ask(n=5)
    assert snapshots[0]["context"] == {"n": 0}
    assert session.context == {"n": 5}


def test_a_session_works_on_after_an_action_was_interrupted() -> None:
    """S8.8: wedges nothing"""

    def interrupt(session: Any) -> None:
        session.onward()
        raise KeyboardInterrupt

    entity = Entity(travel=interrupt)
    with pytest.raises(KeyboardInterrupt):
        entity.session.go()
    assert entity.session.current_state == "b"
    entity.session.count()
    assert entity.session.current_state == "c"
    assert entity.session.context["n"] == 1
