"""The libraries that are measured: for each machine a package, for each library a module in it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path

from bench.contenders.base import Case, Contender, Scenario

__all__ = ["Case", "Contender", "Scenario", "load"]

_MACHINES = ("order", "nested", "parallel")
_LIBRARIES = ("ours", "pystator", "transitions", "statemachine", "xstate", "by_hand")


def load(workspace: Path) -> Iterator[Contender | Exception]:
    """Every contender, ready to run, or why it can't be. ``workspace`` is a folder for what they need to write."""
    for machine, library in product(_MACHINES, _LIBRARIES):
        try:
            contender: Contender = import_module(f"{__name__}.{machine}.{library}").prepare(workspace)
        except Exception as failure:
            failure.add_note(f"contender {library!r} can't run the machine {machine!r}")
            yield failure
        else:
            yield contender
