"""Sessions among tasks: everybody waits for his turn, and nobody is wedged (S8.8)."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from pystator_runtime.turns import Turn
from support.doors import bound
from support.gate import Gate

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


def test_other_tasks_wait_for_the_end_of_the_running_step(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, actions={"act": gate}).create(execute_actions=True, **options)
        first = asyncio.create_task(session.asend("work"))
        await gate.reached.wait()
        others = [asyncio.create_task(session.asend("work")) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in others)
        gate.opened.set()
        results = await asyncio.gather(first, *others)
        assert all("queued" not in result.metadata for result in results)
        assert session.context["worked"] == 6
        assert gate.most == 1

    asyncio.run(scenario())


def test_a_task_that_waits_sees_what_the_step_before_it_left(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(**options)
        first = asyncio.create_task(session.asend("ask"))
        await gate.reached.wait()
        second = asyncio.create_task(session.asend("count"))
        await asyncio.sleep(0)
        assert session.context == {}
        gate.opened.set()
        await asyncio.gather(first, second)
        assert session.context == {"asked": 1, "n": 1}

    asyncio.run(scenario())


def test_a_sync_send_from_another_task_is_not_lost_and_never_a_deadlock(options: Any) -> None:
    """S8.8: it can't wait on this thread, so it is queued"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(**options)
        first = asyncio.create_task(session.asend("ask"))
        await gate.reached.wait()
        assert session.count().metadata["queued"] is True
        assert session.context == {}
        gate.opened.set()
        await first
        assert session.context == {"asked": 1, "n": 1}

    asyncio.run(scenario())


def test_a_snapshot_asked_for_meanwhile_shows_the_last_completed_step(options: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        session = bound(YAML, guards={"asked": gate}).create(context={"n": 3}, **options)
        session.count()
        first = asyncio.create_task(session.asend("ask", p=1))
        await gate.reached.wait()
        snapshot = session.snapshot()
        assert (snapshot["current_state"], snapshot["context"]) == ("a", {"n": 4})
        gate.opened.set()
        await first
        assert session.snapshot()["context"] == {"n": 4, "p": 1, "asked": 1}

    asyncio.run(scenario())


def test_a_task_started_by_an_action_is_part_of_the_step_while_it_runs(options: Any) -> None:
    """S8.8: awaiting it from the action is no deadlock"""

    async def scenario() -> None:
        async def act(ctx: Any) -> Any:
            return await asyncio.create_task(session.asend("count"))

        session = bound(YAML, actions={"act": act}).create(execute_actions=True, **options)
        result = await session.asend("go")
        assert result.execution.action_results[0].result.metadata["queued"] is True
        assert session.context == {"n": 1}

    asyncio.run(scenario())


def test_a_task_that_outlives_the_step_that_started_it_takes_turns_like_any_other(
    options: Any,
) -> None:
    """S8.8"""

    async def scenario() -> None:
        later = asyncio.Event()
        tasks: list[asyncio.Task[Any]] = []

        async def afterwards() -> Any:
            await later.wait()
            return await session.asend("count")

        async def act(ctx: Any) -> None:
            tasks.append(asyncio.create_task(afterwards()))

        session = bound(YAML, actions={"act": act}).create(execute_actions=True, **options)
        await session.asend("go")
        later.set()
        result = await tasks[0]
        assert "queued" not in result.metadata
        assert session.context == {"n": 1}

    asyncio.run(scenario())


def test_events_that_follow_from_one_another_through_tasks_leave_nothing_behind() -> None:
    """S8.8: a chain of turns that are over would grow with every event"""

    async def scenario() -> None:
        done = asyncio.Event()
        tasks: list[asyncio.Task[Any]] = []

        async def again() -> None:
            await session.asend("work")

        async def act(ctx: Any) -> None:
            if ctx["worked"] < 200:
                tasks.append(asyncio.create_task(again()))
                return
            deepest.append(max(depth(turn) for turn in gc.get_objects() if type(turn) is Turn))
            done.set()

        deepest: list[int] = []
        session = bound(YAML, actions={"act": act}).create(execute_actions=True)
        await session.asend("work")
        await done.wait()
        await asyncio.gather(*tasks)
        assert session.context["worked"] == 200
        assert deepest[0] <= 2

    asyncio.run(scenario())


def depth(turn: Turn | None) -> int:
    """How many turns a turn keeps alive."""
    found = 0
    while turn is not None:
        found, turn = found + 1, turn.outer
    return found


def test_a_session_outlives_the_event_loops_that_it_is_used_in(options: Any) -> None:
    """S8.8"""
    session = bound(YAML, guards={"asked": lambda ctx: True}).create(**options)

    async def several() -> None:
        await asyncio.gather(*(session.asend("ask") for _ in range(3)))

    for _ in range(3):
        asyncio.run(several())
    session.count()
    assert session.context == {"asked": 9, "n": 1}
