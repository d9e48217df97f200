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
    """A forked process that does some ``work``, with all that its parent had; it ends when its parent dies."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._outcome, told = os.pipe()
        parent_lives, self._lives = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._lives)
            threading.Thread(target=_end_with, args=(parent_lives,), daemon=True).start()
            try:
                with os.fdopen(told, "wb") as outcome:
                    pickle.dump(_outcome(work), outcome)
            finally:
                os._exit(0)
        os.close(told)
        os.close(parent_lives)

    def result(self) -> Any:
        """What the work came to; an error of it is raised here."""
        with os.fdopen(self._outcome, "rb") as outcome:
            told = outcome.read()
        self._wait()
        assert told, "the child died"
        done, value = pickle.loads(told)
        if not done:
            raise AssertionError(f"in the child: {value}")
        return value

    def wait_for_its_death(self) -> None:
        os.close(self._outcome)
        self._wait()

    def _wait(self) -> None:
        os.waitpid(self.pid, 0)
        os.close(self._lives)


def _end_with(parent_lives: int) -> None:
    os.read(parent_lives, 1)  # nobody writes to it
    os._exit(1)


def _outcome(work: Callable[[], Any]) -> tuple[bool, Any]:
    try:
        return True, work()
    except BaseException as error:
        return False, repr(error)


def die() -> None:
    """End this process as a crash does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
