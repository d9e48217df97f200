"""A process that fires timers and finishes actions: ``python -m pystator_runtime.worker myapp.fsm_app:orchestrator``.

Any number may run side by side, beside the application: what a timer does is decided by what is stored. On SIGTERM or
SIGINT it finishes what is running and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import importlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.orchestrator import Orchestrator
from pystator_runtime.schedulers.asynchronous import AsyncioScheduler
from pystator_runtime.schedulers.manual import ManualScheduler
from pystator_runtime.schedulers.watching import PATIENCE, WatchingScheduler
from pystator_runtime.stored import StoredEntities
from pystator_runtime.urls import without_password

_logger = logging.getLogger("pystator_runtime.worker")

_ENDING = (signal.SIGTERM, signal.SIGINT)

_DESCRIPTION = """\
Fire the timers of stored entities, and run unclaimed actions. Several workers may run side by side.
SIGTERM or SIGINT ends one: it finishes what is running.
"""


class WrongTargetError(ConfigurationError):
    """What a worker is to serve is not there, or is no orchestrator."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes.

    Returns:
        The exit code: 0 after a signal, 2 if there is nothing to serve.
    """
    options = _options(arguments)
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("pystator_runtime").setLevel(level)
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as with `python -m`, also where the worker is started otherwise
    try:
        orchestrators = [found for target in options.target for found in load(target)]
        asyncio.run(_serve(orchestrators, options.poll))
    except ConfigurationError as error:
        print(f"pystator_runtime.worker: {error}", file=sys.stderr)
        return 2
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pystator_runtime.worker", description=_DESCRIPTION)
    parser.add_argument(
        "target",
        nargs="+",
        metavar="MODULE:NAME",
        help="an orchestrator, several, or a function without parameters that makes them",
    )
    parser.add_argument(
        "--poll",
        type=_seconds,
        metavar="SECONDS",
        help=f"look for what others have armed at least so often (default: what its scheduler says, or {PATIENCE:g})",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of routine as well")
    return parser.parse_args(arguments)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


# -- what is served --------------------------------------------------------------------------------------------


def load(target: str) -> list[Orchestrator]:
    """The orchestrators that ``module:name`` stands for.

    Raises:
        WrongTargetError: There is no such module or name, or it is no orchestrator.
    """
    module_name, colon, name = target.partition(":")
    if not (module_name and colon and name):
        raise WrongTargetError(
            f"{target!r} names no orchestrator: write MODULE:NAME, such as myapp.fsm_app:orchestrator"
        )
    found = _attribute(_module(module_name, target), name, target)
    if callable(found) and not isinstance(found, type):
        found = found()
    several: Iterable[Any] = found if isinstance(found, Iterable) and not isinstance(found, str) else (found,)
    orchestrators = [_unwrapped(each, target) for each in several]
    if not orchestrators:
        raise WrongTargetError(f"{target} is empty: nothing would be served")
    return orchestrators


def _module(name: str, target: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # it is there, and imports something that is not
        raise WrongTargetError(
            f"there is no module {error.name!r}, which {target!r} needs: modules are looked for in {os.getcwd()}, "
            "in PYTHONPATH and among what is installed"
        ) from None


def _attribute(module: Any, name: str, target: str) -> Any:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, [known for known in dir(found) if not known.startswith("_")], 1)
            meant = f": did you mean {near[0]!r}?" if near else ""
            raise WrongTargetError(f"{module.__name__} has no {part!r}, which {target!r} needs{meant}")
        found = getattr(found, part)
    return found


def _unwrapped(found: Any, target: str) -> Orchestrator:
    orchestrator = found.orchestrator if isinstance(found, StoredEntities) else found
    if not isinstance(orchestrator, Orchestrator):
        shown = without_password(repr(orchestrator))
        raise WrongTargetError(
            f"{target} is no orchestrator but {shown}: name an Orchestrator, what a generated "
            "...Orchestrator class makes, several of them, or a function that returns these"
        )
    return orchestrator


# -- serving ---------------------------------------------------------------------------------------------------


async def _serve(orchestrators: Sequence[Orchestrator], poll: float | None) -> None:
    """Watch the clock for orchestrators until a signal comes, and wait for the end of what is running then."""
    clocks = [_clock(orchestrator, poll) for orchestrator in orchestrators]
    stopped = _signalled()
    for orchestrator, clock in zip(orchestrators, clocks, strict=True):
        await clock.astart(orchestrator)
        kind = type(orchestrator.store).__name__  # no more of it: a URL may hold a password
        _logger.info("serving %s from %s, process %d", orchestrator.machine.name, kind, os.getpid())
    await stopped.wait()
    await asyncio.gather(*(clock.astop(each) for each, clock in zip(orchestrators, clocks, strict=True)))
    for orchestrator in orchestrators:
        await orchestrator.aclose()
    _logger.info("stopped")


def _clock(orchestrator: Orchestrator, poll: float | None) -> WatchingScheduler:
    """Its own clock, if that is one that watches; else one that looks into the store."""
    own = orchestrator.scheduler
    if isinstance(own, ManualScheduler):
        raise ConfigurationError(
            f"the orchestrator of {orchestrator.machine.name!r} goes by a ManualScheduler, whose time stands still: "
            "a worker can serve one without a scheduler, or with another one"
        )
    if not isinstance(own, WatchingScheduler):
        return AsyncioScheduler() if poll is None else AsyncioScheduler(patience=poll)
    if poll is not None:
        own.patience = poll
    return own


def _signalled() -> asyncio.Event:
    """Set by the first signal, which asks for the end; the second one does not ask."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    # Python's handlers run in the main thread, which an action that is not async may hold up, and of two signals that
    # come at once the system may give one to another thread, so that nothing wakes the main one. The number is written
    # to the socket by whichever thread is interrupted, and read by one that does nothing else.
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def asked() -> Iterator[int]:
        while True:
            (number,) = reader.recv(1)
            if number in _ENDING:  # others may have handlers of the application
                yield number

    def listen() -> None:
        with reader, writer:
            numbers = asked()
            _logger.info("%s: finishing what is running", signal.Signals(next(numbers)).name)
            loop.call_soon_threadsafe(stopped.set)
            number = next(numbers)
            _logger.warning("%s again: what is running is left to other workers", signal.Signals(number).name)
            os._exit(128 + number)

    threading.Thread(target=listen, name="pystator-signals", daemon=True).start()
    for number in _ENDING:
        signal.signal(number, _not_here)
    return stopped


def _not_here(number: int, frame: object) -> None:
    """Signals without a handler would not be written to the socket."""


if __name__ == "__main__":
    sys.exit(main())
