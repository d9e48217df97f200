"""The threads in which async callers have a store called that can't be awaited: none of those of the event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.doubles import Busy
from support.orchestrated import orchestrated, until
from support.places import Place
from support.running import in_threads
from support.waiting import auntil

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)

YAML = """
    meta: {machine_name: order}
    states: [{name: new, type: initial}]
    transitions:
      - {trigger: ask, source: new, internal: true, guards: [asked], actions: [{increment: n}]}
      - {trigger: put, source: new, internal: true, actions: [{increment: n}]}
    """
THREADS = min(32, (os.cpu_count() or 1) + 4)
"""How many an event loop, and each pool, has at most."""

MANY = THREADS + 20


class Counted(Busy):
    """It also notes the loads that lock, and the commits without a lock that were begun after one."""

    def __init__(self, store: Any, times: int) -> None:
        super().__init__(store, times)
        self.begun: list[str] = []

    async def meet(self, name: str, call: Any, *given: Any) -> Any:
        if (name == "load" and given[-1]) or (name == "commit" and self.begun and given[-1] is None):
            self.begun.append(name)
        return await super().meet(name, call, *given)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pystator-")]


async def _in_a_thread(orders: Any) -> None:
    await asyncio.to_thread(time.sleep, 0)


async def _looks_up_a_host(orders: Any) -> None:
    await asyncio.get_running_loop().getaddrinfo("localhost", 80)


async def _gets(orders: Any) -> None:
    assert (await orders.aget("limits")).state == "new"


async def _finds_and_counts(orders: Any) -> None:
    assert [entity.entity_id for entity in await orders.afind("new", limit=1)] == ["limits"]
    assert (await orders.acount_by_state())["new"] == 1
    assert await orders.ahistory("nobody") == []
    assert await orders.afailed_actions() == []
    assert await orders.anext_due() is None


@pytest.mark.parametrize("asks", [_in_a_thread, _looks_up_a_host, _gets, _finds_and_counts])
def test_a_guard_that_needs_a_thread_gets_one_while_all_others_wait_for_its_lock(
    asks: Callable[[Any], Any], store: Any
) -> None:
    """DESIGN: who holds the lock is not kept from ending it by those who wait for it"""
    others: list[asyncio.Task[Any]] = []
    busy = Counted(store, times=0)

    async def guard(ctx: Any) -> bool:
        if busy.begun:
            others.extend(asyncio.create_task(orders.async_process_event(f"o-{n}", "put")) for n in range(MANY))
            await auntil(lambda: len(busy.begun) > THREADS)
            await asks(orders)
        return True

    orders = orchestrated(YAML, busy, guards={"asked": guard})

    async def scenario() -> None:
        await orders.acreate("limits")
        busy.times = 3
        assert (await orders.async_process_event("hot", "ask")).success
        assert all(result.success for result in await asyncio.gather(*others))
        await orders.aclose()

    asyncio.run(scenario())
    assert len(others) == MANY


async def _put_and_cancelled(orders: Any) -> None:
    """Events whose senders do not wait for what becomes of them."""
    tasks = [asyncio.create_task(orders.async_process_event(f"o-{number % 5}", "put")) for number in range(40)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def test_the_threads_end_with_their_event_loop_and_nothing_goes_on_behind_it(store: Any) -> None:
    orders = orchestrated(YAML, store)
    for _ in range(3):
        asyncio.run(_put_and_cancelled(orders))
        before = [entity.version for entity in orders.find()]
        until(lambda: threads() == [])
        assert [entity.version for entity in orders.find()] == before


def test_nothing_goes_on_behind_an_event_loop_in_which_the_orchestrator_was_closed(store: Any) -> None:
    orders = orchestrated(YAML, store)

    async def scenario() -> None:
        await _put_and_cancelled(orders)
        await orders.aclose()

    asyncio.run(scenario())
    before = [entity.version for entity in orders.find()]
    until(lambda: threads() == [])
    assert [entity.version for entity in orders.find()] == before


def test_closing_ends_the_threads_and_the_next_call_begins_new_ones(store: Any) -> None:
    orders = orchestrated(YAML, store)

    async def scenario() -> None:
        for _ in range(2):
            assert (await orders.async_process_event("o-1", "put")).success
            assert threads()
            orders.close()
            await auntil(lambda: threads() == [])
            assert (await orders.async_process_event("o-1", "put")).success
            await orders.aclose()
            await auntil(lambda: threads() == [])

    asyncio.run(scenario())


def test_an_orchestrator_that_is_forgotten_leaves_no_threads(place: Place) -> None:
    async def scenario() -> None:
        for _ in range(3):
            assert (await orchestrated(YAML, place.open()).async_process_event("o-1", "put")).success
        gc.collect()
        await auntil(lambda: threads() == [])

    asyncio.run(scenario())


def test_event_loops_in_several_threads_have_threads_of_their_own(store: Any) -> None:
    orders = orchestrated(YAML, store)

    async def sends() -> None:
        await asyncio.gather(*(orders.async_process_event("o-1", "put") for _ in range(10)))

    in_threads(lambda _: asyncio.run(sends()))
    assert orders.get("o-1").context == {"n": 40}
    until(lambda: threads() == [])
