"""What only the store in memory does."""

from __future__ import annotations

import threading
from typing import Any

from pystator_runtime.stores import InMemoryStateStore
from support.stored import ID, MACHINE, commit, entity, put


def test_an_entity_after_an_event_is_not_seen_without_that_event() -> None:
    """S13.1: or the event would be decided again, on what it has done itself."""
    store, looked, committed = InMemoryStateStore(), threading.Event(), threading.Event()
    put(store, entity())

    class Interrupted(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            found = super().get(key, default)
            looked.set()
            committed.wait(0.3)  # for whoever is not kept from it
            return found

    def work() -> None:
        looked.wait(30)
        assert store.commit(commit(entity(version=2), event_id="e"), None)
        committed.set()

    store._events = Interrupted()
    other = threading.Thread(target=work)
    other.start()
    loaded = store.load(MACHINE, ID, "e", False)
    other.join()
    assert loaded is not None
    assert loaded.entity is not None
    assert (loaded.entity.version, loaded.repeated) == (1, None)
