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
    from concurrent.futures import ThreadPoolExecutor

    from pystator_runtime.protocols import StateStore

AnswerT = TypeVar("AnswerT")
Given = TypeVarTuple("Given")

_LOCK_TIMEOUT: Milliseconds = 30_000
"""For how long an entity that somebody else has locked is waited for."""


class StoreGateway:
    """A store, for procedures: sync callers call it, async callers await it, or a thread that calls it."""

    def __init__(self, machine: str, store: StateStore) -> None:
        self._machine = machine
        self.store = store
        self.is_instant = store.is_instant
        """Whether the store answers at once, so that nobody need wait for it."""
        self._holders: ThreadPoolExecutor | None = None
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

        pool = self._threads_of_holders() if _ends_a_lock(name, given) else None
        loop = asyncio.get_running_loop()
        # No task: the end of the event loop would cancel it.
        running = loop.run_in_executor(pool, partial(copy_context().run, getattr(self.store, name), *given))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            running.add_done_callback(self._give_back)
            raise

    def _threads_of_holders(self) -> ThreadPoolExecutor:
        """A thread for whoever holds a lock. All those of the event loop may be waiting for that lock to end."""
        if self._holders is None:
            from concurrent.futures import ThreadPoolExecutor

            self._holders = ThreadPoolExecutor(1, thread_name_prefix="pystator-locks")
        return self._holders

    def close(self) -> None:
        """Let go of threads."""
        holders, self._holders = self._holders, None
        if holders is not None:
            holders.shutdown(wait=False)

    def _give_back(self, ended: Any) -> None:
        if ended.cancelled() or ended.exception() is not None:
            return
        loaded = ended.result()
        if isinstance(loaded, Loaded) and loaded.lock is not None:
            self.store.unlock(loaded.lock)


def _ends_a_lock(name: str, given: tuple[object, ...]) -> bool:
    return name == "unlock" or (name == "commit" and given[-1] is not None)


async def _asleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)
