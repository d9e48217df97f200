"""`make demo`: the examples compiled, type-checked, two of them run, with a word on each step.

Run with the environment's Python from the root of the repository. Fails if anything is not as it is told.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = (
    "order_desk",
    "support_ticket",
    "document_approval",
    "portfolio_rebalancing",
    "trading_day",
    "order_service",
    "order_reminders",
)
MODULE = Path("examples/order_desk/fsm/order.py")
MISSPELT = Path("examples/order_desk/misspelt.py")
_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: ")
_BUG = "  # bug: "


class DemoFailedError(Exception):
    """Something is not as it is told; the message says what."""


def main() -> int:
    print("pystator-gen: state machines in YAML, compiled to typed Python modules")
    try:
        _compile()
        _show_module()
        _check_applications()
        _check_misspelt()
        _run()
    except DemoFailedError as failure:
        print(f"\nThe demo failed: {failure}", file=sys.stderr)
        return 1
    _what_next()
    return 0


def _compile() -> None:
    _heading(f"1. {len(EXAMPLES)} machines become {len(EXAMPLES)} packages")
    for example in EXAMPLES:
        folder = f"examples/{example}"
        _print(_tool("pystator-gen", "-v", folder, "-o", f"{folder}/fsm"))


def _show_module() -> None:
    _heading(f"2. What is in such a module: {MODULE}")
    print(excerpt(ROOT / MODULE))


def _check_applications() -> None:
    _heading("3. The applications that use them are typed strictly")
    _print(_tool("mypy", *(f"examples/{example}/app.py" for example in EXAMPLES)))


def _check_misspelt() -> None:
    _heading("4. A misspelt trigger, and other bugs, do not get as far as a test")
    for number, line in enumerate((ROOT / MISSPELT).read_text(encoding="utf-8").splitlines(), 1):
        if _BUG in line:
            print(f"   {number:2} | {line.strip()}")
    print()
    output = _tool("mypy", str(MISSPELT), expected=1)
    _print("\n".join(line for line in output.splitlines() if ": note: " not in line))
    print("   (mypy's notes are left out here)")
    missed = unrefused(ROOT / MISSPELT, output)
    if missed:
        raise DemoFailedError(f"mypy accepts {MISSPELT}:{', '.join(map(str, missed))}, which it must refuse")


def _run() -> None:
    _heading("5. The order desk at work")
    _print(_tool("python", "-m", "examples.order_desk.app"))
    _heading("6. An order service on SQLite: it stops in the middle, and starts again")
    _print(_tool("python", "-m", "examples.order_service.app"))


def _what_next() -> None:
    _heading("What next")
    print(
        """\
   Rename the trigger `cancel` in examples/order_desk/order.yaml (it stands there twice) and run
   `make demo` again: step 3 names every line of the application that has to follow.

   examples/support_ticket         a machine without any Python behind it
   examples/document_approval      a choice, automatic steps, async guards
   examples/portfolio_rebalancing  nested states, history, timers
   examples/trading_day            parallel states: regions, joins, history of several states at once
   examples/order_reminders        timers that Celery's workers fire, one of which is killed
   docs/getting-started.md         your own first machine
   make test                       all tests"""
    )


def excerpt(module: Path) -> str:
    """The head of a generated module, its states, a compiled guard, and the beginning of its session class."""
    text = module.read_text(encoding="utf-8")
    lines = text.splitlines()
    body = ast.parse(text).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    guard = next(node for node in body if isinstance(node, ast.FunctionDef))
    prefix = next(name for name in classes if name.endswith("Session")).removesuffix("Session")
    states, session = classes[f"{prefix}State"], classes[f"{prefix}Session"]
    properties = [node for node in session.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    methods = [node for node in session.body if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    parts = [
        lines[:4],
        _source(lines, states, until=_last_member(states)),
        _source(lines, guard),
        lines[session.lineno - 1 : session.lineno + 1],
        _source(lines, properties[1]),
        *(_source(lines, method) for method in methods[:2]),
    ]
    return "\n   | ...\n".join("\n".join(f"   | {line}".rstrip() for line in part) for part in parts)


def unrefused(program: Path, output: str) -> list[int]:
    """The lines of ``program`` marked as bugs without an error in mypy's ``output``, and those with one unmarked."""
    lines = program.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if _BUG in line}
    refused = {int(found["line"]) for line in output.splitlines() if (found := _ERROR.match(line))}
    return sorted(marked ^ refused)


def _source(lines: Sequence[str], node: ast.ClassDef | ast.FunctionDef, until: int | None = None) -> Sequence[str]:
    first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
    return lines[first - 1 : until or node.end_lineno]


def _last_member(enum: ast.ClassDef) -> int | None:
    """The line of an enum's last member; what follows are hints for type checkers."""
    return max(node.end_lineno or 0 for node in enum.body if isinstance(node, ast.Assign))


def _tool(name: str, *arguments: str, expected: int = 0) -> str:
    """Run a tool of the environment, showing the command, and return what it printed."""
    print(f"   $ {' '.join((name, *arguments))}", flush=True)
    module = {"pystator-gen": ["-m", "pystator_gen"], "mypy": ["-m", "mypy"], "python": []}[name]
    done = subprocess.run([sys.executable, *module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != expected:
        _print(done.stdout + done.stderr)
        raise DemoFailedError(f"`{name}` ended with {done.returncode}, not {expected}")
    return done.stdout


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def _print(text: str) -> None:
    print("".join(f"   {line}".rstrip() + "\n" for line in text.splitlines()), end="")


if __name__ == "__main__":
    sys.exit(main())
