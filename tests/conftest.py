"""What tests of several folders take."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.servers import Servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Redis, started when they are first asked for, for all workers of a run together."""
    folder = tmp_path_factory.getbasetemp()
    servers = Servers(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)
    yield servers
    servers.end()
