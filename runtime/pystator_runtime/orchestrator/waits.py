"""What an orchestrator does outside of itself: the store's transactions, and waiting."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from pystator_runtime.errors import StoreError
from pystator_runtime.records import Loaded
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import Operation, Procedure

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_PATIENCE: Milliseconds = 30_000
"""For how long an entity that somebody else has locked is waited for."""


class Outside:
    """A store, for procedures: sync callers call it, async callers await it, or a thread that calls it."""

    def __init__(self, machine: str, store: Any) -> None:
        self._machine = machine
        self._store = store
        self.is_instant: bool = store.is_instant
        """Whether the store answers at once, so that nobody need wait for it."""
        self._holders: ThreadPoolExecutor | None = None
        self._ways: dict[str, tuple[Callable[..., Any], Callable[..., Awaitable[Any]]]] = {}

    def store(self, name: str, *arguments: object) -> Procedure[Any]:
        """One transaction of the store."""
        here, awaited = self._ways.get(name) or self._find(name)
        if self.is_instant:
            return here(*arguments)
        return (yield Operation(here, awaited, arguments))

    def load(self, entity_id: str, event_id: str | None, *, lock: bool) -> Procedure[Loaded]:
        """Read an entity; one that is locked by others is waited for."""
        waited = 0.0
        while True:
            loaded: Loaded | None = yield from self.store("load", self._machine, entity_id, event_id, lock)
            if loaded is not None:
                return loaded
            if waited > _PATIENCE:
                raise StoreError(f"{entity_id!r} of {self._machine!r} has been locked for {_PATIENCE // 1000} s")
            pause = min(5 + waited / 10, 100)
            yield from self.sleep(pause)
            waited += pause

    def sleep(self, pause: float) -> Procedure[None]:
        """Wait for so many milliseconds."""
        yield Operation(partial(time.sleep, pause / 1000), partial(_asleep, pause / 1000))

    def renew(self, keys: Sequence[str], lease: Milliseconds) -> None:
        """Renew claims, from a thread of its own."""
        self._store.renew(keys, lease)

    def _find(self, name: str) -> tuple[Callable[..., Any], Callable[..., Awaitable[Any]]]:
        """The method of the store, and how to await it: its twin, or the method itself in a thread."""
        here = getattr(self._store, name)
        twin = getattr(self._store, f"a{name}", None) or partial(self._in_a_thread, here)
        self._ways[name] = here, twin
        return here, twin

    async def _in_a_thread(self, here: Callable[..., Any], *arguments: object) -> Any:
        """Call the store in a thread. A caller that is cancelled leaves it to its end, and keeps no lock by it."""
        import asyncio

        pool = self._threads_of_holders() if _ends_a_lock(here.__name__, arguments) else None
        loop = asyncio.get_running_loop()
        # No task: the end of the event loop would cancel it.
        running = loop.run_in_executor(pool, partial(copy_context().run, here, *arguments))
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
            self._store.unlock(loaded.lock)


def _ends_a_lock(name: str, arguments: tuple[object, ...]) -> bool:
    return name == "unlock" or (name == "commit" and arguments[-1] is not None)


async def _asleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)
