"""Golden cases: folders of sources, each beside the package and the diagnostics that have to come of it.

`tests/golden/<case>/` holds sources, `expected/` (the whole generated package, byte by byte) and `stderr.txt` (what
the command line says; absent where it says nothing). Further folders of a case are packages of its application.
`make golden` rewrites what is expected.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pystator_gen.cli import main

HERE = Path(__file__).resolve().parent
EXPECTED = "expected"
STDERR = "stderr.txt"

_NO_APPLICATION = frozenset({EXPECTED, "__pycache__"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command line left behind: its exit code, what it said, and the files by name."""

    code: int
    stderr: str
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One folder of sources; its name is also that of its package."""

    folder: Path

    @property
    def name(self) -> str:
        """What it is about."""
        return self.folder.name

    @property
    def package(self) -> Path:
        """Where the expected package is, if there is one."""
        return self.folder / EXPECTED

    @property
    def is_error(self) -> bool:
        """Whether nothing may be generated."""
        return not self.package.is_dir()

    def application(self) -> list[Path]:
        """The packages of the application that the sources name types of."""
        return sorted(path for path in self.folder.iterdir() if path.is_dir() and path.name not in _NO_APPLICATION)

    def expected(self) -> Outcome:
        """What has to come of it."""
        stderr = self.folder / STDERR
        return Outcome(
            int(self.is_error),
            stderr.read_text(encoding="utf-8") if stderr.exists() else "",
            _files(self.package),
        )

    def generate(self, output: Path) -> Outcome:
        """Run the command line in the folder, as a user would."""
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stderr(said):
            code = main([".", "--output", str(output), "--quiet"])
        return Outcome(code, said.getvalue(), _files(output))


def cases() -> list[Case]:
    """All cases, found by walking."""
    return [Case(folder) for folder in sorted(HERE.iterdir()) if any(_sources(folder))]


def told_codes() -> set[str]:
    """The codes of all diagnostics that a case expects."""
    return {code for case in cases() for code in re.findall(r"\[(PG\d+)\]", case.expected().stderr)}


def _sources(folder: Path) -> Iterator[Path]:
    for suffix in ("yaml", "yml", "json"):
        yield from folder.glob(f"*.{suffix}")


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
