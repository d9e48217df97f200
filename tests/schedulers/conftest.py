"""Clocks as fixtures: a test that takes ``hands`` runs once for ``advance`` and once for ``aadvance``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pystator_runtime.schedulers import ManualScheduler
from support.places import PLACES, Place
from support.servers import Servers

START = datetime(2024, 2, 29, 23, 59, 50, tzinfo=UTC)
"""When manual clocks begin."""


class Hands:
    """A manual clock, and how its time passes."""

    def __init__(self, *, is_async: bool) -> None:
        self.clock = ManualScheduler(START)
        self._is_async = is_async

    def advance(self, span: Any) -> list[Any]:
        """Let time pass; the results of what fired."""
        return asyncio.run(self.clock.aadvance(span)) if self._is_async else self.clock.advance(span)

    def fired(self, span: Any) -> list[tuple[str, str, str]]:
        """Let time pass; what fired, from where to where."""
        return [(r.trigger, str(r.source_state), str(r.target_state)) for r in self.advance(span)]


@pytest.fixture(params=["advance", "aadvance"])
def hands(request: Any) -> Hands:
    """Both ways to let time pass."""
    return Hands(is_async=request.param == "aadvance")


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def shared(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """A place that other processes can come to, of each kind."""
    place = PLACES[request.param](tmp_path, servers)
    yield place
    place.end()
