"""Keeping a file of handlers in step: which lines to put in and which marks to set, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pystator_gen import codes, model
from pystator_gen.diagnostics import Diagnostic, error, warning, with_related
from pystator_gen.formatting import format_modules
from pystator_gen.scaffold.reading import HandClass, HandFile, Method, last_of
from pystator_gen.scaffold.skeletons import INDENT, Module, Wanted, context_name, methods, wanted

MARK = "# pystator-gen: the machine no longer uses this"
"""The comment above a function that the machine does not name any more."""

_HARMLESS_BASES = frozenset({"object", "Protocol", "Generic", "ABC"})


@dataclass(slots=True)
class _Edits:
    """Lines to put in, and marks of ours to take out, by where they begin and end; nothing else can be said here."""

    file: HandFile
    found: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])

    def below(self, line: int, added: Sequence[str]) -> None:
        """Puts lines below one of the file's; -1 is above all. A file that ends without a line end still does."""
        newline = self.file.newline
        if line < 0 or not self.file.lines:
            start = 1 if self.file.text.startswith("\ufeff") else 0
            self.found.append((start, start, "".join(text + newline for text in added)))
        else:
            place = self.file.lines[line].end
            self.found.append((place, place, "".join(newline + text for text in added)))

    def without(self, line: int) -> None:
        """Takes a line out."""
        gone = self.file.lines[line]
        self.found.append((gone.start, gone.after, ""))

    def at(self, place: int, text: str) -> None:
        """Puts a text into a line."""
        self.found.append((place, place, text))

    def applied(self) -> str:
        """The text with all of them."""
        text = self.file.text
        numbered = [(start, end, number, added) for number, (start, end, added) in enumerate(self.found)]
        for start, end, _, added in sorted(numbered, reverse=True):
            text = text[:start] + added + text[end:]
        return text


def keep_in_step(file: HandFile, machine: model.Machine, package: str) -> tuple[str, list[Diagnostic]]:
    """The text of a file that has what ``machine`` wants and marks what it does not, with what can't be kept so."""
    context = file.aliases.get(context_name(machine), context_name(machine))
    module = Module(machine, f"{package}.{machine.module}", f'"{context}"' if file.evaluates_annotations else context)
    edits = _Edits(file)
    found, diagnostics = _homes(file, wanted(machine))
    added: list[tuple[Wanted, Sequence[model.External]]] = []
    fresh: list[Wanted] = []
    for each, home in found:
        missing, problems = _missing(file, machine, each, home)
        diagnostics.extend(problems)
        if not missing:
            continue
        added.append((each, missing))
        if home is None:
            fresh.append(each)
        else:
            _add_methods(edits, home, methods(module, each, missing))
    if added:
        _add_imports(edits, file, module.imports(added))
    _add_classes(edits, module, fresh, [home for _, home in found if home is not None])
    _mark(edits, file, machine, found)
    return edits.applied(), diagnostics


def _homes(
    file: HandFile, pair: tuple[Wanted, Wanted]
) -> tuple[list[tuple[Wanted, HandClass | None]], list[Diagnostic]]:
    """The class that holds each kind of function, ``None`` where one has to be made; what is elsewhere is left out."""
    found: list[tuple[Wanted, HandClass | None]] = []
    diagnostics: list[Diagnostic] = []
    usual = {each.kind.class_name for each in pair}
    for each in pair:
        name = each.kind.class_name
        home = last_of(file.classes, name)
        if home is None and name in file.bound:
            if not each.functions:
                continue
            message = f"`{name}` is not a class of this file, so the {each.kind.noun}s are not kept in step"
            diagnostics.append(warning(codes.OUT_OF_REACH, message, file.span(0)))
            continue
        if home is None:
            bound = [c for c in file.classes if c is last_of(file.classes, c.name)]
            able = [c for c in bound if c.name not in usual and each.names & c.provided]
            bases = {base for candidate in able for base in candidate.bases}
            able = [candidate for candidate in able if candidate.name not in bases]
            if len(able) > 1:
                message = f"several classes have {each.kind.noun}s of the machine"
                hint = f"call the one that is bound to it `{name}`"
                problem = error(codes.WHICH_CLASS, message, file.span(able[0].first), hint)
                for other in able[1:]:
                    problem = with_related(problem, file.span(other.first), "another one")
                diagnostics.append(problem)
                continue
            home = able[0] if able else None
        found.append((each, home))
    return found, diagnostics


