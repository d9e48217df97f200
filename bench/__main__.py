"""The command line of the benchmarks: ``python -m bench``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import checking, contenders, events, instructions, large, processes
from bench.measure import FULL, QUICK, Budget
from bench.report import Group, Report, changes, this_machine

Measure = Callable[[], Iterator[Group]]

_NOTABLE = 0.15
"""By so much a ratio may change from run to run, on a machine that has something else to do now and then."""


def main() -> int:
    """Measure, print, and return 1 if something could not be run at all."""
    options = _options()
    report = Report(machine=this_machine())
    print(", ".join(report.machine.values()), flush=True)
    with tempfile.TemporaryDirectory(prefix="pystator-gen-bench-") as folder:
        for name, title, measure in _measures(Path(folder), QUICK if options.quick else FULL, report):
            if options.only and name not in options.only:
                continue
            _progress(f"{title} …")
            try:
                found = list(measure())
            except Exception as failure:
                report.failures.append(f"{title}: {failure!r}")
                continue
            report.groups.extend(found)
            _progress("")
            for group in found:
                print(f"\n{group.table()}", flush=True)
    print(f"\n{report.summary()}")
    for unable in report.failures:
        print(f"could not be run: {unable}", file=sys.stderr)
    if options.compare is not None:
        _compare(report, options.compare)
    if options.json is not None:
        report.write(options.json)
    return 1 if report.failures else 0


def _compare(report: Report, baseline: Path) -> None:
    """Print which ratios have changed since a baseline."""
    found = changes(report, baseline, _NOTABLE)
    print(f"\nratios that have changed by {_NOTABLE:.0%} or more since {baseline}: {len(found) or 'none'}")
    for change in found:
        print(change)


def _measures(workspace: Path, budget: Budget, report: Report) -> Iterator[tuple[str, str, Measure]]:
    """Every measure with its name and title, in the order of the report."""
    taking_part = []
    failed = report.failures.append
    for found in contenders.load(workspace):
        if isinstance(found, Exception):
            failed(f"{found!r}: {'; '.join(found.__notes__)}")
        else:
            taking_part.append(found)
    for comparison in events.COMPARISONS:
        measure = partial(events.compare, comparison, taking_part, budget, failed)
        yield comparison.name, comparison.title, measure
    yield "instructions", "instructions", partial(instructions.measure, workspace)
    yield "memory", "memory", partial(events.memory, taking_part, budget, failed)
    yield "memory", "a million sessions", partial(processes.crowd, workspace, budget)
    yield "stores", "stored entities", partial(_stores, workspace, budget)
    yield "throughput", "several processes", partial(_throughput, workspace, budget)
    yield "imports", "imports", partial(processes.imports, workspace, budget)
    yield "cli", "command line", partial(processes.command_line, workspace, budget)
    yield "large", f"{large.STATES:,} states", partial(large.measure, workspace, budget)
    yield "typing", "type-checking", partial(checking.measure, workspace, budget)
    yield "generate", f"{budget.machines:,} machines", partial(processes.generating, workspace, budget)


def _stores(workspace: Path, budget: Budget) -> Iterator[Group]:
    """What is measured about stores, whose libraries are imported by then and not by whoever measures imports."""
    from bench import stores

    yield from stores.measure(workspace, budget)


def _throughput(workspace: Path, budget: Budget) -> Iterator[Group]:
    """The same of several processes."""
    from bench import throughput

    yield from throughput.measure(workspace, budget)


def _names() -> list[str]:
    return [
        *dict.fromkeys(comparison.name for comparison in events.COMPARISONS),
        "instructions",
        "memory",
        "stores",
        "throughput",
        "imports",
        "cli",
        "large",
        "typing",
        "generate",
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench",
        description="Measure pystator-gen beside its peers. Targets are shown; missing one is no failure.",
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and 40 machines: a minute, less exact")
    parser.add_argument(
        "--only", action="append", choices=_names(), metavar="NAME", help=f"only this: {', '.join(_names())}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="print which ratios are others than in an earlier run's --json"
    )
    return parser.parse_args()


def _progress(text: str) -> None:
    """What is going on, on a line that the next one replaces; nothing where nobody is watching."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
