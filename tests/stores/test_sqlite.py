"""What only the store in SQLite does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.stores import SQLiteStateStore
from support.stored import action, entity, get, put

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


@pytest.mark.parametrize("path", ["", ":memory:", Path(":memory:"), "file::memory:?cache=shared", "file:a?mode=memory"])
def test_a_database_in_memory_is_refused_with_the_store_that_is_one(path: str | Path) -> None:
    """Each connection would have its own, and lose what another one has acknowledged."""
    with pytest.raises(ConfigurationError, match=r"take InMemoryStateStore\(\)"):
        SQLiteStateStore(path)


@pytest.mark.parametrize("url", ["sqlite:///z.db", "sqlite://", Path("sqlite:///z.db"), "file:z.db", "redis://:s@h/0"])
def test_a_url_is_refused(url: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="is a URL: give the path of the file") as refused:
        SQLiteStateStore(url)
    assert ":s@" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_that_of_the_folder_in_which_the_store_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = SQLiteStateStore("orders.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    put(store, entity())
    store.close()
    monkeypatch.chdir(tmp_path)
    assert get(store) == entity()
    assert get(SQLiteStateStore(Path("orders.db"))) == entity()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    store.close()
