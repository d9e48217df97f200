"""The examples: each package is up to date, each application is typed and does what it did."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import pystator_gen

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).parent / "expected"
EXAMPLES = (
    "order_desk",
    "support_ticket",
    "document_approval",
    "portfolio_rebalancing",
    "trading_day",
    "order_service",
    "order_reminders",
)
DEMO = ROOT / "scripts" / "demo.py"

each_example = pytest.mark.parametrize("example", EXAMPLES)


@pytest.fixture(scope="module")
def mypy_output() -> str:
    """What mypy says about all applications and the misspelt program, in one run."""
    programs = [f"examples/{example}/app.py" for example in EXAMPLES]
    return run("-m", "mypy", *programs, "examples/order_desk/misspelt.py")


def test_every_folder_of_examples_is_tested_here() -> None:
    folders = {path.parent.name for path in (ROOT / "examples").glob("*/*.yaml")}
    assert folders == set(EXAMPLES)


@each_example
def test_the_generated_package_is_what_the_generator_makes_today(example: str) -> None:
    folder = ROOT / "examples" / example
    report = pystator_gen.generate([folder], folder / "fsm", check=True, prune=True)
    assert [str(diagnostic) for diagnostic in report.diagnostics] == []
    assert [change.diff() for change in report.drift] == [], "run make golden, and look at the diff"


@each_example
def test_the_application_prints_what_is_expected(example: str) -> None:
    expected = (EXPECTED / f"{example}.txt").read_text(encoding="utf-8")
    assert run("-m", f"examples.{example}.app") == expected


def test_mypy_accepts_the_applications(mypy_output: str) -> None:
    assert [line for line in mypy_output.splitlines() if "/app.py:" in line] == []
    assert "(checked 8 source files)" in mypy_output


def test_mypy_refuses_every_bug_of_the_misspelt_program_and_nothing_else(mypy_output: str) -> None:
    unrefused: Callable[[Path, str], list[int]] = runpy.run_path(str(DEMO))["unrefused"]
    assert unrefused(ROOT / "examples" / "order_desk" / "misspelt.py", mypy_output) == []
    assert 'has no attribute "fil"; maybe "fill"?' in mypy_output


def test_the_demo_tells_its_story_to_the_end() -> None:
    output = run(str(DEMO), fails=False)
    assert 'has no attribute "fil"; maybe "fill"?' in output
    for example in ("order_desk", "order_service"):
        assert (EXPECTED / f"{example}.txt").read_text(encoding="utf-8").splitlines()[-1] in output
    assert "What next" in output


def test_the_demo_fails_where_mypy_accepts_a_bug() -> None:
    demo = runpy.run_path(str(DEMO))
    program = ROOT / "examples" / "order_desk" / "misspelt.py"
    bugs = [
        number for number, line in enumerate(program.read_text(encoding="utf-8").splitlines(), 1) if "# bug:" in line
    ]
    assert demo["unrefused"](program, "Success: no issues found in 1 source file") == bugs


def run(*arguments: str, fails: bool | None = None) -> str:
    """What this Python prints, run with these arguments from the root of the repository."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert done.stderr == "" or done.returncode, done.stderr
    if fails is not None:
        assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout
