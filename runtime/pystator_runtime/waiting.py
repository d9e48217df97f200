"""One procedure for sync and async callers: a generator that yields only what has to be waited for.

Deciding a step and running its actions are written once, as generators. Whenever a function of the
application answers an awaitable, the generator yields a :class:`Pending`; the sync door throws its refusal back
in, the async door awaits it and sends the answer. What can be done both ways, such as a store's transaction, is an
:class:`Operation`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from pystator_runtime.errors import FSMError

if TYPE_CHECKING:
    from concurrent.futures import Future

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
                pending = procedure.throw(_told(error))
            else:
                pending = procedure.send(answer)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    finally:
        procedure.close()


def _told(error: BaseException) -> BaseException:
    """``error``, unless it is the cancellation of something that was awaited, and not of whoever awaits it.

    A function of the application that awaits a task which somebody cancels has failed. Taken for a cancellation of the
    caller, its error would end a caller whom nobody has cancelled: the watch over all timers, for one.
    """
    from asyncio import CancelledError, current_task

    if not isinstance(error, CancelledError):
        return error
    task = current_task()
    if task is None or task.cancelling():
        return error
    failure = RuntimeError("what it awaited was cancelled")
    failure.__cause__ = error
    return failure


async def _within(awaitable: Awaitable[Any], seconds: float | None) -> Any:
    if seconds is None:
        return await awaitable
    import asyncio

    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await awaitable
    except TimeoutError:
        if limit.expired():
            raise TimeoutError(f"it took longer than {seconds:g} s") from None
        raise


def within(call: Callable[[], ResultT], seconds: float) -> Procedure[ResultT]:
    """Call a sync function in a thread, which is left behind if that takes longer than ``seconds``.

    Raises:
        TimeoutError: It did.
    """
    answer: ResultT = yield Operation(_here_within, _awaited_within, (call, seconds))
    return answer


def _here_within(call: Callable[[], Any], seconds: float) -> Any:
    future = _begun(call)
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():
            raise
        raise TimeoutError(f"it took longer than {seconds:g} s and was left behind") from None


async def _awaited_within(call: Callable[[], Any], seconds: float) -> Any:
    import asyncio

    return await _within(asyncio.wrap_future(_begun(call)), seconds)


def _begun(call: Callable[[], Any]) -> Future[Any]:
    """The outcome of a call that a thread has begun; the process does not wait for it to end."""
    import threading
    from concurrent.futures import Future
    from contextvars import copy_context

    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()  # from now on it can't be cancelled

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=copy_context().run, args=(work,), name="pystator-action", daemon=True).start()
    return future


def is_awaitable(value: object) -> bool:
    """Whether ``value`` has to be awaited to get the answer."""
    return hasattr(type(value), "__await__")
