"""Both type checkers, in strict mode, accept every golden package (docs/generated-module.md#typing)."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.cases import Case, cases
from golden.checkers import Complaints, check, complaints, lay_out

PACKAGES = [case for case in cases() if not case.is_error]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Complaints:
    return complaints(tmp_path_factory)


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("case", PACKAGES, ids=lambda case: case.name)
def test_a_checker_has_nothing_to_say_about_a_package(case: Case, checker: str, told: Complaints) -> None:
    assert [str(c) for c in told[checker] if c.file.startswith(f"{case.name}/")] == []


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_checker_sees_every_package(checker: str, told: Complaints) -> None:
    """The programs under `wrong/` import the packages: what they are told about proves that these were found."""
    unresolved = {"import-not-found", "import-untyped", "reportMissingImports", "reportMissingModuleSource"}
    assert [str(c) for c in told[checker] if c.rule in unresolved] == []
    assert any(c.file.startswith("wrong/") for c in told[checker])


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_nothing_is_said_for_later_versions_of_python_either(version: str, tmp_path: Path) -> None:
    lay_out(tmp_path / "code", ["right", "applications_right"])
    found = check(tmp_path / "code", version)
    assert {name: [str(complaint) for complaint in told] for name, told in found.items()} == {"mypy": [], "pyright": []}
