"""What mypy has to do for a machine's module, beside what it has to do for one that is written by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from bench import by_hand, machines
from bench.measure import Budget, fastest_processes
from bench.processes import OURS, tool
from bench.report import Group, Row, Target

STATES = 50
TRANSITIONS = 150

_SEED = 7
_BY_HAND = "by hand"
_TARGET = Target(2.0, at_least=False)
_CHECK = """
import os, sys
from pathlib import Path
from mypy import api
module, stats = sys.argv[1:]
options = ["--strict", "--config-file=", f"--cache-dir={os.devnull}", f"--timing-stats={stats}"]
told, complaint, status = api.run([*options, module])
if status:
    sys.exit(told + complaint)
spent = dict(line.split() for line in Path(stats).read_text(encoding="utf-8").splitlines())
print(sum(int(spent[f"{Path(module).parent.name}.{name}"]) for name in COUNTED) / 1_000_000)
"""
"""Prints the seconds that mypy itself says it has spent on some modules of a package, and not on what they import."""

_MODULE = "machine"
_VIEWS = "machine_views"


def measure(workspace: Path, budget: Budget) -> Iterator[Group]:
    """Checking one machine, written by hand and generated, without its views and with them."""
    folder = workspace / "typing"
    packages = _packages(folder)
    alone = _check(packages, ["by_hand", "generated"], [_MODULE])
    both = {**_check(packages, ["by_hand_with_views"], [_MODULE]), **_check(packages, ["generated"], [_MODULE, _VIEWS])}
    commands = {
        f"{what} {name}": command for what, of in (("alone", alone), ("both", both)) for name, command in of.items()
    }
    took = fastest_processes(commands, budget.processes, reporting=commands)
    title = f"{STATES} states, {TRANSITIONS} transitions: mypy --strict, what is imported aside"
    yield Group(
        "typing",
        title,
        [
            Row(_BY_HAND, "a class", took["alone by_hand"]),
            Row(OURS, "the module", took["alone generated"], target=_TARGET),
        ],
    )
    yield Group(
        "typing",
        f"{title}, with views",
        [
            Row(_BY_HAND, "a class, and one per state", took["both by_hand_with_views"]),
            Row(OURS, "the module and its views", took["both generated"], target=_TARGET),
        ],
    )


def _packages(folder: Path) -> dict[str, Path]:
    """The machine three times, each in a package of its own."""
    text = machines.text(_SEED, states=STATES, transitions=TRANSITIONS)
    folder.mkdir(parents=True)
    source = folder / f"{_MODULE}.yaml"
    source.write_text(text, encoding="utf-8")
    found = {name: folder / name for name in ("by_hand", "by_hand_with_views", "generated")}
    fastest_processes({"generate": tool(source, "-o", found["generated"])}, 1)
    for name in ("by_hand", "by_hand_with_views"):
        found[name].mkdir()
        (found[name] / "__init__.py").touch()
        module = by_hand.written(yaml.safe_load(text), views=name == "by_hand_with_views")
        (found[name] / f"{_MODULE}.py").write_text(module, encoding="utf-8")
    return found


def _check(packages: Mapping[str, Path], names: Sequence[str], counted: Sequence[str]) -> dict[str, list[str]]:
    script = _CHECK.replace("COUNTED", repr(counted))
    return {
        name: [
            sys.executable,
            "-c",
            script,
            str(packages[name] / f"{_MODULE}.py"),
            str(packages[name].with_suffix(".txt")),
        ]
        for name in names
    }
