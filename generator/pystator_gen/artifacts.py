"""What a source is compiled to, in so far as the rest of a run, and the next one, have to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, error, with_related
from pystator_gen.source import digest


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a machine becomes: its modules, by name the digest of each, what the first defines, and where it stands."""

    module: str
    exports: tuple[str, ...]
    span: Span
    digests: Mapping[str, str]

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of its modules."""
        return tuple(self.digests)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of one source: ``digest`` is that of its bytes, ``texts`` are the modules by name, formatted."""

    path: str
    digest: str
    artifacts: tuple[Artifact, ...]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]

    @property
    def has_errors(self) -> bool:
        """Whether anything stops the run."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    def stands_in(self, folder: Path) -> bool:
        """Whether the files in a folder are those that it was compiled to."""
        wanted = ((folder / f"{name}.py", digest) for a in self.artifacts for name, digest in a.digests.items())
        return all(_digest_of_file(path) == digest for path, digest in wanted)


def _digest_of_file(path: Path) -> str | None:
    try:
        return digest(path.read_bytes())
    except OSError:
        return None


class HasModules(Protocol):
    """A machine that is written to some modules."""

    @property
    def module(self) -> str: ...
    @property
    def modules(self) -> tuple[str, ...]: ...
    @property
    def span(self) -> Span: ...


def module_collisions(machines: Sequence[HasModules]) -> list[Diagnostic]:
    """Machines that would be written to the same file are an error that shows both places."""
    seen: dict[str, HasModules] = {}
    found: list[Diagnostic] = []
    for machine in machines:
        taken = [(name, first) for name in machine.modules if (first := seen.setdefault(name, machine)) is not machine]
        for name, first in taken[:1]:
            both = machine.module == first.module
            problem = error(
                codes.MODULE_COLLISION,
                f"{'two machines' if both else 'a machine and the views of another'} would be written to {name}.py",
                machine.span,
                "rename one of the files (or machines, where a file holds several)",
            )
            found.append(with_related(problem, first.span, "the other one"))
    return found
