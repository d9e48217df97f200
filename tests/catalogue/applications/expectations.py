"""What is expected of a wrong application: in the line that is marked `# wrong`, what the comments above it say.

# mypy [call-arg] Missing named argument "reason" for "cancel" of "OrderDeskOpenView"
# pyright [reportCallIssue] Argument missing for parameter "reason"
opened.cancel()  # wrong
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from golden.checkers import Complaint

HERE = Path(__file__).resolve().parent
RIGHT, WRONG = HERE / "right", HERE / "wrong"
CHECKERS = ("mypy", "pyright")

_EXPECTED = re.compile(r"\s*# (mypy|pyright) \[([\w-]+)\] (.*)")
_MARK = "  # wrong"
_VARYING = re.compile(r" with type | cannot be \"")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong line of a program, and what each checker is expected to say about it: its rules, with the messages."""

    line: int
    told: Mapping[str, list[tuple[str, str]]]


def wrong_lines(text: str) -> list[Wrong]:
    """The lines that are marked in a program, each with what stands above it."""
    found: list[Wrong] = []
    above: list[tuple[str, str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        expected = _EXPECTED.fullmatch(line)
        if expected:
            above.append((expected[1], expected[2], expected[3]))
            continue
        if line.endswith(_MARK):
            told = {name: sorted((rule, text) for checker, rule, text in above if checker == name) for name in CHECKERS}
            found.append(Wrong(number, told))
        above = []
    return found


def said(complaints: Sequence[Complaint], line: int) -> list[tuple[str, str]]:
    """What was said about a line: the rules, with the first lines of the messages, each once.

    Left out is what only follows (that a type is unknown, as pyright adds in strict mode), and what differs from run to
    run of mypy: how it spells the type of a method that does not take its object, and which type it tried for guards
    that answer what none may answer.
    """
    found = [(c.rule, c.message.splitlines()[0].strip()) for c in complaints if c.line == line]
    found = [(rule, message) for rule, message in found if not rule.startswith("reportUnknown")]
    if any(rule == "type-var" for rule, _ in found):
        found = [(rule, message) for rule, message in found if rule != "arg-type"]
    return sorted({(rule, _VARYING.split(message)[0]) for rule, message in found})


def rewritten(text: str, told: Mapping[str, Sequence[Complaint]]) -> str:
    """A program with the comments that say what was told about its marked lines."""
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if _EXPECTED.fullmatch(line):
            continue
        if line.endswith(_MARK):
            indent = line[: len(line) - len(line.lstrip())]
            lines.extend(
                f"{indent}# {name} [{rule}] {message}"
                for name in CHECKERS
                for rule, message in said(told[name], number)
            )
        lines.append(line)
    return "\n".join(lines) + "\n"
