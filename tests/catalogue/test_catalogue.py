"""The catalogue of machines that break their own contract, each told exactly, and of those that must be left alone.

A wrong machine says in a comment, at the end of the line concerned, what is told of it there::

    - expr: quantity > note  # 13: error[PG081]: in the expression ...

with the column; a hint follows behind `` | ``. Nothing else may be told. ``python -m catalogue.test_catalogue``, run in
`tests`, writes the comments anew: read the diff.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pystator_gen.pipeline import compile_source
from pystator_gen.source import Source

MACHINES = Path(__file__).resolve().parent / "machines"
WRONG = sorted((MACHINES / "wrong").glob("*.yaml"))
RIGHT = sorted((MACHINES / "right").glob("*.yaml"))

_COMMENT = re.compile(r"  # (\d+: (?:error|warning)\[PG\d+\]: .*)$")


def without_comments(path: Path) -> str:
    """The machine itself."""
    return "".join(f"{_COMMENT.sub('', line)}\n" for line in path.read_text(encoding="utf-8").splitlines())


def expected(path: Path) -> dict[int, str]:
    """What the comments say, by line."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return {number: match[1] for number, line in lines if (match := _COMMENT.search(line))}


def told(text: str) -> dict[int, str]:
    """What the compiler says about a machine, by line; of one line, one after the other."""
    found: dict[int, str] = {}
    _, diagnostics = compile_source(Source("machine.yaml", text))
    for diagnostic in diagnostics:
        line, column = diagnostic.span.line, diagnostic.span.column
        said = f"{column}: {diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
        said += f" | {diagnostic.hint}" if diagnostic.hint else ""
        found[line] = f"{found[line]} || {said}" if line in found else said
    return found


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_what_is_wrong_is_told_where_it_stands_and_nothing_else(path: Path) -> None:
    assert expected(path) == told(without_comments(path))


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_without_state_variables_nothing_is_told_of_types(path: Path) -> None:
    text = without_comments(path)
    start, end = text.index("state_variables:"), text.index("events:")
    assert told(text[:start] + text[end:]) == {}


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_machine_that_is_right_is_left_alone(path: Path) -> None:
    assert told(path.read_text(encoding="utf-8")) == {}


def test_there_are_at_least_forty_wrong_machines_and_each_tells_something() -> None:
    assert len(WRONG) >= 40
    assert [path.stem for path in WRONG if not expected(path)] == []


def _update(path: Path) -> None:
    text = without_comments(path)
    said = told(text)
    lines = enumerate(text.splitlines(), 1)
    path.write_text("".join(f"{line}  # {said[n]}\n" if n in said else f"{line}\n" for n, line in lines), "utf-8")


if __name__ == "__main__":
    for wrong in WRONG:
        _update(wrong)
