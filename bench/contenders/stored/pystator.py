"""pystator: its orchestrator, with its own stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pystator import Orchestrator, StateMachine
from pystator.stores.base import InMemoryStateStore
from pystator.stores.sqlite import SQLiteStateStore

from bench.contenders.base import CONTEXT, ORDER, Case

NAME = f"pystator {version('pystator')}"


def in_memory(folder: Path) -> Any:
    """A store in memory."""
    return InMemoryStateStore()


def sqlite(folder: Path) -> Any:
    """A store in a SQLite file."""
    store = SQLiteStateStore(f"sqlite:///{folder / 'pystator.db'}")
    store.connect()
    return store


@contextmanager
def orders(make: Callable[[Path], Any], folder: Path) -> Iterator[Sequence[Case]]:
    """One order, open, in a store that is made in ``folder``."""
    store = make(folder)
    opened = Orchestrator(StateMachine.from_yaml(ORDER), store)
    opened.process_event("o-1", "acknowledge", dict(CONTEXT))
    names = {"orders": opened, "store": store, "context": CONTEXT}
    statement = "orders.process_event('o-1', 'suspend'); orders.process_event('o-1', 'resume')"
    proof = "store.get_state('o-1') == 'open' and store.get_context('o-1') == context"
    yield (Case("orders.process_event(...)", statement, names, proof, events=2),)
    if hasattr(store, "disconnect"):
        store.disconnect()
