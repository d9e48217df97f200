"""How many instructions the processor executes for one event, counted by callgrind: no clock, so no noise.

Each program runs twice under valgrind, in interpreters of its own, with few and with many rounds. The difference is
what the rounds cost, and nothing of starting up.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.contenders.base import NESTED, ORDER, PARALLEL
from bench.contenders.compiled import compiled
from bench.events import OURS
from bench.report import Group, Row, Target

FEW, MANY = 1_000, 6_000
_UNIT = "instructions"

_LOOP = """
from itertools import repeat
{setup}
{kind}def loop(times):
    for _ in repeat(None, times):
        {statement}
run = loop({times})
if {awaits}:
    try:
        run.send(None)
    except StopIteration:
        pass
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A statement that is run over and over; it does ``events`` times what is counted."""

    contender: str
    what: str
    setup: str
    statement: str
    events: int = 1

    def text(self, times: int) -> str:
        """The whole program."""
        awaits = "await " in self.statement
        return _LOOP.format(
            setup=self.setup,
            statement=self.statement,
            times=times,
            kind="async " if awaits else "",
            awaits=awaits,
        )


_METHOD = """
AFTER_SUSPEND, AFTER_RESUME = {"open": "suspended"}, {"suspended": "open"}
class Order:
    __slots__ = ("state",)
    def __init__(self):
        self.state = "open"
    def suspend(self):
        self.state = AFTER_SUSPEND[self.state]
    def resume(self):
        self.state = AFTER_RESUME[self.state]
order = Order()
"""
_CONTEXT = 'context = {"order_id": "o-1", "quantity": 3, "price": 2.5, "limit": 100.0}'
_FUNCTION = f"""
{_CONTEXT}
def process(state, trigger, context):
    if state == "open" and trigger == "reprice":
        if context["price"] > 0 and context["quantity"] * context["price"] <= context["limit"]:
            return "open"
    raise ValueError(trigger)
"""
_COROUTINE = """
async def nothing():
    pass
"""
_ORDER = f"""
from bench_order_fsm import OrderMachine
machine = OrderMachine.unbound()
machine.guard("within_limit")(lambda ctx: True)
{_CONTEXT}
order = machine.create(context=context)
order.acknowledge()
"""
_NESTED = """
from bench_nested_fsm import NestedOrderMachine
order = NestedOrderMachine.unbound().create(context={"order_id": "o-1"})
"""
_PARALLEL = """
from bench_parallel_fsm import ParallelOrderMachine
order = ParallelOrderMachine().create(context={"order_id": "o-1"})
order.accept()
"""

_BY_HAND = Program("by hand", "a method and a dictionary", _METHOD, "order.suspend(); order.resume()", 2)
_BY_HAND_IF = Program("by hand", "a function with the same `if`", _FUNCTION, "process('open', 'reprice', context)")
_FLAT = Program(OURS, "order.suspend(), flat", _ORDER, "order.suspend(); order.resume()", 2)
_GUARDED = Program(OURS, "process(), expression guard", _ORDER, "machine.process('open', 'reprice', context)")
_THREE = Program(OURS, "order.pause(), three levels", _NESTED, "order.pause(); order.resume()", 2)
_OUTERMOST = Program(OURS, "order.halt(), of the outermost", _NESTED, "order.halt(); order.reopen()", 2)
_REGIONS = Program(OURS, "order.reserve(), two regions", _PARALLEL, "order.reserve(); order.release()", 2)
_EMPTY = Program("by hand", "await of an empty coroutine", _COROUTINE, "await nothing()")
_SEND = Program(OURS, "order.send()", _ORDER, "order.send('suspend'); order.send('resume')", 2)
_ASEND = Program(OURS, "order.asend()", _ORDER, "await order.asend('suspend'); await order.asend('resume')", 2)
_EVERY = (_BY_HAND, _BY_HAND_IF, _FLAT, _GUARDED, _THREE, _OUTERMOST, _REGIONS, _EMPTY, _SEND, _ASEND)


def measure(workspace: Path) -> Iterator[Group]:
    """Count, and compare with what is written by hand, and with flat machines.

    Raises:
        RuntimeError: There is no valgrind, or a program failed.
    """
    if shutil.which("valgrind") is None:
        raise RuntimeError("valgrind is not on PATH: install it, or leave this out with --only")
    for source in (ORDER, NESTED, PARALLEL):
        compiled(source, workspace)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(_EVERY, pool.map(lambda program: _counted(program, workspace), _EVERY), strict=True))

    def group(title: str, targets: Mapping[Program, float]) -> Group:
        first, *_ = targets
        return Group(
            "instructions",
            f"{title}, in instructions",
            [
                Row(
                    program.contender,
                    program.what,
                    found[program],
                    _UNIT,
                    None if program is first else Target(bound, at_least=False),
                )
                for program, bound in targets.items()
            ],
        )

    yield group("flat event, session", {_BY_HAND: 1, _FLAT: 2.5})
    yield group("expression guard, stateless", {_BY_HAND_IF: 1, _GUARDED: 2.5})
    yield group("three levels and two regions beside flat", {_FLAT: 1, _THREE: 1.3, _OUTERMOST: 1.3, _REGIONS: 4})
    more = found[_ASEND] - found[_SEND]
    yield Group(
        "instructions",
        "what awaiting adds to an event, in instructions",
        [
            Row(_EMPTY.contender, _EMPTY.what, found[_EMPTY], _UNIT),
            Row(OURS, "order.asend(), less order.send()", more, _UNIT, Target(2.5, at_least=False)),
        ],
    )


def _counted(program: Program, workspace: Path) -> float:
    few, many = (_executed(program.text(times), workspace) for times in (FEW, MANY))
    return (many - few) / (MANY - FEW) / program.events


def _executed(text: str, workspace: Path) -> int:
    """The instructions that an interpreter executes for a program, from its start to its end."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-c", text]
    environment = {**os.environ, "PYTHONPATH": str(workspace), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or counted is None:
        raise RuntimeError(f"counting failed:\n{done.stderr}")
    return int(counted[1])
