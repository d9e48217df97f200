"""Pages of the documentation, read and run.

A page is a little project. Its blocks are worked through from top to bottom in an empty folder:

* ``yaml``, ``toml`` and ``python`` blocks whose first line is a comment with a path (``# machines/order.yaml``)
  are written to that path. Other ``yaml`` blocks are fragments: what they leave out is made up, and the whole has
  to compile.
* ``python`` blocks without a path are executed, all in one namespace, with the folder on the import path. Unless
  the page runs the tool itself, ``machines/`` is generated into the package ``fsm`` before.
* A ``text`` block right after a ``python`` block is what that prints; right after a machine's ``yaml`` block, it
  is what the tool says about the machine.
* In ``console`` blocks, lines that start with ``$`` are run, and what follows is their output.
* Blocks in other languages (``sh``, ``diff``) are shown and not run.

A line ``...`` in an expected output stands for any lines. ``python -m docs.pages PAGE...``, run in ``tests``,
rewrites the expected outputs of pages to the actual ones: read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pystator_gen import cli, driver, pipeline
from pystator_gen.document import load
from pystator_gen.parse.models import MachineDocument
from pystator_gen.source import Source

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"# ([\w./-]+\.\w+)\n")
_CODE = re.compile(r"\[(PG\d{3})\]")
_MACHINE_KEYS = frozenset(MachineDocument.model_fields)
_TRANSITION_KEYS = frozenset(["trigger", "source", "dest", "guards", "actions", "internal", "auto", "priority", "refs"])
_STATE_KEYS = frozenset(["name", "type", "on_enter", "on_exit"])


@dataclass(frozen=True)
class Block:
    """A fenced block: ``directly`` tells whether nothing but white space stands before it since the last one."""

    language: str
    text: str
    line: int
    span: tuple[int, int]
    directly: bool

    @property
    def path(self) -> str | None:
        """The file that the block shows, if it shows one."""
        found = _PATH.match(self.text)
        return found[1] if found and self.language in ("yaml", "toml", "python") else None


@dataclass(frozen=True)
class Page:
    """A part of a page that is run in a folder of its own."""

    name: str
    text: str
    first_line: int = 1

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks."""
        found: list[Block] = []
        end = 0
        for match in _FENCE.finditer(self.text):
            line = self.first_line + self.text.count("\n", 0, match.start()) + 1
            directly = bool(found) and not self.text[end : match.start()].strip()
            found.append(Block(match[1], match[2], line, match.span(2), directly))
            end = match.end()
        return found

    @property
    def sections(self) -> list[Page]:
        """What stands before its first third-level heading, and then its parts by these headings."""
        starts = [0, *(match.start() for match in re.finditer(r"^### ", self.text, re.MULTILINE))]
        ends = [*starts[1:], len(self.text)]
        return [
            Page(
                self.text[start:].split("\n", 1)[0].lstrip("# "),
                self.text[start:end],
                self.first_line + self.text.count("\n", 0, start),
            )
            for start, end in zip(starts, ends, strict=True)
        ]


def prose(text: str) -> str:
    """The text of a page without its blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """What a link to a page may name in it: its headings, and the places that have a name of their own."""
    text = prose(path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"></a>', text))


def page(name: str) -> Page:
    """A page of the documentation."""
    return Page(name, (DOCS / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Output:
    """What a block is followed by, as written and as it really is."""

    where: str
    span: tuple[int, int]
    expected: str
    actual: str

    @property
    def is_true(self) -> bool:
        """Whether it says what happens; a line of three dots stands for any lines."""
        parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", self.expected, flags=re.MULTILINE)]
        return re.fullmatch(r"(?:.*\n)*".join(parts), self.actual) is not None


class Run:
    """One page being worked through in a folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.outputs: list[Output] = []
        self.commands: list[str] = []
        self._runs_tool = any("$ pystator-gen" in block.text for block in page.blocks)
        self._is_stale = True

    def everything(self, *, skip: frozenset[str] = frozenset()) -> Run:
        """Work through all blocks but the console commands that start with a word of ``skip``."""
        before = ""
        with contextlib.chdir(self.folder), _importable(self.folder):
            for block in self.page.blocks:
                where = f"{self.page.name}:{block.line}"
                if block.language == "text" and block.directly:
                    self.outputs.append(Output(where, block.span, block.text, before))
                elif block.language == "console":
                    self._console(block, where, skip)
                else:
                    before = self._block(block, where)
        return self

    def _block(self, block: Block, where: str) -> str:
        """Do what one block is for; what comes of it is what a ``text`` block after it has to say."""
        if block.path is not None:
            path = self.folder / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            self._is_stale = True
            importlib.invalidate_caches()
            is_machine = block.language == "yaml" and not block.path.startswith(".")
            return _complaints([block.path]) if is_machine else ""
        if block.language == "yaml":
            complete_fragment(block.text, where)
        if block.language == "python":
            self._generate()
            return _executed(block.text, f"{where} (python)", self.namespace)
        return ""

    def _generate(self) -> None:
        """Generate the machines of the page, if it does not do that itself."""
        if self._is_stale and not self._runs_tool and (self.folder / "machines").is_dir():
            report = driver.generate(["machines"], "fsm")
            assert not report.has_errors, "\n".join(map(str, report.diagnostics))
            _forget(self.folder)
            self._is_stale = False

    def _console(self, block: Block, where: str, skip: frozenset[str]) -> None:
        pieces = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
        start = block.span[0] + len(pieces[0])
        for command, expected in zip(pieces[1::2], pieces[2::2], strict=True):
            start += len(f"$ {command}\n")
            self.commands.append(command)
            if command.split()[0] not in skip:
                span = (start, start + len(expected))
                self.outputs.append(Output(f"{where}: {command}", span, expected, self._command(command)))
            start += len(expected)

    def _command(self, command: str) -> str:
        if command.split()[0] == "pystator-gen" and not re.search(r"[;|&<>$]", command):
            return _tool(shlex.split(command)[1:])
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=environment(), text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.stdout


