"""Compiling many sources: on all cores, where there are so many that it pays."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from pystator_gen.artifacts import Artifact, Compiled
from pystator_gen.diagnostics import UnusableError
from pystator_gen.formatting import format_modules
from pystator_gen.lower import exports
from pystator_gen.pipeline import compile_read
from pystator_gen.source import Source, digest, read

_WORTH_IT = 100
"""From so many sources on, more processes win more than their start costs."""

_CHUNK = 25
"""So many sources are compiled, and formatted by one call of ruff, at once."""


class WorkerError(UnusableError):
    """A process that compiled has died."""


def compile_each(paths: Sequence[Path], processes: int) -> Iterator[Compiled]:
    """What becomes of each source, in order.

    Raises:
        SourceUnreadable: A source can't be read.
        WorkerError: One of the processes was killed.
    """
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    if len(paths) < _WORTH_IT or processes < 2:
        for chunk in chunks:
            yield from compile_chunk(chunk)
        return
    # Forked processes would inherit whatever threads hold, such as those of a progress bar.
    pool = ProcessPoolExecutor(min(processes, len(chunks)), get_context("spawn"), initializer=prepare_process)
    try:
        for compiled in pool.map(compile_chunk, chunks):
            yield from compiled
    except BrokenProcessPool as failure:
        raise WorkerError("a process that compiled was killed, perhaps for want of memory; run it again") from failure
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def prepare_process() -> None:
    """Settle a process of a pool: the one that has started it is told of Ctrl-C, and ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()


def collect_seldom() -> None:
    """Look for garbage seldom: nearly all that a run makes lives to its end, and looking took a third of its time."""
    gc.set_threshold(10_000, 50, 50)


def compile_chunk(paths: Sequence[Path]) -> list[Compiled]:
    """Compile some sources, and format what they become."""
    sources = [read(path) for path in paths]
    found = [compile_read(source) for source in sources]
    texts = {
        (number, unit.module, name): text
        for number, (units, _) in enumerate(found)
        for unit in units
        for name, text in unit.texts.items()
    }
    formatted = format_modules(texts)
    compiled: list[Compiled] = []
    for number, (path, source, (units, diagnostics)) in enumerate(zip(paths, sources, found, strict=True)):
        own = {name: formatted[number, unit.module, name] for unit in units for name in unit.modules}
        artifacts = tuple(
            Artifact(unit.module, exports(unit.machine), unit.span, {n: digest(own[n].encode()) for n in unit.modules})
            for unit in units
        )
        seen = source.digest if isinstance(source, Source) else ""
        compiled.append(Compiled(path.as_posix(), seen, artifacts, tuple(diagnostics), own))
    return compiled
