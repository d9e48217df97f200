"""A line to a server that can be cut at any message."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path


class Line:
    """Listens at a socket ``name`` in a folder of its own; what comes is passed on to the server, and its answers back.

    The server is at the path of a socket, or at a host and port.
    """

    def __init__(self, name: str, server: str | tuple[str, int]) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="line-")) / name  # short: the path of a socket must not be long
        self._server = server
        self._mutex = threading.Lock()
        self._cut_at = 0
        self._when = ""
        self._stays_cut = False
        self.messages = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(100)
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    @contextlib.contextmanager
    def cut(self, number: int, *, when: str, stays_cut: bool) -> Iterator[None]:
        """Cut it at the n-th message of clients from now on: before it reaches the server, or after the answer.

        If it ``stays_cut``, all that follow don't reach the server either, until the block ends.
        """
        self.messages, self._cut_at, self._when, self._stays_cut = 0, number, when, stays_cut
        try:
            yield
        finally:
            self._cut_at = 0

    def _cuts(self) -> str:
        """When to cut the line at this message, if at all."""
        with self._mutex:
            self.messages += 1
            if self._cut_at and self.messages == self._cut_at:
                return self._when
            return "before" if self._cut_at and self._stays_cut and self.messages > self._cut_at else ""

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # it has ended
            self._begin(self._pass_on, client)

    def _connected(self) -> socket.socket:
        if isinstance(self._server, tuple):
            return socket.create_connection(self._server)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        return server

    def _pass_on(self, client: socket.socket) -> None:
        with client, self._connected() as server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if server in ready:
                    answer = server.recv(1 << 20)
                    if not answer:
                        return
                    client.sendall(answer)
                if client in ready:
                    message = client.recv(1 << 20)
                    cuts = self._cuts() if message else "before"
                    if cuts == "before":
                        return
                    server.sendall(message)
                    if cuts == "after":
                        server.recv(1 << 20)
                        return

    def _begin(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Stop listening, when clients have gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self.path.parent)
