"""Waiting in an event loop for what has to come about (in threads: :func:`support.orchestrated.until`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def auntil(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait for what has to come about, while the event loop goes on."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came about"
        await asyncio.sleep(0.005)
