"""The tables of *Coming from PyStator*: each row is a difference, and has a test that shows it.

A test names its row by the text of the row's first cell, so that neither can change without the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

PAGE = Path(__file__).parents[1] / "docs" / "coming-from-pystator.md"

_Test = TypeVar("_Test", bound=Callable[..., Any])

shown: dict[str, set[str]] = {}
"""By row: the names of the tests that show it, as far as their modules have been imported."""


def row(text: str) -> Callable[[_Test], _Test]:
    """The test shows what this row of the page says."""

    def mark(test: _Test) -> _Test:
        shown.setdefault(text, set()).add(test.__name__)
        return test

    return mark


def written() -> list[str]:
    """The first cells of all tables of the page that compare."""
    found: list[str] = []
    for table in re.findall(r"(?:^\|.*\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table.splitlines())
        if {"PyStator", "here"} <= set(head):
            found += [cells[0] for cells in rows]
    return found
