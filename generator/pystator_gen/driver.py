"""A run over all sources: what is known already, compiling the rest, the package, and writing it all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pystator_gen.artifacts import Artifact, Compiled, module_collisions
from pystator_gen.diagnostics import Diagnostic, in_order
from pystator_gen.document import load
from pystator_gen.exports import Exporting, package
from pystator_gen.formatting import format_modules
from pystator_gen.output import Action, Change, apply, existing_modules, exported_names, named_folder, plan
from pystator_gen.pipeline import Progress
from pystator_gen.render import render_package
from pystator_gen.source import Source, Sources, discover, read
from pystator_gen.workers import compile_each

if TYPE_CHECKING:
    from pystator_gen.cache import Cache


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


def generate(
    sources: Sources,
    output: str | Path,
    *,
    check: bool = False,
    prune: bool = False,
    force: bool = False,
    typecheck: bool = False,
    python: str | None = None,
    processes: int = 1,
    cache: Cache | None = None,
    progress: Progress = iter,
) -> Report:
    """Generate the modules of all machines in ``sources`` into a package at ``output``.

    ``sources`` are files and folders, or one of them. With ``check`` nothing is written; with ``prune`` modules whose
    machine is gone are deleted; with ``force`` files that we did not write are overwritten; with ``typecheck`` mypy
    checks them before they are written, against the runtime of the interpreter ``python``. Up to ``processes`` compile
    many sources side by side: what starts them has to be importable, as for all of `multiprocessing`. What is in
    ``cache``, and in ``output`` as it was written, is not compiled again.

    Raises:
        TypecheckError: mypy or the runtime that it needs is missing.
        SourceUnreadable: A source does not exist or can't be read.
        UnusableError: There is no source, or the path of one is empty.
        WorkerError: One of the processes was killed.
        OutputError: A file that is not ours is in the way, or the path of the output is empty.
        OSError: The output can't be written.
    """
    folder = named_folder(output)
    paths, diagnostics = discover(sources)
    known = {} if cache is None or typecheck else _known(paths, folder, cache)
    fresh = _compiled([path for path in paths if path not in known], processes, progress)
    if cache is not None:
        cache.keep(fresh)
    compiled = [*known.values(), *fresh]
    diagnostics.extend(problem for each in compiled for problem in each.diagnostics)
    artifacts = sorted((artifact for each in compiled for artifact in each.artifacts), key=lambda a: a.module)
    diagnostics.extend(module_collisions(artifacts))
    if any(diagnostic.is_error for diagnostic in diagnostics):
        return _failed(diagnostics, artifacts)
    stale = _stale(folder, artifacts)
    kept = [] if prune else stale
    whole, problems = package([*map(_exporting, artifacts), *map(_exporting_still, kept)])
    diagnostics.extend(problems)
    texts = {f"{name}.py": text for each in fresh for name, text in each.texts.items()}
    texts |= format_modules({"__init__.py": render_package(whole)})
    if typecheck and artifacts:
        diagnostics.extend(_type_problems(fresh, folder, texts, python))
        if any(diagnostic.is_error for diagnostic in diagnostics):
            return _failed(diagnostics, artifacts)
    changes = plan(folder, texts, stale if prune else (), force=force)
    changes.extend(_unchanged(known.values(), folder))
    changes.sort(key=lambda change: change.path.name)
    report = Report(tuple(in_order(diagnostics)), tuple(changes), machines=len(artifacts), stale=tuple(kept))
    if not check and report.drift:
        apply(folder, changes)
    return report


def _failed(diagnostics: Iterable[Diagnostic], artifacts: Sequence[Artifact]) -> Report:
    return Report(tuple(in_order(diagnostics)), machines=len(artifacts))


def _known(paths: Sequence[Path], folder: Path, cache: Cache) -> dict[Path, Compiled]:
    """The sources that need not be compiled: they are as they were, and their modules as they were written."""
    found = ((path, cache.find(path)) for path in paths)
    return {path: known for path, known in found if known is not None and known.stands_in(folder)}


def _compiled(paths: Sequence[Path], processes: int, progress: Progress) -> list[Compiled]:
    found = compile_each(paths, processes)
    return [compiled for _, compiled in zip(progress(paths), found, strict=True)]


def _unchanged(known: Iterable[Compiled], folder: Path) -> list[Change]:
    names = [name for each in known for artifact in each.artifacts for name in artifact.modules]
    return [Change(folder / f"{name}.py", Action.UNCHANGED, None, None) for name in names]


def _type_problems(
    compiled: Sequence[Compiled], folder: Path, texts: Mapping[str, str], python: str | None
) -> list[Diagnostic]:
    """What mypy finds in the modules of this run."""
    from pystator_gen.typecheck import Checked, check_types  # here, because few runs need it

    name = folder.resolve().name
    modules: list[Checked] = []
    for each in compiled:
        source = read(Path(each.path))
        documents = load(source)[0] if isinstance(source, Source) else []
        for artifact, document in zip(each.artifacts, documents, strict=False):  # it may have changed meanwhile
            modules.extend(Checked(module, texts[f"{module}.py"], document) for module in artifact.modules)
    return check_types(modules, name if name.isidentifier() else "fsm", texts, python)


def _stale(folder: Path, artifacts: Sequence[Artifact]) -> list[Path]:
    """Our modules in the folder whose machine is not among those of this run."""
    wanted = {name for artifact in artifacts for name in artifact.modules}
    return [path for name, path in existing_modules(folder).items() if name not in wanted]


def _exporting(artifact: Artifact) -> Exporting:
    return Exporting(artifact.module, artifact.exports, artifact.span)


def _exporting_still(path: Path) -> Exporting:
    """A module that stays in the folder although this run did not generate it."""
    return Exporting(path.stem, exported_names(path), None)
