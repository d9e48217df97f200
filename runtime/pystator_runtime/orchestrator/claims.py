"""Claims on actions: whoever runs one keeps others from it, for as long as that takes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

from pystator_runtime.logs import warn
from pystator_runtime.orchestrator.gateway import StoreGateway
from pystator_runtime.timers import Milliseconds

_LAST_RENEWAL = 30.0
"""How many seconds a store that is asked for the last time may take."""


class Claims:
    """The claims of the actions that run at this moment or wait for those, renewed long before they expire."""

    def __init__(self, gateway: StoreGateway, lease: Milliseconds) -> None:
        self._gateway = gateway
        self._lease = lease
        self._keys: Counter[str] = Counter()
        self._mutex = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def held(self, keys: Iterable[str]) -> Held:
        """Keep claims as long as the block runs, or until they are let go."""
        return Held(self, keys)

    def add(self, keys: Sequence[str]) -> None:
        """Renew claims from now on. The thread that does it is started when there is something to do."""
        with self._mutex:
            self._keys.update(keys)
            if keys and (self._thread is None or not self._thread.is_alive() or self._closing.is_set()):
                self._closing = threading.Event()  # one of its own: a thread that is ending goes on doing so
                self._thread = threading.Thread(
                    target=self._renew, args=(self._closing,), name="pystator-claims", daemon=True
                )
                self._thread.start()

    def drop(self, keys: Iterable[str]) -> None:
        """Renew claims no more."""
        with self._mutex:
            for key in keys:
                self._keys[key] -= 1
                if self._keys[key] <= 0:
                    del self._keys[key]

    @property
    def is_renewing(self) -> bool:
        """Whether there is a thread, so that closing may have to wait for the store."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def close(self) -> None:
        """End the thread, which may be at the store: what it does there has to end before the store is closed.

        While an action runs that somebody else has begun it goes on, until that has ended: nobody is to run it again.
        """
        with self._mutex:
            if self._keys:
                return
            self._closing.set()
            thread = self._thread
        if thread is not None:
            thread.join(_LAST_RENEWAL)

    def _renew(self, closing: threading.Event) -> None:
        while not closing.wait(self._lease / 3000):
            with self._mutex:
                keys = list(self._keys)
                if closing.is_set():
                    return
                if not keys:
                    self._thread = None  # so that an idle orchestrator has no thread, and can be forgotten
                    return
            try:
                self._gateway.renew(keys, self._lease)
            except Exception as error:
                warn(f"the claims of {len(keys)} running actions could not be renewed: {error}", error)


class Held:
    """Some claims that are held for a block."""

    __slots__ = ("_claims", "_keys")

    def __init__(self, claims: Claims, keys: Iterable[str]) -> None:
        self._claims = claims
        self._keys = list(keys)

    def keep(self, keys: Iterable[str]) -> None:
        """Hold some more."""
        more = list(keys)
        self._keys += more
        self._claims.add(more)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def let_go(self, key: str) -> None:
        """Hold one of them no longer."""
        self._keys.remove(key)
        self._claims.drop((key,))

    def __enter__(self) -> Held:
        self._claims.add(self._keys)
        return self

    def __exit__(self, *raised: object) -> None:
        self._claims.drop(self._keys)
