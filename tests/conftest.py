"""What tests of several folders take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers import Servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Redis, started when they are first asked for, for all workers of a run together."""
    folder = tmp_path_factory.getbasetemp()
    servers = Servers(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)
    yield servers
    servers.end()


@pytest.fixture(scope="session", autouse=True)
def _one_cache_for_mypy() -> Iterator[None]:
    """`--typecheck` keeps no cache of its own, and without one mypy reads its typeshed anew each time."""
    before = os.environ.get("MYPY_CACHE_DIR")
    os.environ["MYPY_CACHE_DIR"] = str(Path(__file__).resolve().parents[1] / ".mypy_cache" / "typecheck")
    yield
    if before is None:
        del os.environ["MYPY_CACHE_DIR"]


@pytest.fixture(scope="session", autouse=True)
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the tool remembers from run to run is remembered among tests only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSTATOR_GEN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
