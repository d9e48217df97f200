"""Thread-safe sessions: threads lose nothing and wait for each other (S8.8)."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.doors import bound

YAML = """
    states: [{name: a, type: initial, on_exit: [{increment: left}]}, {name: b}]
    transitions:
      - {trigger: go, source: a, dest: b}
      - {trigger: back, source: b, dest: a}
      - {trigger: count, source: "*", internal: true, actions: [{increment: n}, {compute: {m: "n"}}]}
      - {trigger: work, source: "*", internal: true, actions: [{increment: n}, act]}
      - {trigger: ask, source: "*", internal: true, guards: [asked], actions: [{increment: n}]}
    """
THREADS, EVENTS = 4, 100


def in_threads(work: Any, number: int = THREADS) -> list[Any]:
    """Run ``work(i)`` in threads that begin at once; an error of one is raised here."""
    barrier = threading.Barrier(number)

    def begin(index: int) -> Any:
        barrier.wait()
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


@pytest.fixture(autouse=True)
def _switch_often() -> Any:
    """Let threads interrupt each other wherever they can."""
    import sys

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize(
    "options", [{}, {"execute_actions": True}, {"history": 10}], ids=["plain", "executing", "watched"]
)
@pytest.mark.parametrize("trigger", ["count", "work", "ask"])
def test_threads_lose_no_event(trigger: str, options: dict[str, Any]) -> None:
    """S8.8, docs/generated-module.md#threads-tasks-and-events-from-actions"""
    machine = bound(YAML, guards={"asked": lambda ctx: True})
    session = machine.create(thread_safe=True, **options)

    def work(index: int) -> int:
        return sum(session.send(trigger, by=index).success for _ in range(EVENTS))

    assert in_threads(work) == [EVENTS] * THREADS
    assert session.context["n"] == THREADS * EVENTS


def test_of_threads_that_race_for_one_transition_exactly_one_wins() -> None:
    """S8.8"""
    session = bound(YAML).create(context={"left": 0}, thread_safe=True)
    for number in range(1, 51):
        results = in_threads(lambda index: session.go())
        assert [result.success for result in results].count(True) == 1
        assert session.context["left"] == number
        session.back()


def test_threads_and_tasks_wait_for_each_other() -> None:
    """S8.8"""
    running = 0
    most = 0

    async def act(ctx: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    machine = bound(YAML, actions={"act": act})
    session = machine.create(execute_actions=True, thread_safe=True)

    async def tasks() -> None:
        await asyncio.gather(*(session.asend("work") for _ in range(25)))

    def work(index: int) -> None:
        if index % 2:
            asyncio.run(tasks())
        else:
            for _ in range(25):
                session.send("count")

    in_threads(work)
    assert session.context["n"] == THREADS * 25
    assert most == 1


def test_a_snapshot_never_shows_half_a_step() -> None:
    """S8.8"""
    session = bound(YAML).create(context={"n": 0, "m": 0}, thread_safe=True)
    over = threading.Event()

    def work(index: int) -> bool:
        if index:
            try:
                for _ in range(EVENTS):
                    session.count()
            finally:
                over.set()
            return True
        while not over.is_set():
            context = session.snapshot()["context"]
            assert context["n"] == context["m"]
        return True

    assert all(in_threads(work, 2))


def test_a_snapshot_never_pairs_the_state_of_one_step_with_the_context_of_another() -> None:
    """S8.8"""
    machine = bound(
        """
        states:
          - {name: a, type: initial, on_enter: [{set: {where: a}}]}
          - {name: b, on_enter: [{set: {where: b}}]}
        transitions:
          - {trigger: go, source: a, dest: b}
          - {trigger: go, source: b, dest: a}
        """
    )
    session = machine.create(thread_safe=True)
    over = threading.Event()

    def work(index: int) -> bool:
        if index:
            try:
                for _ in range(EVENTS * 5):
                    session.go()
            finally:
                over.set()
            return True
        while not over.is_set():
            snapshot = session.snapshot()
            assert snapshot["context"]["where"] == snapshot["current_state"]
        return True

    assert all(in_threads(work, 2))


def test_a_thread_started_by_an_action_waits_for_its_turn() -> None:
    """S8.8"""
    threads: list[threading.Thread] = []
    results: list[Any] = []

    def act(ctx: Any) -> None:
        thread = threading.Thread(target=lambda: results.append(session.count()))
        threads.append(thread)
        thread.start()

    machine = bound(YAML, actions={"act": act})
    session = machine.create(execute_actions=True, thread_safe=True)
    session.work()
    threads[0].join()
    assert "queued" not in results[0].metadata
    assert session.context["n"] == 2


def test_a_send_from_a_thread_that_an_action_awaits_is_queued() -> None:
    """S8.8: `asyncio.to_thread` is part of the step, so waiting would be a deadlock"""

    async def act(ctx: Any) -> Any:
        return await asyncio.to_thread(session.count)

    machine = bound(YAML, actions={"act": act})
    session = machine.create(execute_actions=True, thread_safe=True)
    result = asyncio.run(session.asend("work"))
    assert result.execution.action_results[0].result.metadata["queued"] is True
    assert session.context["n"] == 2


def test_a_thread_waits_while_a_task_holds_the_turn() -> None:
    """S8.8"""

    async def scenario() -> None:
        reached, opened = asyncio.Event(), asyncio.Event()

        async def asked(ctx: Any) -> bool:
            reached.set()
            await opened.wait()
            return True

        session = bound(YAML, guards={"asked": asked}).create(context={"n": 0}, thread_safe=True)
        task = asyncio.create_task(session.asend("ask"))
        await reached.wait()
        with ThreadPoolExecutor(1) as pool:
            other = asyncio.get_running_loop().run_in_executor(pool, session.count)
            await asyncio.sleep(0)
            assert session.context == {"n": 0}
            opened.set()
            assert (await task).success
            assert "queued" not in (await other).metadata
        assert session.context["n"] == 2

    asyncio.run(scenario())


def test_a_task_that_is_cancelled_while_a_thread_has_the_turn_is_simply_gone() -> None:
    """S8.8"""
    began, finish = threading.Event(), threading.Event()

    def act(ctx: Any) -> None:
        began.set()
        finish.wait()

    session = bound(YAML, actions={"act": act}).create(execute_actions=True, thread_safe=True)

    async def scenario() -> None:
        thread = asyncio.create_task(asyncio.to_thread(session.work))
        await asyncio.to_thread(began.wait)
        waiting = asyncio.create_task(session.asend("count"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        finish.set()
        assert (await thread).success
        assert (await session.asend("count")).success

    asyncio.run(scenario())
    assert session.context["n"] == 2


def test_threads_agree_on_an_id_that_was_made_up() -> None:
    """docs/generated-module.md#sessions"""
    for _ in range(50):
        session = bound(YAML).create(thread_safe=True)
        assert len(set(in_threads(lambda index, session=session: session.entity_id, 2))) == 1
