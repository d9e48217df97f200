"""URLs that are not understood: told without the password, and with the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pystator_runtime.errors import ConfigurationError, StoreError
from pystator_runtime.schedulers import RedisScheduler
from pystator_runtime.stores import RedisStateStore, SQLAlchemyStateStore

REDIS = {
    "redi://:s3cret@host:6379/0": "'redi://***@host:6379/0' is no URL of Redis: Redis URL must specify one of",
    "redis:/:s3cret@host": "'redis:/***@host' is no URL of Redis",
    "redis://:s3cret@host:notaport/0": "'redis://***@host:notaport/0' is no URL of Redis: Port could not",
    "redis://:s3/cret@host:6379/0": "a password, '/' is written as %2F",
    "redis://:12/s3cret@host:6379/0": "a password, '/' is written as %2F",
    "redis://:12#s3cret@host:6379/0": "'#' as %23",
    "redis://u:s3?cret@host": "'?' as %3F",
    "redis://u:s3cret@[::1": "Invalid IPv6 URL",
    "redis://u:s3cret@host?socket_timeout=abc": "Invalid value for 'socket_timeout'",
    "redis://u:s3cret@host?bad_opt=1": "unexpected keyword argument 'bad_opt'",
    "redis://u:s3cret@host?max_connections=-1": "must be a positive integer",
    "redis://u:s3cret@host?protocol=9": "protocol must be",
    "unix:///run/redis?password=s3cret&db=first": "'unix:///run/redis?password=***&db=first' is no URL",
}
DATABASE = {
    "postgresql://u:s3cret@host:port/db": "'postgresql://***@host:port/db' is no URL of a database: invalid literal",
    "postgresql://u:s3@cret@host/db": "'@' as %40",
    "postgresql:/u:s3cret@host/db": "'postgresql:/***@host/db' is no URL of a database",
    "postgresql://host:port/db?password=s3cret": "'postgresql://host:port/db?password=***'",
    "mysql://u:s3cret@host/db": "'mysql' is not served",
}
WRONG = [
    *((RedisStateStore, *each) for each in REDIS.items()),
    *((RedisScheduler, *each) for each in REDIS.items()),
    *((SQLAlchemyStateStore, *each) for each in DATABASE.items()),
]


def told(call: Callable[[], Any], kind: type[Exception]) -> str:
    """What is printed of an error, and of those that it came from, without the lines of the program."""
    with pytest.raises(kind) as raised:
        call()
    lines = "".join(traceback.format_exception(raised.value)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("  "))


@pytest.mark.parametrize(("made", "url", "why"), WRONG)
def test_a_url_that_is_not_understood_is_told_without_its_password(made: Any, url: str, why: str) -> None:
    text = told(lambda: made(url), ConfigurationError)
    assert why in text
    assert [part for part in ("s3", "cret", ":12") if part in text] == []


@pytest.mark.parametrize("made", [RedisStateStore, RedisScheduler, SQLAlchemyStateStore])
def test_what_is_no_url_at_all_is_told_without_what_may_be_a_password(made: Any) -> None:
    text = told(lambda: made(b"redis://:s3cret@host"), ConfigurationError)
    assert "s3cret" not in text


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    for store in (
        RedisStateStore("redis://:s3cret@127.0.0.1:1?client_name=a@b"),
        SQLAlchemyStateStore("postgresql://u:s3%40cret@127.0.0.1:1/db"),
        SQLAlchemyStateStore("postgresql://u:s3/cret@127.0.0.1:1/db?no_option=1"),
    ):
        text = told(lambda store=store: store.load("m", "e", None, False), StoreError)  # type: ignore[misc]
        assert [part for part in ("s3", "cret") if part in text] == []


@pytest.mark.parametrize(
    "module",
    ["from pystator_runtime.stores import RedisStateStore\no = RedisStateStore('redis://:s3cret@h:bad/0')",
     "o = 'redis://:s3cret@host:6379/0'"],
)  # fmt: skip
def test_a_worker_prints_no_password(module: str, tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(module)
    done = subprocess.run(
        [sys.executable, "-m", "pystator_runtime.worker", "served:o"],
        cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "***@h" in done.stderr
    assert "s3cret" not in done.stderr
