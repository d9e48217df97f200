"""A process that sends random events with actions and timers, until it is killed (:mod:`test_crashes`).

What an orchestrator has acknowledged, and what an action or the guard of a timer has done, is written to a log, each
line safe on the disk before anything goes on: the process may die between any two steps.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.orchestrated import orchestrated

YAML = """
    meta: {machine_name: job}
    error_policy: {retry_attempts: 3}
    states:
      - {name: idle, type: initial, on_enter: [enter]}
      - {name: busy, on_enter: [enter], on_exit: [leave]}
      - {name: late}
    transitions:
      - trigger: begin
        source: [idle, late]
        dest: busy
        actions: [{increment: n}, work, {name: flaky, retry_backoff: 0.01}]
      - {trigger: end, source: busy, dest: idle, actions: [{increment: n}, patch]}
      - {trigger: late, source: busy, dest: late, after: 20ms, guards: [rung], actions: [{increment: rings}, work]}
      - {trigger: nudge, source: "*", internal: true, actions: [{increment: n}]}
    """
PLANNED = {"begin": 3, "end": 3, "late": 2}
"""How many actions follow a transition, by its trigger; coming into being has one."""

ENTITIES = ("e-0", "e-1", "e-2")
LEASE = 0.05
DELAY = 20


class Log:
    """Lines that are on the disk as soon as they are written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, *what: object) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(what).encode() + b"\n")
            os.fsync(file.fileno())


def read(path: Path) -> list[list[Any]]:
    """What a log holds; a line that was not finished was never acknowledged."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def serve(store: Any, log: Log, chance: random.Random) -> Any:
    """An orchestrator whose actions and timers tell the log what they do."""

    def tells(name: str) -> Callable[[dict[str, Any]], None]:
        def act(ctx: dict[str, Any]) -> None:
            log.write("ran", ctx["_action_key"], ctx["_entity_id"])
            if name == "flaky" and chance.random() < 0.3:
                raise ConnectionError("flaky as it is")
            if name == "patch":
                ctx[f"patched {ctx['_action_key']}"] = True

        return act

    def rung(ctx: dict[str, Any]) -> bool:
        log.write("rung", ctx["_entity_id"], ctx["n"], time.time_ns() // 1_000_000)
        return True

    actions = {name: tells(name) for name in ("enter", "leave", "work", "flaky", "patch")}
    return orchestrated(YAML, store, guards={"rung": rung}, actions=actions, action_lease=LEASE)


def work(store: Any, path: Path, seed: int) -> None:
    """Send random events for ever, each with its own id."""
    log, chance = Log(path), random.Random(seed)
    orchestrator = serve(store, log, chance)
    log.write("begun", seed)
    for number in range(1_000_000):
        if chance.random() < 0.15:
            orchestrator.recover()
            continue
        entity_id, trigger = chance.choice(ENTITIES), chance.choice(("begin", "end", "nudge"))
        event_id = f"{seed}-{number}"
        if orchestrator.process_event(entity_id, trigger, event_id=event_id).success:
            log.write("acknowledged", seed, entity_id, event_id)
