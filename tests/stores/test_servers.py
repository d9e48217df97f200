"""The servers that tests use end with whoever uses them, however that ends."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import redis

from support.orchestrated import until
from support.running import Child
from support.servers import Servers


def use(folder: Path) -> None:
    """Use a server until something ends this process."""
    Servers(folder).redis()
    threading.Event().wait()


def is_up(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_a_server_ends_when_its_last_user_is_killed(tmp_path: Path) -> None:
    first, second = Child(lambda: use(tmp_path)), Child(lambda: use(tmp_path))
    users = tmp_path / "redis.url"
    until(users.exists)
    url = users.read_text()
    servers = Servers(tmp_path)
    assert servers.redis() == url, "all share one"
    for child in (first, second):
        os.kill(child.pid, signal.SIGKILL)
        child.wait_for_its_death()
    assert is_up(url)
    servers.end()
    until(lambda: not is_up(url) and not Path(url.removeprefix("unix://")).parent.exists())


def test_what_a_test_has_started_ends_when_the_test_is_killed(tmp_path: Path) -> None:
    def test() -> None:
        child = Child(lambda: use(tmp_path))
        (tmp_path / "child").write_text(str(child.pid))
        threading.Event().wait()

    run = Child(test)
    until((tmp_path / "redis.url").exists)
    url = (tmp_path / "redis.url").read_text()
    os.kill(run.pid, signal.SIGKILL)
    run.wait_for_its_death()
    until(lambda: not is_up(url))
