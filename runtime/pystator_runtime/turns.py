"""Turns: one step at a time, run to completion, for everybody who sends to a session (`S8.8`).

A sender from inside the running step (its guards and actions, and the tasks these started) is told apart from
one outside by a context variable, which asyncio hands on to tasks. The first is refused or queued; the second
waits its turn: a thread at a lock, a task at a lock of its event loop.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident  # what `threading` has them from, without all it has besides
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from pystator_runtime.stepping import SessionState


class Turn:
    """One running step; ``outer`` is the step that its sender is part of, if any.

    ``deciding`` is true while guards are asked, ``is_async`` if there is somebody to await what has to be awaited.
    """

    __slots__ = ("deciding", "is_async", "outer", "over", "thread")

    def __init__(self, outer: Turn | None, *, is_async: bool) -> None:
        self.outer = outer
        self.is_async = is_async
        self.deciding = False
        self.over = False
        self.thread = get_ident()


_innermost: ContextVar[Turn | None] = ContextVar("pystator_runtime_turn", default=None)

_POLL_SECONDS = 0.001


class Turns:
    """The turns of one session, and the events that were sent from inside of one.

    ``committed`` is where the entity stands since the last commit, as one value that another thread can read at once.
    """

    __slots__ = ("_loop", "_task_lock", "_thread_lock", "committed", "queue", "running")

    def __init__(self, *, thread_safe: bool) -> None:
        self.running: Turn | None = None
        self.committed: SessionState | None = None
        self.queue: list[tuple[str, Mapping[str, Any], str | None]] = []  # a deque would weigh more than the session
        self._thread_lock = allocate_lock() if thread_safe else None
        self._task_lock: asyncio.Lock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def entered(self) -> Turn | None:
        """The running turn, if the caller is part of it."""
        turn = _innermost.get()
        while turn is not None and turn is not self.running:
            turn = turn.outer
        return turn

    def blocked(self) -> bool:
        """Whether waiting here, on a sync path, could never end: the running step is a task of this thread."""
        running = self.running  # read once: another thread may end its turn meanwhile
        return running is not None and running.thread == get_ident()

    @property
    def thread_safe(self) -> bool:
        """Whether threads wait for each other here."""
        return self._thread_lock is not None

    def begin(self) -> Turn:
        """Begin a turn for a sync sender: waits for other threads where the session is thread-safe."""
        if self._thread_lock is not None:
            self._thread_lock.acquire()
        return self._run(is_async=False)

    def end(self, turn: Turn) -> None:
        """End a turn that was begun; whoever waits is next."""
        turn.over = True
        self.running = None
        _innermost.set(turn.outer)
        if self._thread_lock is not None:
            self._thread_lock.release()

    @asynccontextmanager
    async def ataken(self) -> AsyncGenerator[Turn]:
        """A turn for a task: waits for other tasks, and for threads where the session is thread-safe."""
        import asyncio

        loop = asyncio.get_running_loop()
        if self._task_lock is None or self._loop is not loop:
            self._loop = loop
            self._task_lock = asyncio.Lock()  # a lock belongs to the event loop in which it was first waited for
        async with self._task_lock:
            while self._thread_lock is not None and not self._thread_lock.acquire(blocking=False):
                await asyncio.sleep(_POLL_SECONDS)  # unlike waiting in a helper thread, safe to cancel
            turn = self._run(is_async=True)
            try:
                yield turn
            finally:
                self.end(turn)

    def _run(self, *, is_async: bool) -> Turn:
        outer = _innermost.get()
        while outer is not None and outer.over:  # of a task that outlived the step which started it
            outer = outer.outer
        turn = self.running = Turn(outer, is_async=is_async)
        _innermost.set(turn)
        return turn
