"""One machine of 1,000 states: generating, type-checking and importing its module, each in processes of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import machines
from bench.contenders.base import ORDER
from bench.measure import Budget, fastest_processes
from bench.processes import LOAD, OURS, THEIRS, importing, tool
from bench.report import Group, Row, Target

STATES = 1_000
TRANSITIONS = 2_000

_SEED = 7
_SECONDS = Target(10, at_least=False, absolute=True, unit=" s")
_IMPORT_SECONDS = Target(0.1, at_least=False, absolute=True, unit=" s")
_SIZE = f"{STATES:,} states, {TRANSITIONS:,} transitions"
_RUNTIME = "pystator_runtime.interface"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine file in a folder of its own, and where its module goes."""

    what: str
    source: Path
    output: Path

    @property
    def module(self) -> Path:
        """The generated module."""
        return self.output / f"{self.source.stem}.py"


def measure(workspace: Path, budget: Budget) -> Iterator[Group]:
    """All that is measured about large machines; a small one among them shows what is not due to size."""
    small = Machine("6 states", ORDER, workspace / "large_fsm" / "small")
    large = {"flat": _written(workspace, "flat"), "nested": _written(workspace, "nested", nested=True)}
    every = {"small": small, **large}
    yield _generating(every, budget)
    yield _checking(every, budget)
    yield _importing(large, budget)
    yield _sizes(large)


def _written(workspace: Path, name: str, *, nested: bool = False) -> Machine:
    source = workspace / "large" / name / f"bench_{name}.yaml"  # in a folder of its own, for PyStator to load
    source.parent.mkdir(parents=True)
    source.write_text(machines.text(_SEED, states=STATES, transitions=TRANSITIONS, nested=nested), encoding="utf-8")
    return Machine("on three levels" if nested else "on one level", source, workspace / "large_fsm" / name)


def _generating(every: Mapping[str, Machine], budget: Budget) -> Group:
    commands = {name: tool(machine.source, "-o", machine.output) for name, machine in every.items()}

    def start_cold(name: str) -> None:
        shutil.rmtree(every[name].output, ignore_errors=True)

    took = fastest_processes(commands, budget.generations, before=start_cold)
    return Group("large", f"{_SIZE}: generating, start-up included", _rows(every, took, _SECONDS))


def _checking(every: Mapping[str, Machine], budget: Budget) -> Group:
    strictly = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={os.devnull}"]
    commands = {name: [*strictly, str(machine.module)] for name, machine in every.items()}
    took = fastest_processes(commands, budget.generations)
    return Group("large", f"{_SIZE}: mypy --strict, nothing cached", _rows(every, took, _SECONDS))


def _importing(large: Mapping[str, Machine], budget: Budget) -> Group:
    imports = {
        name: importing(machine.output, machine.module.stem, after=[_RUNTIME]) for name, machine in large.items()
    }
    loads = {name: [sys.executable, "-c", LOAD, str(machine.source.parent)] for name, machine in large.items()}
    fastest_processes(imports, 1)  # compiles what is not compiled yet
    imported = fastest_processes(imports, budget.processes, reporting=imports)
    loaded = fastest_processes(loads, budget.generations, reporting=loads)
    for_each = 1_000 / TRANSITIONS
    ours = _rows(large, {name: taken * for_each for name, taken in imported.items()}, _IMPORT_SECONDS)
    theirs = [Row(THEIRS, f"from_yaml(), {large[name].what}", taken * for_each) for name, taken in loaded.items()]
    title = f"{_SIZE}: importing, the runtime aside, for each 1,000 transitions"
    return Group("large", title, [*ours, *theirs])


def _sizes(large: Mapping[str, Machine]) -> Group:
    rows = [
        Row(OURS, f"{what}, {machine.what}", path.stat().st_size, "B")
        for machine in large.values()
        for what, path in (("YAML", machine.source), ("module", machine.module))
    ]
    return Group("large", f"{_SIZE}: size", rows)


def _rows(every: Mapping[str, Machine], took: Mapping[str, float], target: Target) -> list[Row]:
    return [Row(OURS, machine.what, took[name], target=target) for name, machine in every.items()]
