"""Stores and doors as fixtures: a test that takes one runs once per store, or by each door.

The stores are those of ``support.places``: one that is added there is tried here as well. The doors await what can be
awaited themselves. A module that is about something else says by ``parametrize("place", ..., indirect=True)`` which
few it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stores.conftest import LASTING, served
from support.orchestrated import WAYS
from support.places import PLACES, Place
from support.servers import Servers


@pytest.fixture(params=[name for name in PLACES if not name.endswith("-awaited")])
def place(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """Every place."""
    yield from served(request.param, tmp_path, servers)


@pytest.fixture(params=[name for name in LASTING if not name.endswith("-awaited")])
def lasting(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """Every place whose entities outlive the store object."""
    yield from served(request.param, tmp_path, servers)


@pytest.fixture
def store(place: Place) -> Any:
    """A store on every place."""
    return place.open()


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def door(request: Any) -> Any:
    """The sync methods, and their async twins."""
    return request.param
