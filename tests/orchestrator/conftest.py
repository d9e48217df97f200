"""Stores and doors as fixtures: a test that takes one runs once per store, or by each door.

The stores are those of ``support.places``: one that is added there is tried here as well.
"""

from __future__ import annotations

from typing import Any

import pytest

from stores.conftest import lasting as lasting
from stores.conftest import place as place
from stores.conftest import store as store
from support.orchestrated import WAYS


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def door(request: Any) -> Any:
    """The sync methods, and their async twins."""
    return request.param
