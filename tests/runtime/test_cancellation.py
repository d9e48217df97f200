"""A cancelled or failing sender wedges nothing, and nobody else receives its error (S8.8)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystator_runtime import InvalidTransitionError, TransitionHook
from support.doors import bound
from support.gate import Gate, cancelled

YAML = """
    states: [{name: a, type: initial}, {name: b}]
    transitions:
      - {trigger: go, source: a, dest: b, actions: [act]}
      - {trigger: count, source: "*", internal: true, actions: [{increment: n}]}
      - {trigger: ask, source: "*", internal: true, guards: [asked], actions: [{increment: asked}]}
      - {trigger: work, source: "*", internal: true, actions: [{increment: worked}, act]}
    """
KINDS = {"plain": {}, "thread-safe": {"thread_safe": True}}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def options(request: Any) -> dict[str, Any]:
    """What the session is created with."""
    return dict(request.param)


def test_a_sender_cancelled_while_guards_are_asked_has_done_nothing(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(context={"n": 0}, **options)
        task = asyncio.create_task(session.asend("ask", p=1))
        await gate.reached.wait()
        assert await cancelled(task)
        assert session.context == {"n": 0}
        assert session.count().success
        assert (await session.asend("count")).success
        assert session.context == {"n": 2}

    asyncio.run(scenario())


async def awaiting_what_is_cancelled(ctx: Any) -> bool:
    """A function that fails because somebody cancels what it awaits, and not because anybody cancels its caller."""
    task = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(task.cancel)
    await task
    return True


def test_an_action_whose_task_somebody_cancels_has_failed_and_the_rest_run(options: Any) -> None:
    """S8.6"""

    async def scenario() -> None:
        ran: list[str] = []
        machine = bound(
            """
            states: [{name: a, type: initial}]
            transitions: [{trigger: go, source: a, dest: a, actions: [act, on]}]
            """,
            actions={"act": awaiting_what_is_cancelled, "on": lambda ctx: ran.append("on")},
        )
        session = machine.create(execute_actions=True, **options)
        result = await session.asend("go")
        assert result.execution.failed_actions == ["act"]
        assert "cancelled" in str(result.execution.action_results[0].error)
        assert ran == ["on"]

    asyncio.run(scenario())


def test_a_guard_whose_task_somebody_cancels_is_unknown(options: Any) -> None:
    """S5.3"""

    async def scenario() -> None:
        session = bound(YAML, guards={"asked": awaiting_what_is_cancelled}).create(context={"n": 0}, **options)
        result = await session.asend("ask")
        assert result.metadata["reason"] == "guards_failed"
        assert session.context == {"n": 0}

    asyncio.run(scenario())


def test_a_sender_cancelled_while_its_actions_run_has_moved(options: Any) -> None:
    """S8.8, S8.1: the transition was committed"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, actions={"act": gate}).create(execute_actions=True, **options)
        task = asyncio.create_task(session.asend("go"))
        await gate.reached.wait()
        waiting = asyncio.create_task(session.asend("count"))
        assert await cancelled(task)
        assert (await waiting).success
        assert (session.current_state, session.context) == ("b", {"n": 1})

    asyncio.run(scenario())


def test_a_sender_cancelled_while_it_waits_for_its_turn_is_simply_gone(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, actions={"act": gate}).create(execute_actions=True, **options)
        first = asyncio.create_task(session.asend("go"))
        await gate.reached.wait()
        second, third = (asyncio.create_task(session.asend("count", by=i)) for i in (2, 3))
        await asyncio.sleep(0)
        assert await cancelled(second)
        gate.opened.set()
        assert (await first).success
        assert (await third).success
        assert session.context == {"n": 1, "by": 3}

    asyncio.run(scenario())


def test_what_a_cancelled_sender_had_queued_is_processed_before_the_next_event(
    options: Any,
) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(**options)
        task = asyncio.create_task(session.asend("ask"))
        await gate.reached.wait()
        session.send("count", first=True)
        assert await cancelled(task)
        result = session.send("count", first=False)
        assert "queued" not in result.metadata
        assert session.context == {"n": 2, "first": False}

    asyncio.run(scenario())


def test_nobody_else_receives_the_error_of_a_failing_sender(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate(answer=False)
        session = bound(YAML, guards={"asked": gate}).create(strict=True, **options)
        failing = asyncio.create_task(session.asend("ask"))
        await gate.reached.wait()
        fine = asyncio.create_task(session.asend("count"))
        gate.opened.set()
        with pytest.raises(InvalidTransitionError):
            await failing
        assert (await fine).success
        assert session.context == {"n": 1}

    asyncio.run(scenario())


def test_a_cancellation_is_told_to_hooks_as_what_it_is(options: Any) -> None:
    """hooks.py: an event could not be decided"""
    told: list[type[BaseException]] = []

    class Watch(TransitionHook):
        def error(self, entity_id: str, state: str, trigger: str, error: BaseException) -> None:
            told.append(type(error))

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(hooks=[Watch()], **options)
        task = asyncio.create_task(session.asend("ask"))
        await gate.reached.wait()
        assert await cancelled(task)

    asyncio.run(scenario())
    assert told == [asyncio.CancelledError]
