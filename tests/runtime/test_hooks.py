"""Hooks: what an application is told about each event (docs/generated-module.md#hooks)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import GuardError, TransitionHook
from support.doors import bound

MACHINE = bound(
    """
    states: [{name: a, type: initial}, {name: b, on_enter: [{increment: n}, act]}]
    transitions:
      - {trigger: go, source: a, dest: b, guards: [{expr: "open"}]}
      - {trigger: ask, source: "*", internal: true, guards: [asked]}
      - {trigger: back, source: b, dest: a}
    """,
    guards={"asked": lambda ctx: ctx["answer"]},
)


class Log(TransitionHook):
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def before(self, entity_id: str, state: str, trigger: str, context: Any) -> None:
        self.told.append(("before", entity_id, str(state), trigger, dict(context)))

    def after(self, entity_id: str, result: Any, context: Any) -> None:
        self.told.append(("after", entity_id, result.trigger, result.success, dict(context)))

    def error(self, entity_id: str, state: str, trigger: str, error: BaseException) -> None:
        self.told.append(("error", entity_id, str(state), trigger, type(error)))


class Broken(TransitionHook):
    def before(self, *what: Any) -> None:
        raise RuntimeError("broken before")

    def after(self, *what: Any) -> None:
        raise RuntimeError("broken after")


WAYS = {
    "method": lambda session, trigger, **payload: getattr(session, trigger)(**payload),
    "asend": lambda session, trigger, **payload: asyncio.run(session.asend(trigger, **payload)),
}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def fire(request: Any) -> Any:
    """How the event is sent."""
    return request.param


def test_hooks_are_told_of_every_event_before_and_after(fire: Any) -> None:
    """hooks.py"""
    log = Log()
    session = MACHINE.create("e-1", {"open": True}, hooks=[log])
    assert log.told == []
    fire(session, "go", p=1)
    assert log.told == [
        ("before", "e-1", "a", "go", {"open": True, "p": 1}),
        ("after", "e-1", "go", True, {"open": True, "p": 1, "n": 1}),
    ]


def test_hooks_are_told_of_events_that_are_refused(fire: Any) -> None:
    """hooks.py"""
    log = Log()
    session = MACHINE.create("e-1", {"open": False}, hooks=[log])
    fire(session, "go", p=1)
    fire(session, "back")
    assert log.told == [
        ("before", "e-1", "a", "go", {"open": False, "p": 1}),
        ("after", "e-1", "go", False, {"open": False}),
        ("before", "e-1", "a", "back", {"open": False}),
        ("after", "e-1", "back", False, {"open": False}),
    ]


def test_all_hooks_are_told_in_order() -> None:
    """hooks.py"""
    order: list[str] = []

    class Named(TransitionHook):
        def __init__(self, name: str) -> None:
            self.name = name

        def after(self, *what: Any) -> None:
            order.append(self.name)

    MACHINE.create(context={"open": True}, hooks=[Named("x"), Named("y")]).go()
    assert order == ["x", "y"]


def test_a_hook_that_raises_is_logged_and_changes_nothing(fire: Any, caplog: pytest.LogCaptureFixture) -> None:
    """hooks.py"""
    log = Log()
    session = MACHINE.create(context={"open": True}, hooks=[Broken(), log], strict=True)
    assert fire(session, "go").success
    assert session.current_state == "b"
    assert [entry[0] for entry in log.told] == ["before", "after"]
    assert "broken before" in caplog.text
    assert "broken after" in caplog.text


def test_hooks_are_told_of_an_event_that_could_not_be_decided() -> None:
    """hooks.py"""

    async def asked(ctx: Any) -> bool:
        raise AssertionError("never awaited")

    machine = type(MACHINE).unbound()
    machine.guard("asked")(asked)
    log = Log()
    session = machine.create("e-1", hooks=[log])
    with pytest.raises(GuardError):
        session.ask()
    assert [entry[0] for entry in log.told] == ["before", "error"]
    assert log.told[1] == ("error", "e-1", "a", "ask", GuardError)


def test_the_result_that_hooks_are_told_has_the_outcomes_of_actions(fire: Any) -> None:
    """hooks.py, S8.6"""
    seen: list[Any] = []

    class Watch(TransitionHook):
        def after(self, entity_id: str, result: Any, context: Any) -> None:
            seen.append(result.execution.succeeded_actions)

    session = MACHINE.create(context={"open": True}, hooks=[Watch()], execute_actions=True)
    fire(session, "go")
    assert seen == [["act"]]


def test_a_hook_may_send_an_event_which_is_then_queued(fire: Any) -> None:
    """S8.8"""
    queued: list[Any] = []

    class Sending(TransitionHook):
        def after(self, entity_id: str, result: Any, context: Any) -> None:
            if result.trigger == "go":
                queued.append(session.back())

    session = MACHINE.create(context={"open": True}, hooks=[Sending()])
    fire(session, "go")
    assert queued[0].metadata["queued"] is True
    assert session.current_state == "a"


def test_a_plain_hook_does_nothing() -> None:
    """hooks.py"""
    assert MACHINE.create(context={"open": True}, hooks=[TransitionHook()]).go().success
