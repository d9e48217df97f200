"""Programs that are checked and never run: what both checkers accept and refuse (docs/generated-module.md#typing).

An expected error is marked where it stands, by `# type: ignore[code]` for mypy and `# pyright: ignore[rule]` for
pyright. The markers are disarmed before the checkers run, so an error that is no longer told is found even in code
that a checker takes for unreachable.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.checkers import PROGRAMS, Complaint, Complaints, complaints, expected

ALL = [program for kind in ("right", "wrong") for program in sorted(PROGRAMS[kind].glob("*.py"))]
NAMES = [f"{program.parent.name}/{program.name}" for program in ALL]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    return complaints(tmp_path_factory)


@pytest.mark.parametrize("program", ALL, ids=NAMES)
def test_mypy_tells_exactly_the_errors_that_are_marked(program: Path, told: Complaints) -> None:
    found = {(c.line, c.rule) for c in _about(program, told["mypy"])}
    assert found == {(c.line, c.rule) for c in expected(program)["mypy"]}


@pytest.mark.parametrize("program", ALL, ids=NAMES)
def test_pyright_tells_errors_in_exactly_the_lines_that_are_marked(program: Path, told: Complaints) -> None:
    """Of several rules in one line, one that is marked has to be told: pyright's versions differ in the others."""
    found, marked = _about(program, told["pyright"]), expected(program)["pyright"]
    assert {c.line for c in found} == {c.line for c in marked}, "\n".join(map(str, found))
    agreed = {c.line for c in found} & {c.line for c in marked if (c.line, c.rule) in {(f.line, f.rule) for f in found}}
    assert agreed == {c.line for c in marked}


def test_a_program_that_is_right_has_no_marks() -> None:
    marks = [expected(program) for program in ALL if program.parent.name == "right"]
    assert [mark for found in marks for checker in found.values() for mark in checker] == []


def _about(program: Path, complaints: list[Complaint]) -> list[Complaint]:
    return [c for c in complaints if c.file == f"{program.parent.name}/{program.name}"]
