"""The command line (docs/command-line.md): what it says, what it writes, and its exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pystator_gen.cli import main

LIGHT = """\
meta: {machine_name: light}
states: [{name: off, type: initial}, {name: on}]
transitions: [{trigger: press, source: off, dest: on}]
"""
DOOR = LIGHT.replace("light", "door").replace("press", "push")
BROKEN = LIGHT.replace("dest: on", "dest: onn")
WARNED = LIGHT.replace("{name: on}", "{name: on}, {name: dim}")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the tool is run in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "light.yaml").write_text(LIGHT)
    return tmp_path


def run(*arguments: str) -> int:
    return main(list(arguments))


def run_as_program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pystator_gen", *arguments], capture_output=True, text=True, check=False
    )


# -- exit codes --------------------------------------------------------------------------------------------------


def test_a_clean_run_writes_a_package_and_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("light.yaml", "-o", "fsm") == 0
    assert sorted(path.name for path in (project / "fsm").iterdir()) == ["__init__.py", "light.py", "light_views.py"]
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "fsm/__init__.py: created",
        "fsm/light.py: created",
        "fsm/light_views.py: created",
        "1 machine: 3 files written",
    ]
    assert said.err == ""


def test_generate_may_stand_before_the_sources(project: Path) -> None:
    assert run("generate", "light.yaml", "-o", "fsm") == 0
    assert (project / "fsm/light.py").exists()


def test_sources_may_stand_on_both_sides_of_an_option(project: Path) -> None:
    (project / "door.yaml").write_text(DOOR)
    assert run("light.yaml", "-o", "fsm", "door.yaml", "-q") == 0
    assert (project / "fsm/door.py").exists()


def test_an_error_in_a_source_exits_with_1_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "door.yaml").write_text(BROKEN.replace("light", "door"))
    assert run(".", "-o", "fsm") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0] == "door.yaml:3:51: error[PG050]: there is no state `onn`"
    assert said.err.splitlines()[-1] == "1 error; nothing was written"
    assert not (project / "fsm").exists()


def test_an_error_leaves_what_was_generated_before(project: Path) -> None:
    run("light.yaml", "-o", "fsm")
    before = (project / "fsm/light.py").read_bytes()
    (project / "light.yaml").write_text(BROKEN)
    assert run("light.yaml", "-o", "fsm", "--prune", "--force") == 1
    assert (project / "fsm/light.py").read_bytes() == before


def test_a_warning_is_told_and_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "light.yaml").write_text(WARNED)
    assert run("light.yaml", "-o", "fsm", "-q") == 0
    assert re.fullmatch(r"light\.yaml:2:\d+: warning\[PG062\]: .*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no SOURCE given"),
        (["light.yaml"], "no output folder given"),
        (["light.yaml", "-o", "fsm", "--diff"], "--diff goes with --check"),
        (["light.yaml", "-o", "fsm", "--chekc"], "unrecognized arguments: --chekc"),
        (["light.yaml", "-o", "fsm", "-q", "-v"], "not allowed with"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(
    arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not (project / "fsm").exists()


def test_a_missing_source_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("absent.yaml", "-o", "fsm") == 2
    assert capsys.readouterr().err == "error: cannot read absent.yaml: there is no such file or folder\n"


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("light.yaml/fsm", "a file stands where a folder has to be: name another one"),
        ("x" * 300, "name a folder with a shorter name"),
        ("closed/fsm", "make it readable and writable, or name another folder"),
    ],
)
@pytest.mark.parametrize("command", [(), ("scaffold", "--package", "fsm")])
def test_what_the_system_refuses_is_told_with_the_path_and_the_remedy(
    command: tuple[str, ...],
    output: str,
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make = Path.mkdir

    def refuse(folder: Path, *args: Any, **options: Any) -> None:  # root, who may run this, is never refused
        if folder.parts[0] == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        make(folder, *args, **options)

    monkeypatch.setattr(Path, "mkdir", refuse)
    Path("light.yaml").write_text(LIGHT.replace("dest: on}", "dest: on, guards: [is_dark]}"))
    assert run(*command, "light.yaml", "-o", output) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: cannot read or write {output}: ")
    assert said.endswith(f"; {remedy}\n")


def test_a_folder_without_sources_is_an_error_of_the_sources(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    assert run("empty", "-o", "fsm") == 1
    assert "error[PG004]" in capsys.readouterr().err


def test_an_output_that_can_not_be_a_folder_exits_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("light.yaml", "-o", "/dev/null/fsm") == 2
    assert run("light.yaml", "-o", "light.yaml") == 2
    assert "light.yaml is a file" in capsys.readouterr().err
    assert (project / "light.yaml").read_text() == LIGHT


# -- --check and --diff ------------------------------------------------------------------------------------------


def test_check_of_an_up_to_date_package_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    run("light.yaml", "-o", "fsm", "-q")
    assert run("light.yaml", "-o", "fsm", "--check") == 0
    assert capsys.readouterr().out == "1 machine: no file written\n"


def test_check_names_the_files_that_would_change_and_writes_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("light.yaml", "-o", "fsm", "-q")
    before = (project / "fsm/light.py").read_bytes()
    (project / "light.yaml").write_text(LIGHT.replace("press", "push"))
    (project / "door.yaml").write_text(DOOR)
    assert run(".", "-o", "fsm", "--check") == 1
    assert capsys.readouterr().err.splitlines() == [
        "fsm/__init__.py: would be changed",
        "fsm/door.py: would be created",
        "fsm/door_views.py: would be created",
        "fsm/light.py: would be changed",
        "fsm/light_views.py: would be changed",
        "5 of 5 files are out of date: run pystator-gen",
    ]
    assert (project / "fsm/light.py").read_bytes() == before
    assert not (project / "fsm/door.py").exists()


def test_check_with_prune_names_what_would_be_pruned(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "door.yaml").write_text(DOOR)
    run(".", "-o", "fsm", "-q")
    assert run("light.yaml", "-o", "fsm", "--check", "--prune") == 1
    assert "fsm/door.py: would be pruned" in capsys.readouterr().err
    assert (project / "fsm/door.py").exists()


def test_check_creates_no_folder(project: Path) -> None:
    assert run("light.yaml", "-o", "fsm", "--check") == 1
    assert not (project / "fsm").exists()


def test_check_of_broken_sources_tells_their_errors(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    (project / "light.yaml").write_text(BROKEN)
    assert run("light.yaml", "-o", "fsm", "--check") == 1
    assert "error[PG050]" in capsys.readouterr().err


def test_diff_shows_the_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("light.yaml", "-o", "fsm", "-q")
    (project / "light.yaml").write_text(LIGHT.replace("press", "push"))
    assert run("light.yaml", "-o", "fsm", "--check", "--diff") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["--- fsm/light.py (now)", "+++ fsm/light.py (generated)"]
    assert '-    PRESS = "press"' in lines
    assert '+    PUSH = "push"' in lines


# -- loudness ----------------------------------------------------------------------------------------------------


def test_quiet_says_nothing_if_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    run("light.yaml", "-o", "fsm", "--quiet")
    assert capsys.readouterr() == ("", "")


def test_quiet_still_names_drift(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("light.yaml", "-o", "fsm", "--check", "-q") == 1
    assert "fsm/light.py: would be created" in capsys.readouterr().err


def test_verbose_names_unchanged_files_too(capsys: pytest.CaptureFixture[str]) -> None:
    run("light.yaml", "-o", "fsm", "-q")
    run("light.yaml", "-o", "fsm", "-v")
    assert "fsm/light.py: unchanged" in capsys.readouterr().out.splitlines()


# -- as a program ------------------------------------------------------------------------------------------------


def test_help_tells_every_option_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for option in ("SOURCE", "-o", "--output", "--check", "--diff", "--prune", "--force", "-q", "-v", "--version"):
        assert option in text
    for code in ("0  done", "1  the sources have errors", "2  wrong usage"):
        assert code in text
    assert "[tool.pystator-gen]" in text


def test_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--version")
    assert capsys.readouterr().out == f"pystator-gen {version('pystator-gen')}\n"


def test_the_package_can_be_run_as_a_program(project: Path) -> None:
    done = run_as_program("light.yaml", "-o", "fsm")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("1 machine: 3 files written\n")
    (project / "light.yaml").write_text(BROKEN)
    assert run_as_program("light.yaml", "-o", "fsm").returncode == 1
    assert run_as_program("--nonsense").returncode == 2


def test_the_installed_program_is_the_same(project: Path) -> None:
    program = Path(sys.executable).with_name("pystator-gen")
    assert subprocess.run([program, "light.yaml", "-o", "fsm", "-q"], check=False).returncode == 0
    assert (project / "fsm/light.py").exists()


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pystator_gen.driver.generate", interrupted)
    assert run("light.yaml", "-o", "fsm") == 130
    assert capsys.readouterr().err == "interrupted; nothing was written\n"


def test_a_bug_of_ours_is_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise AssertionError("ours")

    monkeypatch.setattr("pystator_gen.driver.generate", broken)
    with pytest.raises(AssertionError, match="ours"):
        run("light.yaml", "-o", "fsm")
