"""Settings in `[tool.pystator-gen]` (docs/command-line.md#settings)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pystator_gen.cli import main
from pystator_gen.settings import Settings, SettingsError, load_settings

MACHINE = """\
states: [{name: off, type: initial}, {name: on}]
transitions: [{trigger: press, source: off, dest: on}]
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a machine and settings; the tool is run in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines/light.yaml").write_text(MACHINE)
    settings(tmp_path, 'sources = ["machines"]\noutput = "app/fsm"')
    return tmp_path


def settings(project: Path, table: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.other]\nx = 1\n[tool.pystator-gen]\n{table}\n")


def test_sources_and_output_may_come_from_the_settings(project: Path) -> None:
    assert main(["-q"]) == 0
    assert (project / "app/fsm/light.py").exists()


def test_the_command_line_wins(project: Path) -> None:
    (project / "door.yaml").write_text(MACHINE)
    assert main(["door.yaml", "-o", "out", "-q"]) == 0
    assert sorted(path.name for path in (project / "out").iterdir()) == ["__init__.py", "door.py", "door_views.py"]
    assert not (project / "app").exists()


def test_an_empty_output_on_the_command_line_does_not_stand_for_that_of_the_settings(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["machines", "-o", "", "-q"])
    assert "no output folder given" in capsys.readouterr().err
    assert not (project / "app").exists()


def test_paths_are_relative_to_the_file_wherever_the_run_starts(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep/er")
    assert main([]) == 0
    assert (project / "app/fsm/light.py").exists()
    assert capsys.readouterr().out.splitlines()[0] == "../../app/fsm/__init__.py: created"


def test_prune_and_force_are_switches(project: Path) -> None:
    main(["-q"])
    (project / "machines/light.yaml").rename(project / "machines/lamp.yaml")
    (project / "app/fsm/lamp.py").write_text("mine = 1\n")
    settings(project, 'sources = ["machines"]\noutput = "app/fsm"\nprune = true\nforce = true')
    assert main(["-q"]) == 0
    assert sorted(path.name for path in (project / "app/fsm").iterdir()) == ["__init__.py", "lamp.py", "lamp_views.py"]


def test_a_project_without_settings_has_none(project: Path, tmp_path: Path) -> None:
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert load_settings(project) == Settings()
    (project / "pyproject.toml").write_text("tool = 3\n")
    assert load_settings(project) == Settings()


def test_the_nearest_file_counts(project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("")
    assert load_settings(inner) == Settings()
    assert load_settings(project).output == "app/fsm"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("outptu = 'x'", "no setting 'outptu'; it has: sources, output, python, prune, force, typecheck"),
        ("sources = 'machines'", "sources must be a list of texts, not 'machines'"),
        ("sources = [1]", "sources must be a list of texts"),
        ("output = ['x']", "output must be a text"),
        ("prune = 'yes'", "prune must be true or false, not 'yes'"),
        ("force = 1", "force must be true or false, not 1"),
        ("output = ''", 'output holds an empty path; the folder of this file is "."'),
        ("sources = ['machines', '']", "sources holds an empty path"),
        ("python = ''", "python holds an empty path"),
        ("x = ", "can't be read"),
        ("x = '\udcff'", "can't be read"),
    ],
)
def test_a_wrong_setting_exits_with_2_and_says_what_is_wrong(
    table: str, message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"[tool.pystator-gen]\n{table}\n"
    (project / "pyproject.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["machines", "-o", "fsm"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "pyproject.toml" in said
    assert message in said
    assert not (project / "fsm").exists()


def test_the_table_must_be_a_table(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool]\npystator-gen = 3\n")
    with pytest.raises(SettingsError, match="must be a table"):
        load_settings(project)
