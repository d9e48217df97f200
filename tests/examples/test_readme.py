"""The README is true: its files are written, its commands are run, and print what it says they print.

Comments in the README say what a block is: `file: NAME` is written under that name, `run` is a command with its
output, and `run: TOOL VERSION` one whose wording is that version's: of another, places and codes have to be the
same. `edit: NAME:LINE: OLD -> NEW` changes a file before the next command.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

_MARK = re.compile(
    r"^<!-- (?P<word>file|run|edit)(?:: (?P<what>.*?))? -->\n(?:```\w+\n(?P<block>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
_ERROR = re.compile(r"^(\S+:\d+): error: .*(\[[\w-]+\])$", re.MULTILINE)
_EDIT = re.compile(r"(?P<file>.+):(?P<line>\d+): (?P<old>.+) -> (?P<new>.+)")


@dataclass(frozen=True)
class Step:
    """One marked place of the README."""

    word: str
    what: str
    block: str


def steps() -> list[Step]:
    """The marked places in the order of the text."""
    return [Step(found["word"], found["what"] or "", found["block"] or "") for found in _MARK.finditer(README)]


def test_every_command_of_the_readme_prints_what_the_readme_says(tmp_path: Path) -> None:
    commands = 0
    for step in steps():
        if step.word == "run":
            command, expected = step.block.removeprefix("$ ").split("\n", 1)
            assert worded(step, run(tmp_path, command)) == worded(step, expected), f"after $ {command}"
            commands += 1
        else:
            write(tmp_path, step)
    assert commands == 5


def test_the_hook_of_the_readme_refuses_a_package_older_than_its_machines(tmp_path: Path) -> None:
    for step in steps():
        if step.word == "file":
            write(tmp_path, step)
    run(tmp_path, "git init --quiet .")
    run(tmp_path, "pystator-gen machines -o fsm")
    run(tmp_path, "git add .")
    assert "Passed" in run(tmp_path, "pre-commit run")
    write(tmp_path, Step("edit", "machines/order.yaml:2: order -> purchase", ""))
    run(tmp_path, "git add .")
    refused = run(tmp_path, "pre-commit run")
    assert "Failed" in refused
    assert "fsm/order.py: would be changed" in refused


def test_the_hook_of_the_readme_is_not_skipped_where_a_source_was_deleted(tmp_path: Path) -> None:
    for step in steps():
        if step.word == "file":
            write(tmp_path, step)
    write(tmp_path, Step("file", "machines/door.yaml", "states: [{name: closed, type: initial}]\ntransitions: []\n"))
    run(tmp_path, "git init --quiet .")
    run(tmp_path, "pystator-gen machines -o fsm")
    run(tmp_path, "git add .")
    run(tmp_path, "git -c user.name=a -c user.email=a@b commit --quiet --message all")
    run(tmp_path, "git rm --quiet machines/door.yaml")
    refused = run(tmp_path, "pre-commit run")
    assert "Failed" in refused
    assert "fsm/door.py: would be pruned" in refused


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_to_a_file_leads_to_one(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:`|\$ )make (\w+)", (ROOT / document).read_text(encoding="utf-8"))
    assert named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_contributing_says_where_every_module_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = (ROOT / "generator" / "pystator_gen", ROOT / "runtime" / "pystator_runtime")
    entries = [entry for package in packages for entry in package.iterdir() if entry.name[0] not in "_."]
    names = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries if entry.name != "py.typed"]
    names += [f"{entry.name}/" for entry in (ROOT / "tests").iterdir() if entry.is_dir() and entry.name[0] not in "_."]
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_contributing_names_no_module_that_is_not_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named: list[Path] = []
    for row in re.findall(r"^\| (`[\w/]+\.py`[^|]*) \|", text.split("The runtime owns")[1], re.MULTILINE):
        folder = ROOT / "runtime" / "pystator_runtime"
        for name in re.findall(r"`([\w/]+\.py)`", row):
            named.append(folder / name)
            folder = named[-1].parent  # what follows stands beside it
    assert len(named) >= 50
    assert [path for path in named if not path.exists()] == []


def worded(step: Step, output: str) -> object:
    """What of a command's output has to be as the README has it."""
    tool, _, wording = step.what.partition(" ")
    if not tool or f"{version(tool)}.".startswith(f"{wording}."):
        return output
    return _ERROR.findall(output)


def write(folder: Path, step: Step) -> None:
    """Write the file of a step, or change one."""
    if step.word == "file":
        path = folder / step.what
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.block, encoding="utf-8")
        return
    edit = _EDIT.fullmatch(step.what)
    assert edit is not None, step.what
    path = folder / edit["file"]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    number = int(edit["line"]) - 1
    assert edit["old"] in lines[number], f"{step.what}: the line is {lines[number]!r}"
    lines[number] = lines[number].replace(edit["old"], edit["new"])
    path.write_text("".join(lines), encoding="utf-8")


def run(folder: Path, command: str) -> str:
    """What a command prints, with the tools of this Python first on the path."""
    tools = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = shlex.split(command)
    done = subprocess.run(
        [str(tools / words[0]) if (tools / words[0]).exists() else words[0], *words[1:]],
        cwd=folder,
        env={
            **environment,
            "PATH": f"{tools}{os.pathsep}{environment.get('PATH', '')}",
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "readme"),
            "PRE_COMMIT_HOME": str(folder / ".pre-commit"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    return done.stdout
