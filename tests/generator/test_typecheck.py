"""``--typecheck``: what mypy finds in a generated module, told in terms of the YAML."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pystator_gen import cli, typecheck
from pystator_gen.document import load
from pystator_gen.source import Source
from pystator_gen.typecheck import Checked, Origins

MACHINE = """\
meta: {machine_name: order}
state_variables:
  - {key: owner, type: "people:Person"}
states: [{name: open, type: initial, on_enter: [tell]}, {name: done}]
transitions:
  - {trigger: fill, source: open, dest: done, guards: [may_fill, {expr: "owner.name  == 'Ada'"}]}
"""
MODULE = """\
import people
class OrderContext:
    owner: people.Person
@rt.condition("owner.name == 'Ada'")
def _condition_1(ctx):
    return ctx
class OrderGuards:
    @property
    def may_fill(self):
        return 1
class OrderSession:
    def fill(self, owner):
        return 2
class OrderMachine:
    pass
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an application that has a class, and a machine that names it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "people.py").write_text('class Person:\n    name = "Ada"\n')
    (tmp_path / "order.yaml").write_text(MACHINE)
    return tmp_path


def run(*options: str) -> int:
    return cli.main(["order.yaml", "-o", "fsm", "-q", *options])


def test_what_mypy_accepts_is_written(project: Path) -> None:
    assert run("--typecheck") == 0
    assert (project / "fsm" / "order.py").is_file()
    assert sorted(path.name for path in project.iterdir()) == ["fsm", "order.yaml", "people.py"]


def test_what_mypy_refuses_is_told_at_the_type_once_and_not_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "order.yaml").write_text(MACHINE.replace(":Person", ":Persn"))
    assert run("--typecheck") == 1
    told = capsys.readouterr().err
    assert told.startswith("order.yaml:3:24: error[PG085]: mypy refuses fsm/order.py:")
    assert 'Name "people.Persn" is not defined' in told
    assert told.count("PG085") == 1
    assert not (project / "fsm").exists()


def test_without_the_option_nothing_is_checked(project: Path) -> None:
    (project / "order.yaml").write_text(MACHINE.replace(":Person", ":Persn"))
    assert run() == 0


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (1, (3, 24)),  # the import of the type's module
        (3, (3, 24)),  # the variable of that type
        (4, (6, 73)),  # the decorator of an expression
        (6, (6, 73)),
        (9, (6, 56)),  # a guard
        (13, (6, 15)),  # the method of a trigger
        (15, (1, 22)),  # the machine
    ],
)
def test_a_generated_line_is_traced_to_what_brings_it_about(line: int, place: tuple[int, int]) -> None:
    ((document,), _) = load(Source("order.yaml", MACHINE))
    span = Origins(Checked("order", MODULE, document)).of(line, "something is wrong")
    assert (span.line, span.column) == place


def test_the_place_of_a_type_is_found_by_the_message_too() -> None:
    ((document,), _) = load(Source("order.yaml", MACHINE))
    message = 'Cannot find implementation or library stub for module named "people"'
    span = Origins(Checked("order", MODULE, document)).of(15, message)
    assert (span.line, span.column) == (3, 24)


def test_without_mypy_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typecheck, "find_spec", lambda name: None)
    monkeypatch.setattr(typecheck, "_need_runtime", lambda python: None)
    (project / "python").write_text("#!/bin/sh\nexit 1\n")
    (project / "python").chmod(0o755)
    assert run("--typecheck", "--python", str(project / "python")) == 2
    assert "pip install 'pystator-gen[typecheck]'" in capsys.readouterr().err
    assert not (project / "fsm").exists()


def test_an_environment_without_the_runtime_is_named_with_the_remedy(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "bare"], check=True)
    python = str(project / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python")
    assert run("--typecheck", "--python", python) == 2
    told = capsys.readouterr().err
    assert f"{python} has no pystator-runtime" in told
    assert "pip install pystator-runtime" in told


def test_the_active_environment_counts_where_none_is_named(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    assert typecheck.active_python() == sys.executable
    (project / "bin").mkdir()
    (project / "bin" / "python").touch()
    monkeypatch.setenv("VIRTUAL_ENV", str(project))
    assert typecheck.active_python() == str(project / "bin" / "python")


def test_an_interpreter_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--typecheck", "--python", "no/such/python") == 2
    assert "--python no/such/python: can't be run" in capsys.readouterr().err


def test_python_without_typecheck_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--python", sys.executable)
    assert stopped.value.code == 2
    assert "--python goes with --typecheck" in capsys.readouterr().err


def test_with_check_nothing_is_written_and_types_are_still_checked(project: Path) -> None:
    (project / "order.yaml").write_text(MACHINE.replace(":Person", ":Persn"))
    assert run("--typecheck", "--check") == 1
    assert not (project / "fsm").exists()
