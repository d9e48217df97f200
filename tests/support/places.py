"""Places where entities are kept, so that one suite can be run over every store.

To try another store: write its :class:`Place` and add it to ``PLACES``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pystator_runtime.stores import InMemoryStateStore, SQLiteStateStore

SURROGATES = "".join(map(chr, range(0xD800, 0xE000)))


class Place:
    """Somewhere to keep entities: a new and empty place per test."""

    lasts = True
    """Whether what is written outlives the store object, so that another one finds it."""

    cannot_hold = ""
    """Characters that ids and states may not have here: surrogates are no Unicode, and some have no room for NUL."""

    points: tuple[str, ...] = ()
    """The points at which a commit can be made to fail."""

    def holds(self, text: str) -> bool:
        return not set(text) & set(self.cannot_hold)

    def open(self, **settings: Any) -> Any:
        """Another store object on this place."""
        raise NotImplementedError

    def open_with_short_locks(self) -> Any:
        """A store whose locks end soon after their holder has died."""
        return self.open()

    def broken(self, point: str) -> contextlib.AbstractContextManager[None]:
        """Commits fail when they come to ``point``."""
        raise NotImplementedError

    def end(self) -> None:
        """Close what was opened, and leave nothing."""


class Memory(Place):
    lasts = False

    def __init__(self, folder: Path) -> None:
        del folder

    def open(self, **settings: Any) -> Any:
        return InMemoryStateStore(**settings)


class SQLite(Place):
    cannot_hold = SURROGATES
    points = (
        "INSERT ON pystator_entities",
        "UPDATE ON pystator_entities",
        "INSERT ON pystator_audit",
        "INSERT ON pystator_actions",
        "INSERT ON pystator_actions WHEN NEW.key LIKE '%/1'",
        "DELETE ON pystator_actions",
        "DELETE ON pystator_entities",
    )

    def __init__(self, folder: Path) -> None:
        self.path = folder / "entities.db"
        self._opened: list[Any] = []

    def open(self, **settings: Any) -> Any:
        store = SQLiteStateStore(self.path, **settings)
        self._opened.append(store)
        return store

    @contextlib.contextmanager
    def broken(self, point: str) -> Iterator[None]:
        self._execute(f"CREATE TRIGGER broken AFTER {point} BEGIN SELECT RAISE(ABORT, 'it breaks here'); END")
        try:
            yield
        finally:
            self._execute("DROP TRIGGER broken")

    def _execute(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(statement)

    def end(self) -> None:
        for store in self._opened:
            store.close()


PLACES: dict[str, Callable[[Path], Place]] = {
    "memory": Memory,
    "sqlite": SQLite,
}
"""Every place."""
