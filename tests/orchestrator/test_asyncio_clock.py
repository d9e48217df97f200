"""The clock in the application's own process: a thread, or a task of its event loop (S9)."""

from __future__ import annotations

import threading

from pystator_runtime.orchestrator import Orchestrator
from pystator_runtime.schedulers import AsyncioScheduler
from pystator_runtime.stores import InMemoryStateStore
from support.machines import load, machine_class

MACHINE = machine_class(
    load("""
    meta: {machine_name: kettle}
    states: [{name: cold, type: initial}, {name: hot}]
    transitions: [{source: cold, after: 10ms, dest: hot}]
    """)
)()


def test_a_clock_that_is_stopped_as_soon_as_it_was_started_ends() -> None:
    """S9.5: the timers are stored, so nothing depends on when the clock ends."""
    orchestrator = Orchestrator(MACHINE, InMemoryStateStore(), scheduler=AsyncioScheduler())

    def start_and_close() -> None:
        orchestrator.start()
        orchestrator.close()

    caller = threading.Thread(target=start_and_close, daemon=True)
    caller.start()
    caller.join(timeout=30)
    assert not caller.is_alive()


def test_a_thread_fires_what_is_due_without_an_event_loop_of_the_caller() -> None:
    """S9.4"""
    fired = threading.Event()

    class Hook:
        def before(self, *_: object) -> None: ...
        def error(self, *_: object) -> None: ...
        def after(self, *_: object) -> None:
            fired.set()

    scheduler = AsyncioScheduler()
    orchestrator = Orchestrator(MACHINE, InMemoryStateStore(), scheduler=scheduler, hooks=(Hook(),))  # type: ignore[arg-type]
    orchestrator.create("k-1")
    orchestrator.start()
    try:
        assert fired.wait(timeout=30)
    finally:
        orchestrator.close()
    entity = orchestrator.get("k-1")
    assert entity is not None
    assert entity.state == "hot"
