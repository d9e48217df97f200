"""The compiler, stage by stage, for one source:

source text -> marked document -> checked document -> resolved machine -> view -> text

`driver.py` takes all sources of a run through it; what is formatted, planned and written, it does at once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pystator_gen import model, naming
from pystator_gen.analyze import analyze
from pystator_gen.artifacts import module_collisions
from pystator_gen.diagnostics import Diagnostic, Span, one_line
from pystator_gen.document import Document, load
from pystator_gen.lower import lower, views
from pystator_gen.parse import parse
from pystator_gen.render import render_module, render_views
from pystator_gen.source import Source, Sources, discover, read

Progress = Callable[[Iterable[Path]], Iterable[Path]]


@dataclass(frozen=True, slots=True)
class Unit:
    """One machine on its way: resolved, and rendered, its views apart."""

    machine: model.Machine
    text: str
    views: str
    document: Document

    @property
    def module(self) -> str:
        """The name of its module."""
        return self.machine.module

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of all its modules."""
        return tuple(self.texts)

    @property
    def span(self) -> Span:
        """Where its name stands."""
        return self.document.span(("meta", "machine_name"))

    @property
    def texts(self) -> dict[str, str]:
        """The text of each of its modules, by name."""
        return {self.machine.module: self.text, naming.views_module(self.machine.module): self.views}


def compile_all(sources: Sources, progress: Progress = iter) -> tuple[list[Unit], list[Diagnostic]]:
    """All machines of a run, sorted by module, and every problem of the sources.

    Raises:
        SourceUnreadable: A source does not exist or can't be read.
        UnusableError: There is no source, or the path of one is empty.
    """
    paths, diagnostics = discover(sources)
    units: list[Unit] = []
    for path in progress(paths):
        found, problems = compile_file(path)
        units.extend(found)
        diagnostics.extend(problems)
    units.sort(key=lambda unit: unit.module)
    diagnostics.extend(module_collisions(units))
    return units, diagnostics


def compile_file(path: Path) -> tuple[list[Unit], list[Diagnostic]]:
    """The machines of one file, each rendered, and every problem of the file."""
    return compile_read(read(path))


def compile_read(source: Source | Diagnostic) -> tuple[list[Unit], list[Diagnostic]]:
    """The machines of what was read, or why it could not be."""
    return ([], [source]) if isinstance(source, Diagnostic) else compile_source(source)


def compile_source(source: Source) -> tuple[list[Unit], list[Diagnostic]]:
    """The machines of one source text, each rendered, and every problem in it."""
    documents, diagnostics = load(source)
    units: list[Unit] = []
    for document in documents:
        unit, problems = _compile(document, source, alone=len(documents) == 1)
        diagnostics.extend(problems)
        if unit is not None:
            units.append(unit)
    return units, diagnostics


def _compile(document: Document, source: Source, *, alone: bool) -> tuple[Unit | None, list[Diagnostic]]:
    parsed, diagnostics = parse(document)
    if parsed is None:
        return None, diagnostics
    stem = Path(source.path).stem
    module = naming.module_name(stem if alone else parsed.meta.machine_name or stem)
    machine, problems = analyze(document, parsed, stem=one_line(stem), module=module)
    diagnostics.extend(problems)
    if machine is None or any(diagnostic.is_error for diagnostic in diagnostics):
        return None, diagnostics
    return Unit(machine, render_module(lower(machine)), render_views(views(machine)), document), diagnostics
