"""What is generated from each golden case, compared byte by byte (docs/design.md#determinism)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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


# -- what editors show -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in ALL if not case.is_error], ids=lambda case: case.name)
def test_every_name_of_a_generated_module_has_a_docstring(case: Case) -> None:
    modules = [path for path in sorted(case.package.glob("*.py")) if path.name != "__init__.py"]
    assert modules
    assert [f"{path.name}: {name}" for path in modules for name in _without_docstring(path.read_text("utf-8"))] == []


def _without_docstring(text: str) -> Iterator[str]:
    """The classes, public types, members, keys, properties and methods of a module that say nothing."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        yield "the module"
    yield from _silent(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if ast.get_docstring(node) is None:
                yield node.name
            yield from (f"{node.name}.{name}" for name in _silent(node.body))


def _silent(body: list[ast.stmt]) -> Iterator[str]:
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            is_overload = any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)
            is_public = node.name == "__init__" or not node.name.startswith("_")
            if is_public and not is_overload and ast.get_docstring(node) is None:
                yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            names = map(ast.unparse, target.elts if isinstance(target, ast.Tuple) else [target])
            public = [name for name in names if not name.startswith("_") and name not in ("chart", "session_class")]
            said = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            if not said:
                yield from public  # those two say in the runtime what they are
