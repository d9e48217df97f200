"""The doors as a fixture: a test that takes ``walk`` runs once per door."""

from __future__ import annotations

from typing import Any

import pytest

from support.walks import WALKS, Walker


@pytest.fixture(params=WALKS.values(), ids=WALKS)
def walk(request: Any) -> Walker:
    """Every way to lead an entity through events."""
    return request.param
