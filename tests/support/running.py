"""Running pieces of a test side by side: in threads, and in processes."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def in_threads(work: Callable[[int], Any], number: int = 4) -> list[Any]:
    """Run ``work(i)`` in threads that begin at once; an error of one is raised here."""
    barrier = threading.Barrier(number)

    def begin(index: int) -> Any:
        barrier.wait()
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


class Child:
    """A forked process that does some ``work``, with all that its parent had."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._outcome, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with os.fdopen(told, "wb") as outcome:
                    pickle.dump(_outcome(work), outcome)
            finally:
                os._exit(0)
        os.close(told)

    def result(self) -> Any:
        """What the work came to; an error of it is raised here."""
        with os.fdopen(self._outcome, "rb") as outcome:
            told = outcome.read()
        os.waitpid(self.pid, 0)
        assert told, "the child died"
        done, value = pickle.loads(told)
        if not done:
            raise AssertionError(f"in the child: {value}")
        return value

    def wait_for_its_death(self) -> None:
        os.close(self._outcome)
        os.waitpid(self.pid, 0)


def _outcome(work: Callable[[], Any]) -> tuple[bool, Any]:
    try:
        return True, work()
    except BaseException as error:
        return False, repr(error)


def die() -> None:
    """End this process as a crash does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
