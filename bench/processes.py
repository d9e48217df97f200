"""What is measured in processes of its own: generating, the command line, and imports."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pystator_gen
from bench import machines
from bench.contenders.base import ORDER
from bench.measure import Budget, fastest_processes
from bench.report import Group, Row, Target

OURS = "pystator-gen"
THEIRS = "pystator"

LOAD = """
import sys, time
from pathlib import Path
from pystator import StateMachine
start = time.perf_counter()
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    StateMachine.from_yaml(path)
print(time.perf_counter() - start)
"""
_IMPORT = """
import sys, time
sys.path.insert(0, sys.argv[1])
for name in sys.argv[3:]:
    __import__(name)
start = time.perf_counter()
__import__(sys.argv[2])
print(time.perf_counter() - start)
"""


_SESSIONS = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from large_crowd_fsm.crowd import CrowdMachine
def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6
machine = CrowdMachine()
before = used()
kept = [machine.create() for _ in range(int(sys.argv[2]))]
print(used() - before)
"""


def crowd(workspace: Path, budget: Budget) -> Iterator[Group]:
    """What a million sessions occupy, by what the system says of the process (on Linux)."""
    source, count = workspace / "crowd.yaml", 10 * budget.sessions
    states = ", ".join(f"{{name: s{number}{', type: initial' if not number else ''}}}" for number in range(10))
    moves = ", ".join(f"{{trigger: next, source: s{number}, dest: s{(number + 1) % 10}}}" for number in range(10))
    source.write_text(f"meta: {{machine_name: crowd}}\nstates: [{states}]\ntransitions: [{moves}]\n", encoding="utf-8")
    pystator_gen.generate([source], workspace / "large_crowd_fsm")
    command = [sys.executable, "-c", _SESSIONS, str(workspace), str(count)]
    taken = fastest_processes({"crowd": command}, 1, reporting={"crowd"})["crowd"]
    most = Target(250 * count / 1_000_000, at_least=False, absolute=True, unit=" MB")
    row = Row(OURS, f"{count:,} sessions", taken, "MB", target=most)
    yield Group("memory", "sessions of a machine of 10 states with an empty context", [row])


def generating(workspace: Path, budget: Budget) -> Iterator[Group]:
    """Many machines: what it takes to compile them, start-up included, beside what PyStator takes to load them."""
    sources, output, cache = workspace / "machines", workspace / "fsm", workspace / "cache"
    os.environ["PYSTATOR_GEN_CACHE_DIR"] = str(cache)
    machines.write(sources, budget.machines)
    generate = tool(sources, "-o", output)
    commands = {
        "load": [sys.executable, "-c", LOAD, str(sources)],
        "cold": generate,
        "unchanged": generate,
    }

    def start_cold(name: str) -> None:
        if name == "cold":
            shutil.rmtree(output, ignore_errors=True)
            shutil.rmtree(cache, ignore_errors=True)

    took = fastest_processes(commands, budget.generations, before=start_cold, reporting={"load"})
    title = f"{budget.machines:,} machines of about 250 lines"
    rows = [
        Row(THEIRS, "StateMachine.from_yaml()", took["load"]),
        Row(OURS, "generating, nothing there yet", took["cold"], target=Target(1.0, at_least=False)),
        Row(OURS, "generating, nothing changed", took["unchanged"], target=Target(0.3, at_least=False)),
    ]
    yield Group("generate", title, rows)


def command_line(workspace: Path, budget: Budget) -> Iterator[Group]:
    """The command line, start-up included."""
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "version": [str(Path(sys.executable).with_name("pystator-gen")), "--version"],
        "one": tool(ORDER, "-o", workspace / "one"),
    }

    def start_cold(name: str) -> None:
        if name == "one":
            shutil.rmtree(workspace / "one", ignore_errors=True)

    took = fastest_processes(commands, budget.processes, before=start_cold)
    second = Target(1.0, at_least=False, absolute=True, unit=" s")
    rows = [
        Row("python", "python -c pass", took["python"]),
        Row(OURS, "--version", took["version"], target=Target(3, at_least=False)),
        Row(OURS, "one small file", took["one"], target=second),
    ]
    yield Group("cli", "command line, start-up included", rows)


def imports(workspace: Path, budget: Budget) -> Iterator[Group]:
    """Imports in a fresh process, from compiled bytecode, without the start of Python itself."""
    sources, package = workspace / "large.yaml", workspace / "bench_large_fsm"
    sources.write_text(machines.text(7, states=200, transitions=1_000), encoding="utf-8")
    report = pystator_gen.generate([sources, ORDER], package)
    if report.has_errors:
        raise RuntimeError("\n".join(map(str, report.diagnostics)))
    modules = {
        "pystator_runtime": (OURS, "import pystator_runtime"),
        "pystator_runtime.interface": (OURS, "what generated modules import"),
        f"{package.name}.order": (OURS, "… and a module of 6 states"),
        f"{package.name}.large": (OURS, "… and 200 states, 1,000 transitions"),
        "pystator": (THEIRS, "import pystator"),
        "transitions": ("transitions", "import transitions"),
        "statemachine": ("python-statemachine", "import statemachine"),
        "xstate_statemachine": ("xstate-statemachine", "import xstate_statemachine"),
    }
    (package / "__init__.py").write_text("", encoding="utf-8")  # or it would import both
    commands = {name: importing(workspace, name) for name in modules}
    fastest_processes(commands, 1)  # compiles what is not compiled yet
    took = fastest_processes(commands, budget.processes, reporting=modules)
    rows = [Row(contender, what, took[name]) for name, (contender, what) in modules.items()]
    yield Group("imports", "imports", rows)


def importing(folder: Path, module: str, *, after: Sequence[str] = ()) -> list[str]:
    """The command that prints how long importing ``module`` takes, without what it takes to import ``after``."""
    return [sys.executable, "-c", _IMPORT, str(folder), module, *after]


def tool(*arguments: str | Path) -> list[str]:
    """The command that runs pystator-gen."""
    return [sys.executable, "-m", "pystator_gen", *map(str, arguments)]
