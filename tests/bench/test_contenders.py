"""What the benchmarks time of ours does what it claims, and what they print is what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from bench.contenders.nested import by_hand as nested_by_hand
from bench.contenders.nested import ours as nested
from bench.contenders.order import by_hand as order_by_hand
from bench.contenders.order import ours as order
from bench.contenders.parallel import by_hand as parallel_by_hand
from bench.contenders.parallel import ours as parallel
from bench.measure import Case, ProofError, Statement
from bench.report import Group, Report, Row, Target, changes


@pytest.mark.parametrize("library", [order, nested, parallel, order_by_hand, nested_by_hand, parallel_by_hand])
def test_each_statement_does_its_work(library: ModuleType, tmp_path: Path) -> None:
    known = library.prepare(tmp_path).known
    assert known
    for cases in known.values():
        for case in cases:
            Statement(case)  # raises unless its proof is true afterwards


def test_a_statement_that_does_not_do_its_work_is_found_out() -> None:
    with pytest.raises(ProofError, match="not true afterwards"):
        Statement(Case("nothing", "pass", {}, "1 == 2"))


def test_ratios_are_to_the_first_row_and_targets_are_judged(tmp_path: Path) -> None:
    rows = [
        Row("ours", "send", 2e-7, "s"),
        Row("theirs", "send", 2e-5, "s", Target(50, at_least=True)),
        Row("others", "send", 2e-6, "s", Target(50, at_least=True)),
        Row("ours", "memory", 600, "B", Target(700, at_least=False, absolute=True, unit=" B")),
    ]
    group = Group("flat", "flat event", rows)
    assert [group.met(row) for row in rows] == [None, True, False, True]
    table = group.table()
    assert "20.00 µs" in table
    assert "100×" in table  # noqa: RUF001 - the sign is meant
    report = Report({"python": "3"}, [group])
    assert report.summary().startswith("2 of 3 targets met\nmissed:\n  flat event: others")
    report.write(tmp_path / "report.json")
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [row["met"] for row in written["groups"][0]["rows"]] == [None, True, False, True]


def test_what_has_changed_since_a_baseline_is_told_the_most_changed_first(tmp_path: Path) -> None:
    def report(send: float, create: float, ours: str = "ours 1.0") -> Report:
        rows = [Row(ours, "send", send), Row("theirs", "send", 2e-5), Row("theirs", "create", create)]
        return Report({"python": "3"}, [Group("flat", "flat event", rows)])

    report(2e-7, 1e-5).write(tmp_path / "baseline.json")
    found = changes(report(4e-7, 1.9e-5, "ours 1.1"), tmp_path / "baseline.json", 0.2)
    assert [(change.row, round(change.factor, 2)) for change in found] == [("flat event: theirs, send", 0.5)]
    assert str(found[0]).split()[:4] == ["100×", "→", "50×", "-50%"]  # noqa: RUF001 - the sign is meant
    twice = changes(report(2e-7, 3e-5), tmp_path / "baseline.json", 0.2)
    assert [(change.row, round(change.factor, 2)) for change in twice] == [("flat event: theirs, create", 3.0)]
