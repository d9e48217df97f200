"""The line to the server is cut at any single message: the entity is as before or as after, never between."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pystator_runtime import StoreError
from stores.conftest import served
from support.doubles import Busy
from support.lines import Line
from support.orchestrated import MOMENT, Deeds, StoppedClock, orchestrated
from support.places import Place
from support.servers import Servers

YAML = """
    meta: {machine_name: order}
    states:
      - {name: new, type: initial, on_exit: [leave], timeout: {seconds: 60, destination: open}}
      - {name: open, on_enter: [{increment: n}, enter]}
    transitions: [{trigger: approve, source: new, dest: open, actions: [patch]}]
    """
MINUTE = 60_000
CUTS = [(when, stays_cut) for when in ("before", "after") for stays_cut in (False, True)]
"""Before the server gets the message, or when it has answered it; and whether that was the last one."""

FEWER = CUTS if os.environ.get("PYSTATOR_SOAK") else CUTS[::2]
"""Of what differs little from the event's own way."""


@pytest.fixture(params=["postgresql", "redis"])
def place(request: Any, tmp_path: Path, servers: Servers) -> Iterator[Place]:
    """What has a server."""
    yield from served(request.param, tmp_path, servers)


@pytest.fixture
def line(place: Place) -> Iterator[Line]:
    line = place.line()
    yield line
    line.end()


class Entity:
    """One entity, as its server knows it, and what its actions did."""

    def __init__(self, store: Any) -> None:
        self.deeds, self.clock = Deeds(), StoppedClock()
        self.orders = self.serve(store)
        self.orders.delete("o-1")
        self.orders.create("o-1")

    def serve(self, store: Any) -> Any:
        def patch(ctx: dict[str, Any]) -> None:
            self.deeds.contexts.append(("patch", dict(ctx)))
            ctx["patched"] = True

        actions = {**self.deeds.named("leave", "enter"), "patch": patch}
        return orchestrated(YAML, store, actions=actions, scheduler=self.clock)

    def is_open(self) -> bool:
        """It is as after the transition; if not, it is as before."""
        entity, rows = self.orders.get("o-1"), self.orders.history("o-1")
        assert (entity.state, entity.context.get("n"), len(entity.timers), len(rows)) in {
            ("new", None, 1, 0),
            ("open", 1, 0, 1),
        }
        return bool(rows)

    def check_end(self, *deeds: str) -> None:
        """After the recovery, everything has been done, and another one does nothing."""
        self.orders.recover(force=True)
        assert self.is_open()
        assert set(self.deeds.names) == set(deeds)
        assert len(set(self.deeds.keys)) == len(deeds), "an action that runs again has the same key"
        assert self.orders.recover(force=True) == 0


def at_every_message(line: Line, attempt: Callable[[int], bool]) -> None:
    """Attempt it until the line is cut too late; the first time it is cut at once."""
    succeeded, number = set(), 0
    while True:
        number += 1
        succeeded.add(attempt(number))
        if line.messages < number:
            break
    assert number > 4
    assert True in succeeded


def ended(store: Any) -> None:
    store.close()
    asyncio.run(store.aclose())


@pytest.mark.parametrize(
    ("conflicts", "when", "stays_cut"), [*((0, *cut) for cut in CUTS), *((3, *cut) for cut in FEWER)]
)
def test_of_an_event(place: Place, line: Line, door: Any, conflicts: int, when: str, stays_cut: bool) -> None:
    """docs/design.md#one-commit; S13.1: sent again, it is taken once"""
    direct = place.open()

    def attempt(number: int) -> bool:
        entity = Entity(direct)
        store = place.open_by(line)
        with line.cut(number, when=when, stays_cut=stays_cut):
            try:
                orders = entity.serve(Busy(store, times=conflicts))
                succeeded = bool(door.send(orders, "o-1", "approve", event_id="e-1").success)
            except StoreError:
                succeeded = False
        is_open = entity.is_open()
        assert is_open or not succeeded
        again = door.send(entity.serve(store), "o-1", "approve", event_id="e-1")
        assert bool(again.metadata.get("duplicate")) is is_open
        entity.check_end("leave", "patch", "enter")
        ended(store)
        return succeeded

    at_every_message(line, attempt)


@pytest.mark.parametrize(("when", "stays_cut"), FEWER)
def test_of_a_timer(place: Place, line: Line, door: Any, when: str, stays_cut: bool) -> None:
    """S9.5: it takes effect once in the end"""
    direct = place.open()

    def attempt(number: int) -> bool:
        entity = Entity(direct)
        entity.clock.now = MOMENT + MINUTE
        store = place.open_by(line)
        fired: list[Any] = []
        with line.cut(number, when=when, stays_cut=stays_cut), contextlib.suppress(StoreError):
            fired += door.run_due(entity.serve(store))
        assert entity.is_open() or not fired
        entity.check_end("leave", "enter")
        ended(store)
        return bool(fired)

    at_every_message(line, attempt)
