"""What an orchestrator does outside of itself: the store's transactions, and waiting."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from pystator_runtime.errors import StoreError
from pystator_runtime.records import Loaded
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Operation, Procedure

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from pystator_runtime.loops import PerLoop
    from pystator_runtime.protocols import StateStore

AnswerT = TypeVar("AnswerT")
Given = TypeVarTuple("Given")

_LOCK_TIMEOUT: Milliseconds = 30_000
"""For how long an entity that somebody else has locked is waited for."""

_READING = frozenset(("due", "next_due", "audit", "find", "count_by_state", "failed"))
"""The methods that wait for nobody who writes."""


class StoreGateway:
    """A store, for procedures: sync callers call it, async callers await it, or a thread that calls it."""

    def __init__(self, machine: str, store: StateStore) -> None:
        self._machine = machine
        self.store = store
        self.is_instant = store.is_instant
        """Whether the store answers at once, so that nobody need wait for it."""
        self._threads: PerLoop[_Threads] | None = None
        self._twins: dict[str, Callable[..., Awaitable[Any]]] = {}

    def ask(self, method: Callable[[*Given], AnswerT], *given: *Given) -> Procedure[AnswerT]:
        """One transaction of the store, which ``method`` is of."""
        if self.is_instant:
            return method(*given)
        name = method.__name__
        twin = self._twins.get(name) or self._find(name)
        answer: AnswerT = yield Operation(method, twin, given)
        return answer

    def load(self, entity_id: str, event_id: str | None, *, lock: bool) -> Procedure[Loaded]:
        """Read an entity; one that is locked by others is waited for."""
        waited = 0.0
        while True:
            loaded = yield from self.ask(self.store.load, self._machine, entity_id, event_id, lock)
            if loaded is not None:
                return loaded
            if waited > _LOCK_TIMEOUT:
                raise StoreError(f"{entity_id!r} of {self._machine!r} has been locked for {_LOCK_TIMEOUT // 1000} s")
            pause = min(5 + waited / 10, 100)
            yield from self.sleep(pause)
            waited += pause

    def sleep(self, pause: float) -> Procedure[None]:
        """Wait for so many milliseconds."""
        yield Operation(partial(time.sleep, pause / 1000), partial(_asleep, pause / 1000))

    def renew(self, keys: Sequence[str], lease: Milliseconds) -> None:
        """Renew claims, from a thread of its own."""
        self.store.renew(keys, lease)

    def _find(self, name: str) -> Callable[..., Awaitable[Any]]:
        """How to await a method: its twin, or the method itself in a thread."""
        twin: Callable[..., Awaitable[Any]] = getattr(self.store, f"a{name}", None) or partial(self._in_a_thread, name)
        self._twins[name] = twin
        return twin

    async def _in_a_thread(self, name: str, *given: object) -> Any:
        """Call the store in a thread. A caller that is cancelled leaves it to its end, and keeps no lock by it."""
        import asyncio

        running = self._threads_here().submit(name, getattr(self.store, name), given)
        try:
            return await asyncio.shield(asyncio.wrap_future(running))
        except asyncio.CancelledError:
            running.add_done_callback(self._give_back)  # in that thread: the event loop may be at its end
            raise

    def _threads_here(self) -> _Threads:
        if self._threads is None:
            from pystator_runtime.loops import PerLoop

            self._threads = PerLoop(_Threads, _Threads.aend, _Threads.end)
        return self._threads.get()

    def close(self) -> None:
        """Let go of threads."""
        if self._threads is not None:
            for threads in self._threads.all():
                threads.end()

    def _give_back(self, ended: Future[Any]) -> None:
        if ended.cancelled() or ended.exception() is not None:
            return
        loaded = ended.result()
        if isinstance(loaded, Loaded) and loaded.lock is not None:
            self.store.unlock(loaded.lock)


class _Threads:
    """The threads in which one event loop has a store called that can't be awaited, begun when they are needed.

    All that may wait for a writer can be waiting for one that holds a lock. Neither the end of that lock nor what only
    reads may have to wait for a thread of those, for the writer's guards may read; and the threads of the loop itself
    are for the application, whose guards may need them.
    """

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._running: set[Future[Any]] = set()

    def submit(self, name: str, call: Callable[..., Any], given: tuple[object, ...]) -> Future[Any]:
        """Have a thread call the method ``name`` of a store."""
        kind = _kind_of(name, given)
        pool = self._pools.get(kind)
        if pool is None:
            from concurrent.futures import ThreadPoolExecutor

            number = 1 if kind == "locks" else None
            pool = self._pools[kind] = ThreadPoolExecutor(number, thread_name_prefix=f"pystator-{kind}")
        running = pool.submit(copy_context().run, call, *given)
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return running

    def end(self) -> None:
        """Have the threads end when they have done what they were given; the next call begins new ones."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.shutdown(wait=False)

    async def aend(self) -> None:
        """The same, and wait for it: nothing goes on behind an event loop that has ended."""
        self.end()
        if running := list(self._running):
            import asyncio

            await asyncio.wait([asyncio.wrap_future(each) for each in running])


def _kind_of(name: str, given: tuple[object, ...]) -> str:
    """By whom a call may have to be waited for, which is also what its threads are called by."""
    if name == "unlock" or (name == "commit" and given[-1] is not None):
        return "locks"
    if name in _READING or (name == "load" and not given[-1]):
        return "reads"
    return "writes"


async def _asleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)
