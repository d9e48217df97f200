"""One procedure for sync and async callers: a generator that yields only what has to be waited for.

Deciding a step and running its actions are written once, as generators. Whenever a function of the
application answers an awaitable, the generator yields a :class:`Pending`; the sync door throws its refusal back
in, the async door awaits it and sends the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any, TypeVar

from pystator_runtime.errors import FSMError

ResultT = TypeVar("ResultT")


class Pending:
    """An awaitable that a function of the application answered, and the error that says how to wait for it."""

    __slots__ = ("awaitable", "refusal")

    def __init__(self, awaitable: Awaitable[Any], refusal: FSMError) -> None:
        self.awaitable = awaitable
        self.refusal = refusal


Procedure = Generator[Pending, Any, ResultT]


def run(procedure: Procedure[ResultT]) -> ResultT:
    """Run a procedure on a sync path: what it would have to wait for is refused inside it, at once (`S5.5`)."""
    try:
        pending = next(procedure)
        while True:
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
                answer = await pending.awaitable
            except Exception as error:
                pending = procedure.throw(error)
            else:
                pending = procedure.send(answer)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    finally:
        procedure.close()


def is_awaitable(value: object) -> bool:
    """Whether ``value`` has to be awaited to get the answer."""
    return hasattr(type(value), "__await__")
