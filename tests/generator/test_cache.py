"""What an earlier run has compiled is not compiled again, and nobody can tell but by the clock."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pystator_gen import cache, cli, workers
from pystator_gen.artifacts import Compiled

_MACHINE = """
meta: {{machine_name: {name}}}
states: [{{name: off, type: initial}}, {{name: on}}]
transitions: [{{trigger: press, source: off, dest: on}}]
"""
_WITH_A_WARNING = _MACHINE + "error_policy: {{unheard_of: 1}}\n"


class Compilations:
    """Which sources were compiled."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def taken(self) -> list[str]:
        names, self.names = sorted(self.names), []
        return names


@pytest.fixture
def compilations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compilations:
    """A project with two machines, and what of it is compiled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    Path("machines").mkdir()
    for name in ("door", "lamp"):
        Path(f"machines/{name}.yaml").write_text(_MACHINE.format(name=name), encoding="utf-8")
    seen = Compilations()
    compile_chunk = workers.compile_chunk

    def watched(paths: list[Path]) -> list[Compiled]:
        seen.names.extend(path.stem for path in paths)
        return compile_chunk(paths)

    monkeypatch.setattr(workers, "compile_chunk", watched)
    return seen


def run(*options: str) -> int:
    return cli.main(["machines", "-o", "fsm", *options])


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("fsm").iterdir()}


def test_what_has_not_changed_is_compiled_once(compilations: Compilations, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == cli.CLEAN
    assert compilations.taken() == ["door", "lamp"]
    before = files()
    capsys.readouterr()
    assert run("-v") == cli.CLEAN
    assert compilations.taken() == []
    assert capsys.readouterr().out.count(": unchanged\n") == len(before) == 5
    assert files() == before


def test_only_the_source_that_changed_is_compiled(compilations: Compilations) -> None:
    run()
    compilations.taken()
    text = Path("machines/lamp.yaml").read_text(encoding="utf-8").replace("press", "push")
    Path("machines/lamp.yaml").write_text(text, encoding="utf-8")
    assert run() == cli.CLEAN
    assert compilations.taken() == ["lamp"]
    after = files()
    shutil.rmtree("fsm")
    assert run("--no-cache") == cli.CLEAN
    assert files() == after


@pytest.mark.parametrize("name", ["lamp.py", "lamp_views.py"])
def test_a_module_that_was_edited_or_deleted_is_written_again(compilations: Compilations, name: str) -> None:
    run()
    before = files()
    compilations.taken()
    with Path("fsm", name).open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    assert run("--check") == cli.PROBLEMS
    assert run() == cli.CLEAN
    assert files() == before
    Path("fsm", name).unlink()
    assert run() == cli.CLEAN
    assert files() == before
    assert compilations.taken() == ["lamp", "lamp", "lamp"]


def test_a_check_says_how_what_is_known_would_differ(
    compilations: Compilations, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    path = Path("fsm/lamp.py")
    path.write_bytes(path.read_bytes().replace(b"PRESS", b"PUSH"))
    assert run("--check", "--diff") == cli.PROBLEMS
    assert "-    PUSH = " in capsys.readouterr().out


def test_warnings_are_told_each_time(compilations: Compilations, capsys: pytest.CaptureFixture[str]) -> None:
    Path("machines/lamp.yaml").write_text(_WITH_A_WARNING.format(name="lamp"), encoding="utf-8")
    told = []
    for _ in range(2):
        assert run() == cli.CLEAN
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    assert "warning[PG023]" in told[0]


def test_errors_are_told_each_time(compilations: Compilations, capsys: pytest.CaptureFixture[str]) -> None:
    Path("machines/lamp.yaml").write_text(_MACHINE.format(name="lamp").replace("on}", "off}"), encoding="utf-8")
    told = []
    for _ in range(2):
        assert run() == cli.PROBLEMS
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    assert "error[" in told[0]


def test_machines_that_collide_with_what_is_known_are_an_error(
    compilations: Compilations, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    Path("machines/lamp_views.yaml").write_text(_MACHINE.format(name="other"), encoding="utf-8")
    assert run() == cli.PROBLEMS
    assert "lamp_views.py" in capsys.readouterr().err


def test_the_package_re_exports_what_is_known_as_well(compilations: Compilations) -> None:
    run()
    Path("machines/gate.yaml").write_text(_MACHINE.format(name="gate"), encoding="utf-8")
    compilations.taken()
    run()
    assert compilations.taken() == ["gate"]
    package = files()["__init__.py"].decode()
    assert all(f"{name}Machine" in package for name in ("Door", "Gate", "Lamp"))


def test_another_tool_knows_nothing_of_it(compilations: Compilations, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code, Python or what it builds on may be another, and write something else."""
    run()
    compilations.taken()
    monkeypatch.setattr(cache, "_fingerprint", lambda: "another")
    run()
    assert compilations.taken() == ["door", "lamp"]


def test_the_same_path_in_another_project_is_another_source(
    compilations: Compilations, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run()
    shutil.copytree(tmp_path / "machines", tmp_path / "other" / "machines")
    monkeypatch.chdir(tmp_path / "other")
    compilations.taken()
    run()
    assert compilations.taken() == ["door", "lamp"]


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b'{"machines/lamp.yaml": {}}', b"\xff"])
def test_what_can_not_be_read_is_as_nothing(compilations: Compilations, tmp_path: Path, content: bytes) -> None:
    run()
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(content)
    compilations.taken()
    assert run() == cli.CLEAN
    assert compilations.taken() == ["door", "lamp"]
    assert json.loads(path.read_bytes()).keys() == {"machines/door.yaml", "machines/lamp.yaml"}


def test_a_cache_that_can_not_be_written_keeps_nobody_from_generating(
    compilations: Compilations, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    assert run() == cli.CLEAN
    assert run() == cli.CLEAN
    assert compilations.taken() == ["door", "door", "lamp", "lamp"]


def test_sources_that_are_gone_are_forgotten(compilations: Compilations, tmp_path: Path) -> None:
    run()
    Path("machines/door.yaml").unlink()
    Path("machines/lamp.yaml").write_text(_MACHINE.format(name="lamp") + "\n", encoding="utf-8")
    run()
    (path,) = (tmp_path / "cache").iterdir()
    assert json.loads(path.read_bytes()).keys() == {"machines/lamp.yaml"}


def test_nothing_is_left_beside_it(compilations: Compilations, tmp_path: Path) -> None:
    run()
    assert len(os.listdir(tmp_path / "cache")) == 1
