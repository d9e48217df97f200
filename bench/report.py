"""The table, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import log
from pathlib import Path

_TIMES = "×"  # noqa: RUF001 - the sign is meant
_COLUMNS = ("contender", "what", "measured", "ratio", "target", "met")
_WIDTHS = (28, 34, 12, 9, 10, 4)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: the ratio (or, with ``absolute``, the value itself) is at least, or at most, ``bound``."""

    bound: float
    at_least: bool
    absolute: bool = False
    unit: str = _TIMES

    def met(self, value: float) -> bool:
        """Whether ``value`` keeps it."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value; ``unit`` is ``s``, ``B``, ``MB``, ``instructions`` or ``/s``, of which more is better."""

    contender: str
    what: str
    value: float
    unit: str = "s"
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are compared: each ratio is the row's value by that of the first row."""

    name: str
    title: str
    rows: Sequence[Row]

    def ratio(self, row: Row) -> float:
        """How many times the first row's value a row's is."""
        return row.value / self.rows[0].value

    def met(self, row: Row) -> bool | None:
        """Whether the row's target is met; ``None`` if it has none."""
        if row.target is None:
            return None
        return row.target.met(row.value if row.target.absolute else self.ratio(row))

    def table(self) -> str:
        """The group as text."""
        lines = [self.title, _line(_COLUMNS)]
        for row in self.rows:
            met = self.met(row)
            lines.append(
                _line(
                    (
                        row.contender,
                        row.what,
                        shown(row.value, row.unit),
                        _shown_ratio(self.ratio(row)),
                        str(row.target or ""),
                        "" if met is None else "yes" if met else "NO",
                    )
                )
            )
        return "\n".join(lines)


@dataclass(slots=True)
class Report:
    """All that a run found."""

    machine: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """How many targets are met, and which are not."""
        judged = [(group, row) for group in self.groups for row in group.rows if row.target is not None]
        missed = [f"  {g.title}: {r.contender}, {r.what}: {r.target}" for g, r in judged if not g.met(r)]
        head = f"{len(judged) - len(missed)} of {len(judged)} targets met"
        return "\n".join([head, *(["missed:", *missed] if missed else [])])

    def write(self, path: Path) -> None:
        """All of it as JSON."""
        groups = [
            {
                "name": group.name,
                "title": group.title,
                "rows": [
                    {
                        **asdict(row),
                        "ratio": group.ratio(row),
                        "target": None if row.target is None else str(row.target),
                        "met": group.met(row),
                    }
                    for row in group.rows
                ],
            }
            for group in self.groups
        ]
        content = {"machine": self.machine, "groups": groups, "failures": self.failures}
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Change:
    """A ratio that is another one than in an earlier run."""

    row: str
    before: float
    now: float

    @property
    def factor(self) -> float:
        """By what it was multiplied."""
        return self.now / self.before

    def __str__(self) -> str:
        return f"  {_shown_ratio(self.before):>9} → {_shown_ratio(self.now):>9}  {self.factor - 1:+8.0%}  {self.row}"


def changes(report: Report, baseline: Path, at_least: float) -> list[Change]:
    """The ratios that have changed by some part since a baseline was written, the most changed first.

    Ratios are compared, not what was measured: the machine may be another one, or a busy one.
    """
    written = json.loads(baseline.read_text(encoding="utf-8"))
    before = {
        f"{group['title']}: {row['contender'].split()[0]}, {row['what']}": row["ratio"]
        for group in written["groups"]
        for row in group["rows"]
    }
    found = [
        Change(name, before[name], group.ratio(row))
        for group in report.groups
        for row in group.rows
        if (name := f"{group.title}: {row.contender.split()[0]}, {row.what}") in before
    ]
    changed = [change for change in found if abs(log(change.factor)) >= log(1 + at_least)]
    return sorted(changed, key=lambda change: -abs(log(change.factor)))


def this_machine() -> dict[str, str]:
    """What the numbers depend on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def shown(value: float, unit: str) -> str:
    """A value for people: four digits and the unit that suits."""
    if unit == "B":
        return f"{value:,.0f} B"
    if unit == "MB":
        return f"{value:,.0f} MB"
    if unit == "instructions":
        return f"{value:,.0f}"
    if unit == "/s":
        return f"{value:,.0f}/s"
    for bound, factor, name in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if value < bound:
            return f"{value * factor:,.0f} ns" if name == "ns" else f"{value * factor:,.2f} {name}"
    return f"{value:,.2f} s"


def _shown_ratio(ratio: float) -> str:
    return f"{ratio:,.0f}{_TIMES}" if ratio >= 10 else f"{ratio:.1f}{_TIMES}" if ratio >= 1 else f"{ratio:.2f}{_TIMES}"


def _line(cells: Sequence[str]) -> str:
    padded = [
        f"{cell:>{width}}" if index >= 2 else f"{cell:<{width}}"
        for index, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  " + " ".join(padded).rstrip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
