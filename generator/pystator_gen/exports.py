"""What the package re-exports: all that its modules define, except what two of them define.

Modules that this run does not generate but that stay in the folder are passed on as well, so that a partial run and a
whole one write the same package; but their machines may be gone, and so they yield to those of this run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, warning, with_related
from pystator_gen.view import Package, PackageMember


@dataclass(frozen=True, slots=True)
class Exporting:
    """A module of the package: what it defines, and where its machine stands (``None``: not in this run)."""

    module: str
    names: tuple[str, ...]
    span: Span | None

    @property
    def machine_class(self) -> str:
        """The one name that tells machines apart: two with the same have all of their names in common."""
        return next((name for name in self.names if name.endswith("Machine")), "")

    @property
    def is_left(self) -> bool:
        """Whether it stays from an earlier run."""
        return self.span is None


def package(modules: Sequence[Exporting]) -> tuple[Package, list[Diagnostic]]:
    """The package, and a warning about every clash."""
    ordered = sorted(modules, key=lambda module: module.module)
    left_out, diagnostics = _clashes(ordered)
    members = [
        PackageMember(m.module, tuple(name for name in m.names if name not in left_out[m.module])) for m in ordered
    ]
    return Package(tuple(member for member in members if member.names)), diagnostics


def _clashes(modules: Sequence[Exporting]) -> tuple[Mapping[str, set[str]], list[Diagnostic]]:
    """The names that each module does not pass on, and the warnings about them."""
    left_out: dict[str, set[str]] = {module.module: set() for module in modules}
    owners: dict[str, Exporting] = {}
    diagnostics: list[Diagnostic] = []
    for module in sorted(modules, key=lambda module: module.is_left):
        shared = [name for name in module.names if name in owners]
        for name in shared:
            same_prefix = owners[name].machine_class == module.machine_class
            yields = module.is_left and not owners[name].is_left
            for side in (module,) if yields else (owners[name], module):
                left_out[side.module].update(side.names if same_prefix else (name,))
        shown = [module.machine_class] if module.machine_class in shared else shared
        diagnostics.extend(problem for name in shown if (problem := _warning(name, owners[name], module)) is not None)
        for name in module.names:
            owners.setdefault(name, module)
    return left_out, diagnostics


def _warning(name: str, first: Exporting, second: Exporting) -> Diagnostic | None:
    if first.span is None:
        return None  # an earlier run told
    if second.span is None:
        return warning(
            codes.PREFIX_COLLISION,
            f"{second.module}, whose machine is not among the sources, defines {name} as well; "
            f"the package re-exports that of {first.module}",
            first.span,
            "if its machine is gone, --prune deletes it",
        )
    is_machine = name == second.machine_class
    problem = warning(
        codes.PREFIX_COLLISION,
        f"{first.module} and {second.module} both define {name}, so the package re-exports "
        f"{'neither' if is_machine else 'it from neither'}",
        second.span,
        "import them from their modules, or set `meta: {class_prefix: ...}` in one of them",
    )
    return problem if first.span == second.span else with_related(problem, first.span, "the other one")
