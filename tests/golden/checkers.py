"""One run of `mypy --strict` and one of strict `pyright` over all golden packages and all type-checked programs.

Both are slow to start, so every test asks the same run. Packages and programs are laid out side by side in a
folder of their own: `<case>/` is the package of a golden case, `right/`, `wrong/` and `applications_…/` hold the
programs.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from golden.cases import HERE, cases

PROGRAMS = {
    "right": HERE.parent / "typing" / "right",
    "wrong": HERE.parent / "typing" / "wrong",
    "applications_right": HERE.parent / "catalogue" / "applications" / "right",
    "applications_wrong": HERE.parent / "catalogue" / "applications" / "wrong",
}
"""Where the programs are that are checked, by the folder that they are laid out in."""
REPOSITORY = HERE.parents[1]

_MARKERS = re.compile(r"# (type|pyright): ignore\[([\w, -]+)\]")


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """What a checker says about a line: ``file`` is relative to the folder, ``rule`` the checker's own code."""

    file: str
    line: int
    rule: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: [{self.rule}] {self.message}"


Complaints = dict[str, list[Complaint]]
"""By checker: `mypy` and `pyright`."""


def complaints(factory: pytest.TempPathFactory) -> Complaints:
    """What both checkers say. The first to ask lets them run, in whichever process of a test run that is."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "checked"
    folder.mkdir(exist_ok=True)
    answer = folder / "complaints.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            lay_out(folder / "code")
            found = check(folder / "code")
            answer.write_text(json.dumps({name: [asdict(c) for c in told] for name, told in found.items()}))
    return {name: [Complaint(**c) for c in told] for name, told in json.loads(answer.read_text()).items()}


def expected(program: Path) -> dict[str, list[Complaint]]:
    """What a program is marked to be told: `# type: ignore[code]` by mypy, `# pyright: ignore[rule]` by pyright."""
    found: dict[str, list[Complaint]] = {"mypy": [], "pyright": []}
    name = f"{program.parent.name}/{program.name}"
    for number, line in enumerate(program.read_text(encoding="utf-8").splitlines(), 1):
        for kind, rules in _MARKERS.findall(line):
            checker = "mypy" if kind == "type" else "pyright"
            found[checker].extend(Complaint(name, number, rule.strip()) for rule in rules.split(","))
    return found


def lay_out(folder: Path, kinds: Iterable[str] = PROGRAMS) -> None:
    """Copy all packages, and programs of some kinds. Expected errors are not ignored: every one has to be told."""
    folder.mkdir()
    for case in cases():
        if not case.is_error:
            shutil.copytree(case.package, folder / case.name, ignore=shutil.ignore_patterns("__pycache__"))
        for package in case.application():
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    for kind in kinds:
        (folder / kind).mkdir()
        for program in sorted(PROGRAMS[kind].glob("*.py")):
            text = program.read_text(encoding="utf-8")
            if not kind.startswith("applications"):
                text = _MARKERS.sub(r"# expected: \2", text)
            (folder / kind / program.name).write_text(text, encoding="utf-8")
    settings = {"include": ["."], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))


def check(folder: Path, version: str = "3.11") -> Complaints:
    """Run both checkers over what is laid out in a folder, as for some version of Python."""
    options = ("--strict", "--explicit-package-bases", "--no-error-summary", "--output", "json")
    cache = ("--cache-dir", str(REPOSITORY / ".mypy_cache" / "golden"))
    with ThreadPoolExecutor() as both:
        mypy = both.submit(_run, folder, "mypy", *options, *cache, "--python-version", version, ".")
        found = ("--pythonpath", sys.executable, "--pythonversion", version)
        pyright = both.submit(_run, folder, "pyright", "--outputjson", *found)
    return {
        "mypy": sorted(_of_mypy(mypy.result().splitlines())),
        "pyright": sorted(_of_pyright(folder, pyright.result())),
    }


def _run(folder: Path, module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    # Which of several wrong types mypy names depends on the order of its sets.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{module} could not check: {done.stdout}{done.stderr}")
    return done.stdout


def _of_mypy(lines: Iterable[str]) -> Iterable[Complaint]:
    for line in filter(None, lines):
        told = json.loads(line)
        if told["severity"] == "error":
            yield Complaint(Path(told["file"]).as_posix(), told["line"], told["code"], told["message"])


def _of_pyright(folder: Path, output: str) -> Iterable[Complaint]:
    report = json.loads(output)
    if not report["summary"]["filesAnalyzed"]:
        raise RuntimeError(f"pyright found nothing to check: {output}")
    for told in report["generalDiagnostics"]:
        if told["severity"] != "information":
            file = Path(told["file"]).resolve().relative_to(folder.resolve()).as_posix()
            line = told["range"]["start"]["line"] + 1
            yield Complaint(file, line, told.get("rule", "syntax"), told["message"])
