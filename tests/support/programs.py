"""Programs that tests start, ask to end, or kill."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.orchestrated import until

TESTS = Path(__file__).parents[1]

_PR_SET_PDEATHSIG = 1  # of Linux's prctl
_this_process = ctypes.CDLL(None)


class Program:
    """A Python program that runs until it is told to end, or on Linux its parent dies; its output goes to a file."""

    def __init__(self, arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1", **environment},
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> Program:
        """Wait until it has written something."""
        until(lambda: text in self.said or self._process.poll() is not None, seconds=120)
        assert text in self.said, self.said
        return self

    def signal(self, number: int = signal.SIGTERM) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(120)

    def kill(self) -> None:
        """Kill it with all its children, as a machine that stops does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *raised: Any) -> None:
        self.kill()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        _this_process.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
