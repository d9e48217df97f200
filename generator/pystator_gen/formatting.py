"""The layout of generated code: ruff formats all files of a run in one isolated call."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TypeVar

from pystator_gen.diagnostics import UnusableError

NameT = TypeVar("NameT", bound=Hashable)

_MARKER = "# fmt: off\n"
_PAUSED = "# fmt: paused\n"


class FormattingError(UnusableError):
    """Ruff could not be run, or refused what was generated: a bug in the generator or in its installation."""


def format_modules(texts: Mapping[NameT, str]) -> dict[NameT, str]:
    """The modules by name, formatted. The marker that keeps other formatters away is put back afterwards.

    Raises:
        FormattingError: Ruff is missing, or did not accept a text.
    """
    if not texts:
        return {}
    with tempfile.TemporaryDirectory(prefix="pystator-gen-") as folder:
        paths = {name: Path(folder, f"{number}.py") for number, name in enumerate(texts)}
        for name, path in paths.items():
            path.write_text(texts[name].replace(_MARKER, _PAUSED, 1), encoding="utf-8", newline="\n")
        _run_ruff(folder)
        return {name: path.read_text(encoding="utf-8").replace(_PAUSED, _MARKER, 1) for name, path in paths.items()}


def _run_ruff(folder: str) -> None:
    command = [
        *(sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--quiet"),
        *("--line-length", "100", "--target-version", "py311", folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FormattingError(f"ruff refused the generated code: {done.stderr.strip()}")
