"""One procedure for sync and async callers: a generator that yields only what has to be waited for.

Deciding a step and running its actions are written once, as generators. Whenever a function of the
application answers an awaitable, the generator yields a :class:`Pending`; the sync door throws its refusal back
in, the async door awaits it and sends the answer. What can be done both ways, such as a store's transaction, is an
:class:`Operation`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

from pystator_runtime.errors import FSMError

ResultT = TypeVar("ResultT")


class Pending:
    """An awaitable that a function of the application answered, and the error that says how to wait for it.

    It is awaited for no longer than ``seconds``, where these are given.
    """

    __slots__ = ("awaitable", "refusal", "seconds")

    def __init__(self, awaitable: Awaitable[Any], refusal: FSMError, seconds: float | None = None) -> None:
        self.awaitable = awaitable
        self.refusal = refusal
        self.seconds = seconds


class Operation:
    """Something outside that is done ``here`` and now, or ``awaited``, as the caller can."""

    __slots__ = ("arguments", "awaited", "here")

    def __init__(
        self, here: Callable[..., Any], awaited: Callable[..., Awaitable[Any]], arguments: tuple[object, ...] = ()
    ) -> None:
        self.here = here
        self.awaited = awaited
        self.arguments = arguments


Procedure = Generator[Pending | Operation, Any, ResultT]


def run(procedure: Procedure[ResultT]) -> ResultT:
    """Run a procedure on a sync path: what it would have to wait for is refused inside it, at once (`S5.5`)."""
    try:
        pending = next(procedure)
        while True:
            if isinstance(pending, Operation):
                try:
                    done = pending.here(*pending.arguments)
                except BaseException as error:
                    pending = procedure.throw(error)
                else:
                    pending = procedure.send(done)
                continue
            close = getattr(pending.awaitable, "close", None)
            if close is not None:
                close()  # a coroutine that is never awaited would warn
            pending = procedure.throw(pending.refusal)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result


async def arun(procedure: Procedure[ResultT]) -> ResultT:
    """Run a procedure on an async path, awaiting what it yields; a cancellation ends the procedure too."""
    try:
        pending = next(procedure)
        while True:
            try:
                if isinstance(pending, Operation):
                    answer = await pending.awaited(*pending.arguments)
                else:
                    answer = await _within(pending.awaitable, pending.seconds)
            except BaseException as error:  # a cancellation, too, is told where it was waited
                pending = procedure.throw(error)
            else:
                pending = procedure.send(answer)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    finally:
        procedure.close()


async def _within(awaitable: Awaitable[Any], seconds: float | None) -> Any:
    if seconds is None:
        return await awaitable
    import asyncio

    async with asyncio.timeout(seconds):
        return await awaitable


def is_awaitable(value: object) -> bool:
    """Whether ``value`` has to be awaited to get the answer."""
    return hasattr(type(value), "__await__")
