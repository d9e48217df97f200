"""The doors as fixtures: a test that takes one runs once per door."""

from __future__ import annotations

from typing import Any

import pytest

from support.doors import ASYNC_DOORS, DOORS, DOORS_FOR_ANY_NAME, SESSION_DOORS, SYNC_DOORS, Door


@pytest.fixture(params=DOORS.values(), ids=DOORS)
def door(request: Any) -> Door:
    """Every door."""
    return request.param


@pytest.fixture(params=DOORS_FOR_ANY_NAME.values(), ids=DOORS_FOR_ANY_NAME)
def open_door(request: Any) -> Door:
    """Every door that takes a trigger which the machine does not have."""
    return request.param


@pytest.fixture(params=SYNC_DOORS.values(), ids=SYNC_DOORS)
def sync_door(request: Any) -> Door:
    """Every sync door."""
    return request.param


@pytest.fixture(params=ASYNC_DOORS.values(), ids=ASYNC_DOORS)
def async_door(request: Any) -> Door:
    """Every async door."""
    return request.param


@pytest.fixture(params=SESSION_DOORS.values(), ids=SESSION_DOORS)
def session_door(request: Any) -> Door:
    """Every door of a session."""
    return request.param
