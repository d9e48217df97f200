"""What is generated from each golden case, compared byte by byte (DESIGN, "Output")."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.cases import HERE, Case, cases, told_codes
from pystator_gen import codes

ALL = cases()


def _analysis_codes() -> list[str]:
    """The codes of analysis and of the whole run, and the one for what is not supported yet."""
    return sorted(code for code in codes.CODES if "PG050" <= code <= "PG099")


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_case_gives_exactly_the_expected_package_and_diagnostics(case: Case, tmp_path: Path) -> None:
    expected = case.expected()
    outcome = case.generate(tmp_path / case.name)
    assert outcome.stderr == expected.stderr, "make golden rewrites stderr.txt"
    assert outcome.code == expected.code
    assert list(outcome.files) == list(expected.files)
    for name, content in expected.files.items():
        assert outcome.files[name].decode() == content.decode(), f"make golden rewrites {name}"
        assert outcome.files[name] == content


@pytest.mark.parametrize("code", _analysis_codes())
def test_every_code_of_analysis_is_told_by_a_case(code: str) -> None:
    assert code in told_codes()


def test_a_case_without_a_package_tells_an_error() -> None:
    silent = [case.name for case in ALL if case.is_error and "error[" not in case.expected().stderr]
    assert silent == []


def test_every_folder_here_is_a_case() -> None:
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {case.name for case in ALL}
