"""The page and the tests say the same."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import pystator

import conformance
from conformance import rows


def test_it_is_the_version_that_the_page_speaks_of() -> None:
    assert f"`pystator` {pystator.__version__}" in rows.PAGE.read_text(encoding="utf-8")


def test_every_row_of_the_page_is_shown_by_a_test_and_every_test_shows_a_row() -> None:
    for module in pkgutil.iter_modules(conformance.__path__):
        importlib.import_module(f"conformance.{module.name}")
    written = Counter(rows.written())
    assert len(written) > 50
    assert [row for row, times in written.items() if times > 1] == []
    assert [row for row in written if row not in rows.shown] == []
    assert [row for row in rows.shown if row not in written] == []
