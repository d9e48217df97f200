"""Many sources are compiled by several processes, and what comes of it is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pystator_gen import generate, workers
from pystator_gen.source import SourceUnreadable

_MACHINE = """
meta: {{machine_name: machine_{number}}}
states: [{{name: off, type: initial}}, {{name: on}}]
transitions: [{{trigger: press, source: off, dest: on}}]
error_policy: {{unheard_of: 1}}
"""
MANY = workers._WORTH_IT + 7


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machines")
    for number in range(MANY):
        (folder / f"m{number:03}.yaml").write_text(_MACHINE.format(number=number), encoding="utf-8")
    return folder


def test_several_processes_write_what_one_does(sources: Path, tmp_path: Path) -> None:
    one = generate([sources], tmp_path / "one")
    several = generate([sources], tmp_path / "several", processes=3)
    assert several.diagnostics == one.diagnostics
    assert len(several.diagnostics) == MANY == several.machines
    written = {run: {path.name: path.read_bytes() for path in (tmp_path / run).iterdir()} for run in ("one", "several")}
    assert written["one"] == written["several"]
    assert len(written["one"]) == 2 * MANY + 1


def test_progress_is_told_in_the_order_of_the_sources(sources: Path, tmp_path: Path) -> None:
    seen: list[Path] = []

    def progress(paths: Iterable[Path]) -> Iterator[Path]:
        for path in paths:
            seen.append(path)
            yield path

    generate([sources], tmp_path / "out", processes=2, progress=progress)
    assert seen == sorted(sources.iterdir())


def test_a_source_that_is_gone_is_told_as_by_one_process(sources: Path) -> None:
    paths = [*sorted(sources.iterdir()), sources / "gone.yaml"]
    with pytest.raises(SourceUnreadable, match="gone"):
        list(workers.compile_each(paths, 2))


def test_an_error_in_one_of_many_is_told_with_its_place(sources: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("states: 5\n", encoding="utf-8")
    report = generate([sources, broken], tmp_path / "out", processes=2)
    assert {problem.span.path for problem in report.diagnostics if problem.is_error} == {broken.as_posix()}
    assert not (tmp_path / "out").exists()


def test_a_process_that_is_killed_is_told(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "prepare_process", _die)
    with pytest.raises(workers.WorkerError, match="was killed"):
        list(workers.compile_each(sorted(sources.iterdir()), 2))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_interrupt_ends_all_of_them_and_writes_nothing(sources: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)  # whoever compiles it is known to be at it
    command = [sys.executable, "-m", "pystator_gen", str(sources), str(pipe), "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as program:
        with pipe.open("w"):
            os.killpg(program.pid, signal.SIGINT)  # as a terminal does
        _, told = program.communicate()
    assert (program.returncode, told) == (130, "interrupted; nothing was written\n")
    assert not (tmp_path / "out").exists()
