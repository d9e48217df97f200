"""Rewrite what the golden cases expect: `make golden`, then read the diff."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.cases import STDERR, Case, Outcome, cases


def update(case: Case) -> bool:
    """Make the folder of a case expect what is generated now; whether that changed anything."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = case.generate(Path(folder, case.name))
    if outcome == case.expected():
        return False
    _write(case, outcome)
    return True


def _write(case: Case, outcome: Outcome) -> None:
    if case.package.is_dir():
        shutil.rmtree(case.package)
    for name, content in outcome.files.items():
        path = case.package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    stderr = case.folder / STDERR
    stderr.unlink(missing_ok=True)
    if outcome.stderr:
        stderr.write_text(outcome.stderr, encoding="utf-8")


if __name__ == "__main__":
    for case in cases():
        if update(case):
            print(f"{case.name}: rewritten")
