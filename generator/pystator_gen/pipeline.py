"""The compiler, stage by stage:

source text -> marked document -> checked document -> resolved machine -> view -> text -> formatted -> written
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pystator_gen import codes, model, naming
from pystator_gen.analyze import analyze
from pystator_gen.diagnostics import Diagnostic, Span, error, in_order, one_line, with_related
from pystator_gen.document import Document, load
from pystator_gen.exports import Exporting, package
from pystator_gen.formatting import format_modules
from pystator_gen.lower import exports, lower, views
from pystator_gen.output import Action, Change, apply, existing_modules, exported_names, plan
from pystator_gen.parse import parse
from pystator_gen.render import render_module, render_package, render_views
from pystator_gen.source import Source, discover, read

Progress = Callable[[Iterable[Path]], Iterable[Path]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and did, or with ``check`` would have done.

    ``diagnostics`` are sorted by place. After an error ``changes`` is empty and nothing was written.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    changes: tuple[Change, ...] = ()
    machines: int = 0
    stale: tuple[Path, ...] = field(default=())

    @property
    def has_errors(self) -> bool:
        """Whether the sources have errors."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def drift(self) -> tuple[Change, ...]:
        """The files that were, or would be, written, changed or pruned."""
        return tuple(change for change in self.changes if change.action is not Action.UNCHANGED)

    @property
    def is_clean(self) -> bool:
        """Whether there is neither an error nor drift."""
        return not self.has_errors and not self.drift


@dataclass(frozen=True, slots=True)
class Unit:
    """One machine on its way: resolved, and rendered, its views apart."""

    machine: model.Machine
    text: str
    views: str
    document: Document

    @property
    def span(self) -> Span:
        """Where its name stands."""
        return self.document.span(("meta", "machine_name"))

    @property
    def texts(self) -> dict[str, str]:
        """The text of each of its modules, by name."""
        return {self.machine.module: self.text, naming.views_module(self.machine.module): self.views}


def generate(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    check: bool = False,
    prune: bool = False,
    force: bool = False,
    typecheck: bool = False,
    python: str | None = None,
    progress: Progress = iter,
) -> Report:
    """Generate the modules of all machines in ``sources`` into a package at ``output``.

    ``sources`` are files and folders. With ``check`` nothing is written; with ``prune`` modules whose machine is
    gone are deleted; with ``force`` files that we did not write are overwritten; with ``typecheck`` mypy checks them
    before they are written, against the runtime of the interpreter ``python``.

    Raises:
        TypecheckError: mypy or the runtime that it needs is missing.
        SourceUnreadable: A source does not exist or can't be read.
        OutputError: A file that is not ours is in the way.
        OSError: The output can't be written.
    """
    folder = Path(output)
    units, diagnostics = compile_all(sources, progress)
    if any(diagnostic.is_error for diagnostic in diagnostics):
        return Report(tuple(in_order(diagnostics)), machines=len(units))
    stale = _stale(folder, units)
    kept = [] if prune else stale
    texts = {name: text for unit in units for name, text in unit.texts.items()}
    whole, problems = package([*map(_exporting, units), *map(_exporting_still, kept)])
    diagnostics.extend(problems)
    texts["__init__"] = render_package(whole)
    formatted = {f"{name}.py": text for name, text in format_modules(texts).items()}
    if typecheck and units:
        diagnostics.extend(_type_problems(units, folder, formatted, python))
        if any(diagnostic.is_error for diagnostic in diagnostics):
            return Report(tuple(in_order(diagnostics)), machines=len(units))
    changes = plan(folder, formatted, stale if prune else (), force=force)
    report = Report(tuple(in_order(diagnostics)), tuple(changes), machines=len(units), stale=tuple(kept))
    if not check and report.drift:
        apply(folder, changes)
    return report


def compile_all(sources: Sequence[str | Path], progress: Progress = iter) -> tuple[list[Unit], list[Diagnostic]]:
    """All machines of a run, sorted by module, and every problem of the sources.

    Raises:
        SourceUnreadable: A source does not exist or can't be read.
    """
    paths, diagnostics = discover(sources)
    units: list[Unit] = []
    for path in progress(paths):
        found, problems = compile_file(path)
        units.extend(found)
        diagnostics.extend(problems)
    units.sort(key=lambda unit: unit.machine.module)
    diagnostics.extend(_module_collisions(units))
    return units, diagnostics


def compile_file(path: Path) -> tuple[list[Unit], list[Diagnostic]]:
    """The machines of one file, each rendered, and every problem of the file."""
    source = read(path)
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


def _type_problems(
    units: Sequence[Unit], folder: Path, formatted: Mapping[str, str], python: str | None
) -> list[Diagnostic]:
    """What mypy finds in the modules of this run."""
    from pystator_gen.typecheck import Checked, check_types  # here, because few runs need it

    name = folder.resolve().name
    package = name if name.isidentifier() else "fsm"
    modules = [Checked(name, formatted[f"{name}.py"], unit.document) for unit in units for name in unit.texts]
    return check_types(modules, package, formatted, python)


def _module_collisions(units: Sequence[Unit]) -> list[Diagnostic]:
    """Machines that would be written to the same file are an error that shows both places."""
    seen: dict[str, Unit] = {}
    found: list[Diagnostic] = []
    for unit in units:
        taken = [(name, first) for name in unit.texts if (first := seen.setdefault(name, unit)) is not unit]
        for name, first in taken[:1]:
            both = unit.machine.module == first.machine.module
            problem = error(
                codes.MODULE_COLLISION,
                f"{'two machines' if both else 'a machine and the views of another'} would be written to {name}.py",
                unit.span,
                "rename one of the files (or machines, where a file holds several)",
            )
            found.append(with_related(problem, first.span, "the other one"))
    return found


def _stale(folder: Path, units: Sequence[Unit]) -> list[Path]:
    """Our modules in the folder whose machine is not among those of this run."""
    wanted = {name for unit in units for name in unit.texts}
    return [path for name, path in existing_modules(folder).items() if name not in wanted]


def _exporting(unit: Unit) -> Exporting:
    return Exporting(unit.machine.module, exports(unit.machine), unit.span)


def _exporting_still(path: Path) -> Exporting:
    """A module that stays in the folder although this run did not generate it."""
    return Exporting(path.stem, exported_names(path), None)
