"""The catalogue of applications: wrong ones are told exactly where and how, right ones are left alone.

All are checked in the one run of each checker that the golden packages are checked in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.applications.expectations import CHECKERS, RIGHT, WRONG, said, wrong_lines
from golden.checkers import Complaints, complaints

WRONG_PROGRAMS = sorted(WRONG.glob("*.py"))
LINES = [(program, wrong) for program in WRONG_PROGRAMS for wrong in wrong_lines(program.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    return complaints(tmp_path_factory)


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", WRONG_PROGRAMS, ids=lambda path: path.name)
def test_a_wrong_application_is_told_what_is_wrong_where_it_is_wrong(
    program: Path, checker: str, told: Complaints
) -> None:
    about = [c for c in told[checker] if c.file == f"applications_wrong/{program.name}"]
    lines = wrong_lines(program.read_text(encoding="utf-8"))
    assert {line: said(about, line) for line in sorted({c.line for c in about})} == {
        wrong.line: wrong.told[checker] for wrong in lines
    }


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", sorted(RIGHT.glob("*.py")), ids=lambda path: path.name)
def test_a_right_application_is_told_nothing(program: Path, checker: str, told: Complaints) -> None:
    assert [str(c) for c in told[checker] if c.file == f"applications_right/{program.name}"] == []


def test_every_wrong_line_is_expected_to_be_told_by_both_checkers() -> None:
    assert [f"{program.name}:{wrong.line}" for program, wrong in LINES if not all(wrong.told.values())] == []


def test_every_wrong_application_is_one_function_with_one_wrong_line() -> None:
    """So each of them is told apart from the others, and none is there only in name."""
    for program in WRONG_PROGRAMS:
        text = program.read_text(encoding="utf-8")
        bodies = text.split("\ndef ")[1:] + text.split("\nasync def ")[1:]
        assert text.count("  # wrong\n") == len(bodies), program.name
    assert len(LINES) >= 60
