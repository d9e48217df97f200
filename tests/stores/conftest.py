"""The places as fixtures: a test that takes one, or a store, runs once per store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.places import PLACES, Place
from support.servers import Servers

LASTING = [name for name in PLACES if name != "memory"]


def served(name: str, folder: Path, servers: Servers) -> Iterator[Place]:
    """A place for as long as a test runs."""
    place = PLACES[name](folder, servers)
    yield place
    place.end()


@pytest.fixture(params=PLACES)
def place(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """Every place."""
    yield from served(request.param, tmp_path, servers)


@pytest.fixture(params=LASTING)
def lasting(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """Every place whose entities outlive the store object."""
    yield from served(request.param, tmp_path, servers)


@pytest.fixture
def store(place: Place) -> Any:
    """A store on every place."""
    return place.open()
