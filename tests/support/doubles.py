"""Stores that behave as others do, but for what a test wants of some calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pystator_runtime.stores import StateStore

CALLS = frozenset(name for name in vars(StateStore) if not name.startswith("_"))


class Double:
    """A store whose every call goes through :meth:`meet`, whether it is called, awaited, or called in a thread.

    It has the twins that can be awaited if the store behind it has them.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.is_instant = store.is_instant

    async def meet(self, name: str, call: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        """What becomes of the call ``name`` of the store, which is made by awaiting ``call(*given)``."""
        return await call(*given)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in CALLS:
            return self._called(name, found)
        if name[:1] == "a" and name[1:] in CALLS:
            return self._awaited(name[1:], found)
        return found

    def _called(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*given: Any) -> Any:
            return found(*given)

        def called(*given: Any) -> Any:
            return at_once(self.meet(name, call, *given))

        called.__name__ = name
        return called

    def _awaited(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        async def awaited(*given: Any) -> Any:
            return await self.meet(name, found, *given)

        return awaited


def at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The answer of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise AssertionError("it waits for something, where nobody can")


class Busy(Double):
    """A store in which somebody else is always faster; ``times`` says how often."""

    def __init__(self, store: Any, times: int) -> None:
        super().__init__(store)
        self.times = times

    async def meet(self, name: str, call: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        if name == "commit" and self.times:
            self.times -= 1
            commit, lock = given
            given = commit._replace(expected=commit.expected + 1_000_000), lock
        return await call(*given)