def environment() -> dict[str, str]:
    """The environment of a command: the tools of the running Python first."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "docs")}


def complete_fragment(text: str, where: str) -> None:
    """Compile a fragment within a machine that is made up around it; it must have no error."""
    documents, problems = load(Source(where, text))
    assert not problems, "\n".join(map(str, problems))
    (document,) = documents
    machine = _completed(dict(document.data))
    units, problems = pipeline.compile_source(Source(where, json.dumps(machine)))
    errors = [str(problem) for problem in problems if problem.is_error]
    assert units, f"{where}: the fragment does not compile:\n" + "\n".join(errors) + f"\n{machine}"


def codes_in(outputs: Iterable[Output]) -> set[str]:
    """The diagnostic codes that were really printed."""
    return {code for output in outputs for code in _CODE.findall(output.actual)}


def rewritten(run: Run) -> str:
    """The text of a page with its outputs as they really are."""
    text = run.page.text
    for output in sorted(run.outputs, key=lambda output: output.span, reverse=True):
        if not output.is_true:
            start, end = output.span
            text = text[:start] + output.actual + text[end:]
    return text


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    """A machine that holds what a fragment says."""
    if data.keys() <= _MACHINE_KEYS:
        machine = data
    elif "payload" in data:
        machine = {"events": [{"name": "go", **data}]}
    elif data.keys() <= _STATE_KEYS | {"description", "metadata", "group"} and not data.keys() & {"guards"}:
        machine = {"states": [{"name": "some", **data}]}
    elif data.keys() <= _TRANSITION_KEYS | {"description", "metadata"}:
        machine = {"transitions": [_transition(data)]}
    else:
        machine = data
    states = list(machine.get("states", []))
    transitions = list(machine.get("transitions", []))
    known = {state["name"] for state in states}
    for name in dict.fromkeys(_named(transitions)):
        if name not in known:
            states.append({"name": name})
    if not any(state.get("type") == "initial" for state in states):
        states.insert(0, {"name": "made_up_start", "type": "initial"})
    if not transitions:
        transitions.append({"trigger": "go", "source": "*", "dest": states[0]["name"]})
    for state in states:
        if state.get("type") == "choice" and not any(state["name"] == t.get("source") for t in transitions):
            transitions.append({"auto": True, "source": state["name"], "dest": states[0]["name"]})
    return {**machine, "states": states, "transitions": transitions}


def _transition(data: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"source": "some", **data}
    if not whole.get("auto"):
        whole.setdefault("trigger", "go")
    if not whole.get("internal"):
        whole.setdefault("dest", "other")
    return whole


def _named(transitions: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The states that transitions name."""
    for transition in transitions:
        source = transition["source"]
        yield from (name for name in ([source] if isinstance(source, str) else source) if name != "*")
        if "dest" in transition:
            yield transition["dest"]


def _complaints(paths: list[str]) -> str:
    """What the tool says about the machines in some files."""
    report = driver.generate(paths, "unused", check=True)
    return "".join(f"{diagnostic}\n" for diagnostic in report.diagnostics)


def _tool(arguments: list[str]) -> str:
    """What the tool prints, run in this process."""
    said = io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        contextlib.suppress(SystemExit),
    ):
        cli.main(arguments)
    return said.getvalue()


def _executed(text: str, where: str, namespace: dict[str, Any]) -> str:
    """What a block of Python prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, where, "exec"), namespace)  # our own documentation
    return said.getvalue()


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _forget(folder)


def _forget(folder: Path) -> None:
    """Forget the modules of a folder, so that the next page's `fsm` is its own."""
    for name, module in list(sys.modules.items()):
        # A package without an __init__ has no file, only a path.
        places = (getattr(module, "__file__", None), *getattr(module, "__path__", ()))
        if any(str(place).startswith(str(folder)) for place in places):
            del sys.modules[name]
    importlib.invalidate_caches()


def update(name: str) -> None:
    """Rewrite the expected outputs of one page."""
    whole = page(name)
    parts = whole.sections if name == "diagnostics.md" else [whole]
    text = whole.text
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(replace(part, name=name), Path(folder).resolve()).everything()
        text = text.replace(part.text, rewritten(run))
    (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        update(argument)