def _missing(
    file: HandFile, machine: model.Machine, each: Wanted, home: HandClass | None
) -> tuple[Sequence[model.External], list[Diagnostic]]:
    """The functions that a class lacks. Where it inherits from elsewhere, it may have them: that is for people."""
    if home is None:
        return each.functions, []
    provided, elsewhere = _provided(file, home, f"{machine.prefix}{each.kind.class_name}")
    missing = [function for function in each.functions if function.python_name not in provided]
    if not missing or elsewhere is None:
        return missing, []
    names = ", ".join(f"`{function.python_name}`" for function in missing)
    message = f"`{home.name}` may inherit {names} from {elsewhere}, which this file does not define"
    hint = "write what is missing yourself"
    return [], [warning(codes.OUT_OF_REACH, message, file.span(home.first), hint)]


def _provided(file: HandFile, home: HandClass, protocol: str) -> tuple[set[str], str | None]:
    """What a class has, with the classes of the file that it is derived from; and a base that is none of these."""
    provided: set[str] = set()
    waiting, seen, elsewhere = [home], {home.name}, None
    while waiting:
        found = waiting.pop()
        provided |= found.provided
        for base in found.bases:
            inner = last_of(file.classes, base)
            if inner is not None and base not in seen:
                seen.add(base)
                waiting.append(inner)
            elif inner is None and base not in _HARMLESS_BASES and base != protocol:
                elsewhere = "a class" if base == "*" else f"`{base}`"
    return provided, elsewhere


def _add_methods(edits: _Edits, home: HandClass, added: Iterable[Sequence[str]]) -> None:
    lines: list[str] = []
    for method in added:
        lines.extend(["", *_indented(method, home.indent)])
    if home.body is not None:
        edits.at(home.body, f"{edits.file.newline}{home.indent}")
    edits.below(home.last, lines)


def _add_classes(edits: _Edits, module: Module, kinds: Sequence[Wanted], homes: Sequence[HandClass]) -> None:
    """Puts new classes below the one that is there, else below everything."""
    if not kinds:
        return
    texts = format_modules({each.kind.class_name: module.class_text(each, each.functions) for each in kinds})
    line = max((home.last for home in homes), default=edits.file.classes_after)
    lines: list[str] = []
    for text in texts.values():
        lines.extend(["", "", *_indented(text.splitlines(), edits.file.indent)])
    edits.below(line, lines)


def _add_imports(edits: _Edits, file: HandFile, statements: Sequence[str]) -> None:
    """Imports what has no name in the file yet. A name that it has stays what people made it."""
    missing: list[str] = []
    for statement in statements:
        origin, _, names = statement.rpartition("import ")
        unknown = [name for name in names.split(", ") if not _is_known(file, name)]
        if unknown:
            missing.append(f"{origin}import {', '.join(unknown)}")
    if missing:
        above, below = file.imports_apart
        edits.below(file.imports_after, [*[""] * above, *missing, *[""] * below])


def _is_known(file: HandFile, imported: str) -> bool:
    """Whether something has the name already that an import (``Any``, ``typing as _typing``) would give."""
    name = imported.split(" as ")[-1]
    return name in file.bound or (name.endswith("Context") and name in file.aliases)


def _mark(
    edits: _Edits, file: HandFile, machine: model.Machine, found: Sequence[tuple[Wanted, HandClass | None]]
) -> None:
    """Sets the mark above functions that the machine does not name, and takes it away where it does."""
    homes = {home.name: home for _, home in found if home is not None}
    for home in homes.values():
        used = {name for each, other in found if other is home for name in each.names}
        for method in home.methods:
            marks = [line for line, comment in method.comments if comment == MARK]
            if method.name in used:
                for line in marks:
                    edits.without(line)
            elif not marks and _is_handler(file, machine, method):
                edits.below(method.first - 1, [f"{home.indent}{MARK}"])


def _is_handler(file: HandFile, machine: model.Machine, method: Method) -> bool:
    """Whether a function looks as if a machine had called it: it takes the context, and nothing else here calls it."""
    own = context_name(machine)
    contexts = {own, file.aliases.get(own, own)}
    takes_context = any(annotation.rpartition(".")[2] in contexts for annotation in method.annotations)
    return takes_context and not method.name.startswith("_") and method.name not in file.mentioned


def _indented(lines: Sequence[str], indent: str) -> list[str]:
    """Lines with the indentation of the file."""
    found: list[str] = []
    for line in lines:
        rest = line.lstrip(" ")
        depth, odd = divmod(len(line) - len(rest), len(INDENT))
        found.append(f"{indent * depth}{' ' * odd}{rest}")
    return found
