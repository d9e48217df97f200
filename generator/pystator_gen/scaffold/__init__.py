"""Handlers that stay in step: skeletons of the guards and actions of each machine, and what becomes of them.

A file is written once, and from then on belongs to the people who fill it in: what is missing is added, what is no
longer used is marked, and no other character is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pystator_gen.diagnostics import Diagnostic, in_order
from pystator_gen.driver import Report
from pystator_gen.formatting import format_modules
from pystator_gen.output import HEADER, PACKAGE_FILE, Action, Change, OutputError, apply, named_folder
from pystator_gen.pipeline import Progress, Unit, compile_all
from pystator_gen.scaffold.editing import keep_in_step
from pystator_gen.scaffold.reading import read_handlers
from pystator_gen.scaffold.skeletons import Module
from pystator_gen.source import Sources


def scaffold(
    sources: Sources, output: str | Path, package: str, *, check: bool = False, progress: Progress = iter
) -> Report:
    """Write skeletons of the guards and actions of all machines in ``sources`` to ``output``, or bring them up to date.

    ``package`` is what the generated modules are imported from. With ``check`` nothing is written.

    Raises:
        SourceUnreadable: A source does not exist or can't be read.
        UnusableError: There is no source, or the path of one is empty.
        OutputError: A generated module, or a folder, is where a module of handlers should be, or the path is empty.
        OSError: The output can't be read or written.
    """
    folder = named_folder(output)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a folder for the handlers")
    units, diagnostics = compile_all(sources, progress)
    changes: list[Change] = []
    if not any(diagnostic.is_error for diagnostic in diagnostics):
        changes, problems = _changes(folder, units, package)
        diagnostics.extend(problems)
    if any(diagnostic.is_error for diagnostic in diagnostics):
        return Report(tuple(in_order(diagnostics)), machines=len(units))
    report = Report(tuple(in_order(diagnostics)), tuple(changes), machines=len(units))
    if not check and report.drift:
        apply(folder, changes)
    return report


def _changes(folder: Path, units: Sequence[Unit], package: str) -> tuple[list[Change], list[Diagnostic]]:
    """What has to happen to the files of all machines."""
    changes: list[Change] = []
    diagnostics: list[Diagnostic] = []
    fresh: dict[Path, str] = {}
    for unit in units:
        path = folder / f"{unit.machine.module}.py"
        path = path.resolve() if path.is_symlink() else path  # what it leads to is written, not the link
        content = _content(path)
        if not content.removeprefix(b"\xef\xbb\xbf").strip():
            text = Module.new(unit.machine, package).text()
            if text:
                fresh[path] = text
            continue
        found = read_handlers(path.as_posix(), content)
        if isinstance(found, Diagnostic):
            diagnostics.append(found)
            continue
        text, problems = keep_in_step(found, unit.machine, package)
        diagnostics.extend(problems)
        action = Action.UNCHANGED if text == found.text else Action.CHANGED
        changes.append(Change(path, action, found.text, text))
    if fresh and not any(folder.glob("*.py")):
        fresh[folder / PACKAGE_FILE] = '"""The guards and actions of the state machines."""\n'
    formatted = format_modules({str(path): text for path, text in fresh.items()})
    for path, text in zip(fresh, formatted.values(), strict=True):
        before = path.read_text(encoding="utf-8") if path.exists() else None
        changes.append(Change(path, Action.CREATED if before is None else Action.CHANGED, before, text))
    return sorted(changes, key=lambda change: change.path.name), diagnostics


def _content(path: Path) -> bytes:
    """What is in a file of handlers; nothing where there is none."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder; a module has to be written there: move it")
    content = path.read_bytes() if path.exists() else b""
    if content.startswith(HEADER.encode()):
        raise OutputError(f"{path} is a generated module; choose another folder for the handlers")
    return content
