"""How long a statement takes, and how much memory its result holds.

A statement is compiled into a loop of its own, so that nothing but the loop is added to it. What is to be
compared is timed in turns, and of all rounds the fastest counts: noise only ever adds.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from bench.contenders import Case

_LOOP = """
{kind}def loop(_times, _clock):
    {setup}
    _start = _clock()
    for _ in _times:
        {statement}
    return _clock() - _start
{kind}def once():
    {setup}
    {statement}
    return {proof}
def keep(_times):
    {setup}
    kept = [None] * _times
    for index in range(_times):
        {kept}
    return kept
"""

_BYTES_FOR_MEMORY = 256 * 1024 * 1024
_SAMPLE = 500
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"  # with it, every import would be a compilation


class ProofError(AssertionError):
    """A contender did not do what it was timed for."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much time and material a run may use."""

    rounds: int
    seconds_per_round: float
    sessions: int
    processes: int
    machines: int
    generations: int
    seconds_of_throughput: float


FULL = Budget(80, 0.005, sessions=100_000, processes=15, machines=1_000, generations=2, seconds_of_throughput=3.0)
QUICK = Budget(12, 0.002, sessions=10_000, processes=3, machines=40, generations=1, seconds_of_throughput=0.3)


class Statement:
    """A case, compiled and proven to do its work.

    Raises:
        ProofError: It did not.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        keeps = f"{case.statement}; kept[index] = made" if "made = " in case.statement else "pass"
        source = _LOOP.format(
            kind="async " if case.awaits else "",
            setup=case.setup,
            statement=case.statement,
            proof=case.proof,
            kept=keeps,
        )
        self._names: dict[str, Any] = dict(case.names)
        exec(compile(source, f"<{case.what}>", "exec"), self._names)
        if not _finished(self._names["once"]()):
            raise ProofError(f"{case.statement}: not true afterwards: {case.proof}")

    def seconds(self, times: int) -> float:
        """How long it takes that many times, garbage collection aside."""
        with _no_collection():
            return float(_finished(self._names["loop"](repeat(None, times), time.perf_counter)))

    def times_for(self, seconds: float) -> int:
        """How often it has to run to take about that long."""
        times = 1
        while (taken := self.seconds(times)) < seconds / 5:
            times *= 2 if taken > seconds / 50 else 10
        return max(1, round(times * seconds / taken))

    def results(self, times: int) -> list[object]:
        """What it makes, that many times."""
        kept: list[object] = self._names["keep"](times)
        return kept


def fastest(statements: Sequence[Statement], budget: Budget) -> list[float]:
    """Seconds per event of each statement: its fastest round, all of them timed in turns."""
    gc.collect()
    gc.freeze()  # what is there already need not be looked at again and again
    times = [statement.times_for(budget.seconds_per_round) for statement in statements]
    best = [float("inf")] * len(statements)
    for _ in range(budget.rounds):
        for index, statement in enumerate(statements):
            best[index] = min(best[index], statement.seconds(times[index]))
    return [
        seconds / count / statement.case.events
        for seconds, count, statement in zip(best, times, statements, strict=True)
    ]


def bytes_each(case: Case, sessions: int) -> float:
    """What one of many results occupies: all memory that Python asked for while they were made, and still holds.

    Contenders whose results are large make fewer of them, so that all fit into memory.
    """
    statement = Statement(case)
    sample = _bytes_held(statement, _SAMPLE)
    return _bytes_held(statement, min(sessions, max(_SAMPLE, int(_BYTES_FOR_MEMORY / sample))))


def _bytes_held(statement: Statement, times: int) -> float:
    statement.results(10)  # caches that the first calls fill are not the sessions'
    gc.collect()
    tracemalloc.start()
    try:
        kept = statement.results(times)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (held - kept.__sizeof__()) / times


def fastest_processes(
    commands: Mapping[str, Sequence[str]],
    rounds: int,
    *,
    before: Callable[[str], None] = lambda name: None,
    reporting: Container[str] = (),
) -> dict[str, float]:
    """Seconds from the start of each command to its end, the fastest of several rounds, in turns.

    Commands named in ``reporting`` print the seconds that count instead. ``before`` runs before each command.

    Raises:
        RuntimeError: A command failed.
    """
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            before(name)
            taken, printed = _run(command)
            best[name] = min(best[name], float(printed) if name in reporting else taken)
    return best


def _run(command: Sequence[str]) -> tuple[float, str]:
    environment = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    taken = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr or done.stdout}")
    return taken, done.stdout


_RUNNER = asyncio.Runner()


def _finished(value: Any) -> Any:
    return _RUNNER.run(value) if asyncio.iscoroutine(value) else value


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
