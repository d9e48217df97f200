"""Async functions that a test lets wait, and on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


class Gate:
    """An async function of the application that tells when it was reached and waits to be let on."""

    def __init__(self, answer: Any = True) -> None:
        self.answer = answer
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self.running = 0
        self.most = 0

    async def __call__(self, ctx: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        self.reached.set()
        try:
            await self.opened.wait()
        finally:
            self.running -= 1
        return self.answer


async def cancelled(task: asyncio.Task[Any]) -> bool:
    """Cancel a task and wait for its end."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return task.cancelled()
