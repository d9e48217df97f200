"""Skeletons: what a machine wants the application to write, as text that can be filled in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pystator_gen import model
from pystator_gen.diagnostics import one_line
from pystator_gen.formatting import format_modules
from pystator_gen.imports import Imports
from pystator_gen.literals import python_literal
from pystator_gen.lower.docstrings import docstring
from pystator_gen.lower.protocols import parameters

INDENT = "    "
_FUTURE = "from __future__ import annotations"


@dataclass(frozen=True, slots=True)
class Kind:
    """Guards or actions: the class that holds them, and what one of them is called and returns."""

    class_name: str
    noun: str
    returns: str


GUARDS = Kind("Guards", "guard", "bool")
ACTIONS = Kind("Actions", "action", "None")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The functions of one kind that a machine names."""

    kind: Kind
    functions: tuple[model.External, ...]

    @property
    def names(self) -> frozenset[str]:
        """What they are called in Python."""
        return frozenset(str(function.python_name) for function in self.functions)


def wanted(machine: model.Machine) -> tuple[Wanted, Wanted]:
    """The guards and the actions of a machine."""
    return Wanted(GUARDS, machine.guards), Wanted(ACTIONS, machine.actions)


def context_name(machine: model.Machine) -> str:
    """The generated type of the context."""
    return f"{machine.prefix}Context"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of handlers in the making: ``types`` is what the generated module is imported as."""

    machine: model.Machine
    types: str
    context: str

    @classmethod
    def new(cls, machine: model.Machine, package: str) -> Module:
        """One that nobody has written anything in."""
        return cls(machine, f"{package}.{machine.module}", context_name(machine))

    def text(self) -> str:
        """The whole of a new module, to be formatted; empty where the machine names no function."""
        found = [each for each in wanted(self.machine) if each.functions]
        if not found:
            return ""
        imports = self._imports()
        classes = [self.class_text(each, each.functions, imports) for each in found]
        said = docstring(f"The guards and actions of {one_line(self.machine.name)}.")
        plain = "\n".join(imports.lines())
        own = f"from {self.types} import {context_name(self.machine)}"
        head = [said, _FUTURE, *([plain] if plain else []), own]
        return "\n\n".join(head) + "\n\n\n" + "\n\n".join(classes)

    def imports(self, found: Iterable[tuple[Wanted, Sequence[model.External]]]) -> tuple[str, ...]:
        """The import statements that these functions need, a name per statement, the generated types last."""
        imports = self._imports()
        for each, functions in found:
            self.class_text(each, functions, imports)
        return (*imports.lines(), f"from {self.types} import {context_name(self.machine)}")

    def class_text(self, each: Wanted, functions: Sequence[model.External], imports: Imports | None = None) -> str:
        """A class with these functions."""
        imports = imports or self._imports()
        said = docstring(f"The {each.kind.noun}s of {one_line(self.machine.name)}.")
        methods = [self._method(each.kind, function, imports) for function in functions]
        return f"class {each.kind.class_name}:\n{INDENT}{said}\n\n" + "\n".join(methods)

    def _imports(self) -> Imports:
        """Imports that know which names the classes give to something else."""
        return Imports(frozenset(name for each in wanted(self.machine) for name in each.names))

    def _method(self, kind: Kind, function: model.External, imports: Imports) -> str:
        own, ctx, annotated = parameters(function, self.context, imports)
        keywords = [text if always else f"{_or_none(text)} = None" for text, always in annotated]
        signature = ", ".join([own, ctx, *(("*", *keywords) if keywords else ())])
        returns = kind.returns if kind.returns == "None" else imports.builtin(kind.returns)
        said = docstring(function.description or f"The {kind.noun} `{function.name}`.")
        missing = f"{one_line(self.machine.name)}: the {kind.noun} {function.name} is not written yet"
        error = imports.builtin("NotImplementedError")
        return (
            f"{INDENT}def {function.python_name}({signature}) -> {returns}:\n"
            f"{INDENT * 2}{said}\n"
            f"{INDENT * 2}raise {error}({python_literal(missing)})\n"
        )


def methods(module: Module, each: Wanted, functions: Sequence[model.External]) -> list[list[str]]:
    """The lines of each function, formatted, as they stand in a class."""
    texts = {str(f.python_name): module.class_text(each, [f]) for f in functions}
    return [_after_docstring(text) for text in format_modules(texts).values()]


def _after_docstring(text: str) -> list[str]:
    """The lines of a class behind its own docstring, which is one line, and the blank one below it."""
    return text.splitlines()[3:]


def _or_none(annotated: str) -> str:
    return annotated if annotated.endswith(("None", "Any")) else f"{annotated} | None"
