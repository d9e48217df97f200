"""A process that is killed at any moment loses nothing that was committed, and does nothing that was not."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from orchestrator.crashing import DELAY, ENTITIES, LEASE, PLANNED, Log, read, serve, work
from support.orchestrated import until
from support.places import Place
from support.running import Child

SOAK = os.environ.get("PYSTATOR_SOAK")
KILLS = 200 if SOAK else 12
"""With PYSTATOR_SOAK set, many, and at other moments each time."""


def test_after_kills_and_recovery_all_that_was_committed_is_there_and_was_acted_on(
    lasting: Place, tmp_path: Path
) -> None:
    """S8, S9, S13; docs/design.md#one-commit"""
    path = tmp_path / "log"
    _kill_some(lasting, path)
    orchestrator = serve(lasting.open(), Log(path), random.Random(0))
    _recover(orchestrator)
    story = Story(orchestrator, path)
    assert len(story.acknowledged) >= KILLS / 2, "hardly anything has happened"
    for entity_id in ENTITIES:
        story.check_transitions(entity_id)
        story.check_timers(entity_id)
        story.check_patches(entity_id)
    story.check_actions(orchestrator)
    _check_that_nothing_is_left(orchestrator, path)


def _kill_some(place: Place, path: Path) -> None:
    """Let one worker after the other begin where the one before was killed; every other one comes to something."""
    chance = random.Random(time.time_ns() if SOAK else 0)
    for seed in range(KILLS):
        child = Child(lambda seed=seed: work(place.open(), path, seed))
        awaited = ("begun", "acknowledged")[seed % 2]
        until(lambda awaited=awaited, seed=seed: [awaited, seed] in [line[:2] for line in read(path)])
        time.sleep(chance.uniform(0, 0.15))
        os.kill(child.pid, signal.SIGKILL)
        child.wait_for_its_death()


def _recover(orchestrator: Any) -> None:
    """Wait until claims have expired and timers are due, and recover until there is nothing left."""
    quiet = 0
    while quiet < 2:
        time.sleep(LEASE + DELAY / 1000)
        quiet = 0 if orchestrator.recover() else quiet + 1


def _check_that_nothing_is_left(orchestrator: Any, path: Path) -> None:
    """Another recovery does nothing."""
    told = path.read_bytes()
    entities = [orchestrator.get(entity_id) for entity_id in ENTITIES]
    assert orchestrator.recover() == 0
    assert orchestrator.recover(force=True) == 0
    assert [orchestrator.get(entity_id) for entity_id in ENTITIES] == entities
    assert path.read_bytes() == told


class Story:
    """What the log and the store tell together."""

    def __init__(self, orchestrator: Any, path: Path) -> None:
        lines = read(path)
        self.acknowledged = [(line[2], line[3]) for line in lines if line[0] == "acknowledged"]
        self.ran = {key for kind, key, *_ in (line for line in lines if line[0] == "ran")}
        self.rung = [line[1:] for line in lines if line[0] == "rung"]
        self.entities = {entity_id: orchestrator.get(entity_id) for entity_id in ENTITIES}
        self.history = {entity_id: orchestrator.history(entity_id) for entity_id in ENTITIES}

    def check_transitions(self, entity_id: str) -> None:
        """Each acknowledged event was taken once, and the context counts what was taken (S13.1)."""
        rows, entity = self.history[entity_id], self.entities[entity_id]
        ids = [row.event_id for row in rows if row.event_id is not None]
        assert len(ids) == len(set(ids))
        assert {event_id for of, event_id in self.acknowledged if of == entity_id} <= set(ids)
        assert all(row.target_state == following.source_state for row, following in pairwise(rows))
        assert entity.state == rows[-1].target_state
        assert entity.context["n"] == len(ids)

    def check_timers(self, entity_id: str) -> None:
        """Each due timer took effect once, and none was asked before its time (S9.5)."""
        rows, entity = self.history[entity_id], self.entities[entity_id]
        rings = [row for row in rows if row.event_id is None]
        assert all(row.trigger == "late" for row in rings)
        assert entity.context.get("rings", 0) == len(rings)
        assert entity.state != "busy", "its timer was due"
        assert not entity.timers
        events = [row for row in rows if row.event_id is not None]
        for asked in (line for line in self.rung if line[0] == entity_id):
            _, number, moment = asked
            armed = next(row for row in reversed(events[:number]) if row.trigger == "begin")
            assert moment >= round(armed.at.timestamp() * 1000) + DELAY

    def check_patches(self, entity_id: str) -> None:
        """What actions changed in the context is there, once for each (docs/design.md#one-commit)."""
        patched = [key for key in self.entities[entity_id].context if key.startswith("patched")]
        assert len(patched) == sum(row.trigger == "end" for row in self.history[entity_id])

    def check_actions(self, orchestrator: Any) -> None:
        """Every action of every committed transition ran, and none of any other (S8.1)."""
        failed = orchestrator.failed_actions()
        assert {action.name for action in failed} <= {"flaky"}
        assert {action.key for action in failed} <= self.ran
        due = Counter[tuple[str, ...]]()
        for entity_id, rows in self.history.items():
            due[entity_id, str(rows[0].version)] = 1  # it came into being by that event
            due.update({(entity_id, str(row.version)): PLANNED.get(row.trigger, 0) for row in rows})
        ran = Counter(tuple(key.split("/")[1:3]) for key in self.ran)
        assert ran == +due
