"""`pystator-gen scaffold` (docs/handlers.md): what it takes, what it says, and what checkers say of the result."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from golden.checkers import REPOSITORY
from pystator_gen.cli import main

LIGHT = """\
meta: {machine_name: light}
state_variables: [{key: volts, type: integer, default: 3}]
states: [{name: off, type: initial}, {name: on, on_enter: [{name: shine, params: {colour: red, level: 1}}]}]
transitions:
  - {trigger: press, source: off, dest: on, guards: [is_charged, {name: above, params: {limit: 2}}], actions: [click]}
"""
DARK = """\
meta: {machine_name: dark}
states: [{name: a, type: initial}, {name: b}]
transitions:
  - {trigger: go, source: a, dest: b, guards: [bool, list, none], actions: [list, {name: int, params: {str: [1]}}]}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a generated package; the tool is run in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines/light.yaml").write_text(LIGHT)
    assert main(["machines", "-o", "app/fsm", "-q"]) == 0
    return tmp_path


def imported(path: Path | str) -> str:
    (line,) = (line for line in Path(path).read_text().splitlines() if line.startswith("from ") and "Light" in line)
    return line.split()[1]


# -- what it says ------------------------------------------------------------------------------------------------


def test_it_names_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scaffold", "machines/", "-o", "app/handlers/"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "app/handlers/__init__.py: created",
        "app/handlers/light.py: created",
        "1 machine: 2 files written",
    ]
    assert said.err == ""


