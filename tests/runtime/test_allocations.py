"""An event that nothing but the state decides makes no object: its result is there beforehand."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from support.machines import load

FLAT = """
meta: {machine_name: door}
states: [{name: shut, type: initial}, {name: ajar}]
transitions:
  - {trigger: open, source: shut, dest: ajar}
  - {trigger: close, source: ajar, dest: shut}
"""
IN_REGIONS = """
meta: {machine_name: door}
states:
  - {name: made, type: initial}
  - name: hung
    type: parallel
    regions:
      - {name: leaf, initial: shut, states: [shut, ajar]}
      - {name: bolt, initial: locked, states: [locked, free]}
  - {name: shut}
  - {name: ajar}
  - {name: locked}
  - {name: free}
transitions:
  - {trigger: hang, source: made, dest: hung}
  - {trigger: open, source: shut, dest: ajar, region: leaf}
  - {trigger: open, source: locked, dest: free, region: bolt}
  - {trigger: close, source: ajar, dest: shut, region: leaf}
  - {trigger: close, source: free, dest: locked, region: bolt}
"""


@pytest.fixture(autouse=True)
def _undisturbed() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def peak(act: Callable[[], object]) -> int:
    """How many bytes more than before were in use at some moment of ``act``, once it has warmed up."""
    for _ in range(5):
        act()
    tracemalloc.start()
    try:
        act()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        act()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most - before


def nothing() -> None:
    pass


def test_what_is_made_is_seen() -> None:
    assert peak(object) > peak(nothing)


@pytest.mark.parametrize("yaml", [FLAT, IN_REGIONS], ids=["flat", "in regions"])
def test_a_trigger_makes_no_object(yaml: str) -> None:
    door = load(yaml).DoorMachine().create("d-1")
    if yaml is IN_REGIONS:
        door.hang()

    def there_and_back() -> None:
        door.open()
        door.close()

    assert peak(there_and_back) == peak(nothing)
    assert door.open().success
