"""The libraries that are measured, each in a module of its own, all running the same order machine."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from bench.contenders.base import Case, Contender, Scenario

__all__ = ["Case", "Contender", "Scenario", "load"]

_MODULES = ("ours", "pystator", "transitions", "statemachine", "xstate", "by_hand")


def load(workspace: Path) -> Iterator[Contender | Exception]:
    """Every contender, ready to run, or why it can't be. ``workspace`` is a folder for what they need to write."""
    for name in _MODULES:
        try:
            contender: Contender = import_module(f"{__name__}.{name}").prepare(workspace)
        except Exception as failure:
            failure.add_note(f"contender {name!r} can't be run")
            yield failure
        else:
            yield contender