def test_check_says_what_would_change_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    main(["scaffold", "machines", "-o", "app/handlers", "-q"])
    assert main(["scaffold", "machines", "-o", "app/handlers", "--check"]) == 0
    Path("machines/light.yaml").write_text(LIGHT.replace("click", "clack"))
    before = Path("app/handlers/light.py").read_bytes()
    capsys.readouterr()
    assert main(["scaffold", "machines", "-o", "app/handlers", "--check", "--diff"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "app/handlers/light.py: would be changed",
        "1 of 1 files are out of date: run pystator-gen scaffold",
    ]
    changed = [line for line in said.out.splitlines() if line.startswith(("+ ", "- "))]
    assert changed[0] == "+    # pystator-gen: the machine no longer uses this"
    assert changed[1] == "+    def clack(self, ctx: LightContext) -> None:"
    assert Path("app/handlers/light.py").read_bytes() == before


def test_an_error_in_a_file_of_handlers_exits_with_1_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app/handlers").mkdir()
    Path("app/handlers/light.py").write_text("class Guards:\n    def f(:\n")
    Path("machines/dark.yaml").write_text(DARK)
    assert main(["scaffold", "machines", "-o", "app/handlers"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "app/handlers/light.py:2:11: error[PG100]: invalid syntax"
    assert said[-1] == "1 error; nothing was written"
    assert [path.name for path in Path("app/handlers").iterdir()] == ["light.py"]


def test_an_error_in_a_source_exits_with_1_and_writes_nothing() -> None:
    Path("machines/light.yaml").write_text(LIGHT.replace("dest: on", "dest: onn"))
    assert main(["scaffold", "machines", "-o", "app/handlers"]) == 1
    assert not Path("app/handlers").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "handlers"], "no SOURCE given"),
        (["machines"], "no output folder given"),
        (["machines", "-o", "app/handlers", "--diff"], "--diff goes with --check"),
        (["machines", "-o", "app/handlers", "--package", "app/fsm"], "--package app/fsm: write what"),
        (["machines", "-o", "app/handlers", "--prune"], "unrecognized arguments: --prune"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["scaffold", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_the_generated_package_is_no_place_for_handlers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scaffold", "machines", "-o", "app/fsm", "--package", "app.fsm"]) == 2
    assert "is a generated module; choose another folder for the handlers" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["generate", "scaffold", "schema"])
def test_a_source_may_be_called_like_a_command(command: str) -> None:
    Path("machines").rename(command)
    assert main([f"./{command}", "-o", "out", "-q"]) == 0
    assert main(["generate", command, "-o", "out2", "-q"]) == 0
    assert Path("out/light.py").read_bytes() == Path("out2/light.py").read_bytes()
    assert main(["scaffold", command, "-o", "app/handlers", "-q"]) == 0


def test_the_tool_does_not_pay_for_what_only_this_command_needs() -> None:
    code = "import sys, pystator_gen.cli as c; c.main(['machines', '-o', 'app/fsm']); print('libcst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


# -- where types come from ---------------------------------------------------------------------------------------


def test_types_come_from_the_only_generated_package_beside_the_handlers() -> None:
    assert main(["scaffold", "machines", "-o", "app/handlers", "-q"]) == 0
    assert imported("app/handlers/light.py") == "app.fsm.light"


def test_types_come_from_the_package_that_is_named() -> None:
    assert main(["scaffold", "machines", "-o", "app/handlers", "--package", "their.fsm"]) == 0
    assert imported("app/handlers/light.py") == "their.fsm.light"


def test_types_come_from_the_output_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pyproject.toml").write_text('[tool.pystator-gen]\nsources = ["machines"]\noutput = "src/shop/fsm"\n')
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert main(["scaffold", "-o", "handlers", "-q"]) == 0
    assert imported("handlers/light.py") == "shop.fsm.light"


def test_a_package_is_named_from_the_outermost_one_around_it() -> None:
    Path("back/end/app").mkdir(parents=True)
    Path("back/end/app/__init__.py").touch()
    main(["machines", "-o", "back/end/app/fsm", "-q"])
    assert main(["scaffold", "machines", "-o", "back/end/app/handlers", "-q"]) == 0
    assert imported("back/end/app/handlers/light.py") == "app.fsm.light"


@pytest.mark.parametrize("others", [0, 2])
def test_where_types_come_from_must_be_clear(others: int, capsys: pytest.CaptureFixture[str]) -> None:
    Path("apart").mkdir()
    for number in range(others):
        main(["machines", "-o", f"apart/fsm{number}", "-q"])
    assert main(["scaffold", "machines", "-o", "apart/handlers"]) == 2
    what = "more than one folder" if others else "no folder"
    assert capsys.readouterr().err.startswith(f"error: {what} beside apart/handlers holds generated modules; say")


def test_a_folder_whose_name_cannot_be_imported_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    main(["machines", "-o", "apart/my-fsm", "-q"])
    assert main(["scaffold", "machines", "-o", "apart/handlers"]) == 2
    assert "error: apart/my-fsm is no name to import from; say which with --package" in capsys.readouterr().err


# -- what type checkers say, and how it runs ---------------------------------------------------------------------

USE = """\
from app.fsm import DarkMachine, LightMachine
from app.handlers import dark, light

LightMachine(guards=light.Guards(), actions=light.Actions())
DarkMachine(guards=dark.Guards(), actions=dark.Actions())
"""
EXAMPLES = sorted(path.parent for path in (REPOSITORY / "examples").glob("*/app.py"))


def test_both_type_checkers_accept_the_skeletons_and_that_they_satisfy_the_protocols(project: Path) -> None:
    Path("machines/dark.yaml").write_text(DARK)
    uses = [USE]
    for example in EXAMPLES:
        (source,) = example.glob("*.yaml")
        text = re.sub(r"  class_prefix: .*\n", "", source.read_text())
        prefix = example.name.title().replace("_", "")
        text = text.replace("  machine_name:", f"  class_prefix: {prefix}\n  machine_name:")
        Path(f"machines/{example.name}.yaml").write_text(text)
    main(["machines", "-o", "app/fsm", "-q"])
    main(["scaffold", "machines", "-o", "app/handlers", "-q"])
    for path in sorted(Path("app/handlers").glob("[a-z]*.py")):
        if path.stem not in ("dark", "light"):
            text = path.read_text()
            prefix = text[: text.index("Context\n")].split()[-1]
            given = [f"{kind.lower()}=h.{kind}()" for kind in ("Guards", "Actions") if f"class {kind}:" in text]
            uses.append(
                f"def use_{path.stem}() -> None:\n"
                f"    from app.fsm import {prefix}Machine\n"
                f"    from app.handlers import {path.stem} as h\n"
                f"    {prefix}Machine({', '.join(given)})\n"
            )
    assert len(uses) >= len(EXAMPLES)  # one of them names no function
    Path("use.py").write_text("\n\n".join(uses))
    Path("pyrightconfig.json").write_text(
        f'{{"typeCheckingMode": "strict", "extraPaths": [".", "{(REPOSITORY / "runtime").as_posix()}"]}}'
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "-p", "app", "-m", "use"]
    pyright = [sys.executable, "-m", "pyright", "app/handlers", "use.py"]
    for command in (mypy, pyright):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


PROGRAM = """\
from app.fsm import LightMachine
from app.handlers import light

machine = LightMachine(guards=light.Guards(), actions=light.Actions())
session = machine.create(execute_actions=True)
result = session.press()
print(result.error or result.target_state)
for outcome in result.execution.action_results if result.execution else ():
    print(outcome.action_name, outcome.error or "done")
"""


def test_the_machine_says_what_is_not_written_and_runs_once_it_is() -> None:
    main(["scaffold", "machines", "-o", "app/handlers", "-q"])
    handlers = Path("app/handlers/light.py")
    written = handlers.read_text()
    assert "NotImplementedError: light: the guard is_charged is not written yet" in _run(PROGRAM)
    lines = [
        "        return True" if "the guard" in line and "raise" in line else line for line in written.splitlines()
    ]
    handlers.write_text("\n".join(lines) + "\n")
    said = _run(PROGRAM)
    assert said.startswith("on\n")
    assert "light: the action click is not written yet" in said
    handlers.write_text("\n".join("        pass" if "the action" in x and "raise" in x else x for x in lines) + "\n")
    assert _run(PROGRAM) == "on\nclick done\nshine done\n"
    assert main(["scaffold", "machines", "-o", "app/handlers", "--check"]) == 0


def _run(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
