"""Stores are loaded when they are asked for, with what they need and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARIES = {"SQLAlchemyStateStore": ("sqlalchemy", "psycopg"), "RedisStateStore": ("redis",)}
EXTRAS = {"SQLAlchemyStateStore": "sql", "RedisStateStore": "redis"}
PAIRS = [(store, library) for store, libraries in LIBRARIES.items() for library in libraries]


def said_by(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_stores_that_were_not_asked_for_load_no_library() -> None:
    program = "import sys, pystator_runtime.stores as s; s.InMemoryStateStore; s.SQLiteStateStore; print(*sys.modules)"
    assert {"sqlalchemy", "psycopg", "redis", "asyncio"} & set(said_by(program).split()) == set()


@pytest.mark.parametrize(("store", "library"), PAIRS)
def test_a_missing_library_is_named_with_its_remedy(store: str, library: str) -> None:
    said = said_by(f"import sys; sys.modules[{library!r}] = None; from pystator_runtime.stores import {store}")
    last = said.splitlines()[-1]
    assert last.startswith("pystator_runtime.errors.ConfigurationError: ")
    assert f"pip install 'pystator-runtime[{EXTRAS[store]}]'" in last


def test_an_unknown_store_is_an_attribute_error() -> None:
    from pystator_runtime import stores

    with pytest.raises(AttributeError, match="CassandraStateStore"):
        stores.CassandraStateStore  # noqa: B018
    assert {"InMemoryStateStore", "SQLiteStateStore", *LIBRARIES} <= set(dir(stores))
