"""An async caller that is cancelled, at whatever await, wedges nothing and keeps no lock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.doubles import CALLS, Busy, Double
from support.gate import Gate, cancelled
from support.orchestrated import Deeds, orchestrated
from support.stored import commit, entity, put

YAML = """
    meta: {machine_name: order}
    states: [{name: new, type: initial}, {name: open, on_enter: [{increment: n}]}]
    transitions:
      - {trigger: approve, source: new, dest: open, guards: [asked], actions: [patch, act]}
      - {trigger: put, source: "*", internal: true, actions: [{increment: puts}]}
    """


class Held(Double):
    """A store whose n-th call by an async caller waits at a gate: before it is done, or when it is done already."""

    def __init__(self, store: Any, number: int, *, when: str) -> None:
        super().__init__(store)
        self.is_instant = False
        self._number = number
        self._when = when
        self.calls = 0
        self.gate = Gate()

    async def meet(self, name: str, call: Any, *given: Any) -> Any:
        self.calls += 1
        if self.calls != self._number:
            return await call(*given)
        if self._when == "before":
            await self.gate(None)
        done = await call(*given)
        if self._when == "after":
            await self.gate(None)
        return done

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "a" and name[1:] in CALLS and not hasattr(self._store, name):
            return self._awaited(name[1:], self._in_no_thread(name[1:]))  # a thread could not wait at the gate
        return super().__getattr__(name)

    def _in_no_thread(self, name: str) -> Any:
        async def call(*given: Any) -> Any:
            return getattr(self._store, name)(*given)

        return call


def serving(store: Any, deeds: Deeds, **settings: Any) -> Any:
    async def asked(ctx: Any) -> bool:
        await asyncio.sleep(0)
        return True

    async def patch(ctx: Any) -> None:
        deeds.contexts.append(("patch", dict(ctx)))
        await asyncio.sleep(0)
        ctx["patched"] = True

    return orchestrated(
        YAML, store, guards={"asked": asked}, actions={**deeds.named("act"), "patch": patch}, **settings
    )


async def _cancelled_at(store: Any, number: int, when: str) -> bool:
    """Send an event and cancel it at the n-th call of the store; whether it came so far."""
    held = Held(store, number, when=when)
    orders = serving(held, Deeds())
    task = asyncio.create_task(orders.async_process_event("o-1", "approve", event_id="e-1"))
    reached = asyncio.create_task(held.gate.reached.wait())
    await asyncio.wait([task, reached], return_when=asyncio.FIRST_COMPLETED)
    if not reached.done():
        reached.cancel()
        return False
    return await cancelled(task)


@pytest.mark.parametrize("when", ["before", "after"])
def test_at_every_call_of_the_store(place: Any, when: str) -> None:
    """S8.8, S13: the entity is as before or as after, and the next event is served"""
    number = 0
    while True:
        number += 1
        store, deeds = place.open(), Deeds()
        orders = serving(store, deeds)
        orders.delete("o-1")
        orders.create("o-1")
        came_so_far = asyncio.run(_cancelled_at(store, number, when))
        assert orders.get("o-1").state == ("open" if orders.history("o-1") else "new")
        assert orders.process_event("o-1", "put").success, "nobody has kept a lock"
        asyncio.run(orders.async_process_event("o-1", "approve", event_id="e-1"))
        asyncio.run(orders.arecover(force=True))
        assert orders.get("o-1").context == {"n": 1, "puts": 1, "patched": True}
        assert asyncio.run(orders.arecover(force=True)) == 0
        if not came_so_far:
            break
    assert number == 6, "load, commit, load and finish of the patch, finish"


def test_while_a_guard_is_asked_nothing_was_done(store: Any) -> None:
    """S8.8"""

    async def scenario() -> None:
        gate = Gate()
        orders = orchestrated(YAML, store, guards={"asked": gate})
        task = asyncio.create_task(orders.async_process_event("o-1", "approve"))
        await gate.reached.wait()
        assert await cancelled(task)
        assert await orders.aget("o-1") is None
        assert (await orders.async_process_event("o-1", "put")).success

    asyncio.run(scenario())


def test_while_a_guard_is_asked_under_a_lock_the_lock_ends(store: Any) -> None:
    """After three conflicts the entity is locked"""

    async def scenario() -> None:
        gate, asked = Gate(), 0

        async def guard(ctx: Any) -> bool:
            nonlocal asked
            asked += 1
            return bool(await gate(ctx)) if asked == 4 else True

        orders = orchestrated(YAML, Busy(store, times=3), guards={"asked": guard})
        task = asyncio.create_task(orders.async_process_event("o-1", "approve"))
        await gate.reached.wait()
        waiting = asyncio.create_task(orders.async_process_event("o-1", "put"))
        await asyncio.sleep(0.01)
        assert await cancelled(task)
        assert (await waiting).success
        assert (await orders.aget("o-1")).state == "new"

    asyncio.run(scenario())


def test_while_an_action_runs_the_transition_stands_and_the_action_runs_again(store: Any) -> None:
    """S8.1, S8.8: what was left is found by recover()"""

    async def scenario() -> None:
        gate, deeds = Gate(), Deeds()
        orders = orchestrated(YAML, store, guards={"asked": lambda ctx: True}, actions={"patch": gate})
        task = asyncio.create_task(orders.async_process_event("o-1", "approve"))
        await gate.reached.wait()
        assert await cancelled(task)
        assert (await orders.aget("o-1")).state == "open"
        other = serving(store, deeds)
        assert await other.arecover() == 0, "its claim has not expired"
        assert await other.arecover(force=True) == 2
        assert deeds.names == ["patch", "act"]

    asyncio.run(scenario())


def test_the_end_of_the_event_loop_keeps_no_lock(store: Any) -> None:
    """Whoever is cancelled leaves the store to its end"""

    async def leaves() -> None:
        orders = serving(store, Deeds())
        tasks = [asyncio.create_task(orders.async_process_event("o-1", "put")) for _ in range(40)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    for _ in range(5):
        asyncio.run(leaves())
    orders = serving(store, Deeds())
    before = orders.get("o-1").context["puts"]
    assert before == len(orders.history("o-1"))
    assert orders.process_event("o-1", "put").success
    assert orders.get("o-1").context["puts"] == before + 1


@pytest.mark.parametrize("place", ["postgresql", "redis"], indirect=True)
def test_a_lock_is_given_back_wherever_its_taking_or_its_commit_is_cancelled(place: Any) -> None:
    """Protocol: whatever comes of a commit, the lock ends with it; no lease is waited for"""
    store = place.open()
    put(store, entity())

    async def changes() -> None:
        loaded = await store.aload("order", "o-1", None, True)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            await store.aunlock(loaded.lock)
            raise
        await store.acommit(commit(loaded.entity._replace(version=loaded.entity.version + 1)), loaded.lock)

    async def ends_before(steps: int) -> bool:
        """Whether it ends before the event loop has gone so many rounds; else it is cancelled then."""
        task = asyncio.create_task(changes())
        for _ in range(steps):
            await asyncio.sleep(0)
        was_done = task.done()
        task.cancel()
        await asyncio.wait([task])
        return was_done

    async def scenario() -> None:
        async with asyncio.timeout(20):
            steps = 1
            while not await ends_before(steps):
                steps += 1 + steps // 20
                while (free := await store.aload("order", "o-1", None, True)) is None:
                    await asyncio.sleep(0.001)
                await store.aunlock(free.lock)
        assert steps > 10

    asyncio.run(scenario())
