"""What only the store in SQLite does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pystator_runtime.stores import SQLiteStateStore
from support.stored import action, entity, put

NORMAL, FULL = (1,), (2,)


@pytest.mark.parametrize(("durable", "usual"), [(True, FULL), (False, NORMAL)])
def test_that_an_action_is_done_need_not_be_on_the_disk_but_all_else(
    durable: bool, usual: tuple[int], tmp_path: Path
) -> None:
    store = SQLiteStateStore(tmp_path / "orders.db", durable=durable)
    put(store, entity(), actions=1)
    with store._connections.use() as connection:  # that which is used next
        said: list[str] = []
        connection.set_trace_callback(said.append)
    assert store.finish(action(entity()).key, None)
    changes = [sql.split()[0] if "synchronous" not in sql else sql.split()[-1] for sql in said]
    assert changes == ["NORMAL", "DELETE", "FULL" if durable else "NORMAL"]
    with store._connections.use() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == usual
    store.close()
