"""``--typecheck``: mypy over what is about to be written, and what it finds told in terms of the YAML.

The modules are checked before anything is written, in a folder of their own, by ``mypy --strict`` against the runtime
of the application's environment. What mypy reports of a generated line is reported where the YAML brings that line
about: at the type of a variable or argument, at a trigger, guard, action or expression, else at the machine.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pystator_gen import codes
from pystator_gen.diagnostics import Diagnostic, Span, UnusableError, error
from pystator_gen.document import Data, Document, NodePath

RUNTIME = "pystator_runtime"
_OPTIONS = (
    *("--strict", "--explicit-package-bases", "--follow-imports=silent"),
    *("--output=json", "--no-error-summary", "--no-pretty", "--hide-error-context"),
)


class TypecheckError(UnusableError):
    """The check can't be carried out; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A generated module: its text as it would be written, and the document it comes from."""

    name: str
    text: str
    document: Document


def active_python() -> str:
    """The interpreter of the active environment: that of ``VIRTUAL_ENV``, else the one that runs the tool."""
    environment = os.environ.get("VIRTUAL_ENV")
    for folder in ("bin", "Scripts"):
        for name in ("python", "python.exe"):
            if environment and (found := Path(environment, folder, name)).is_file():
                return str(found)
    return sys.executable


def check_types(
    modules: Sequence[Checked], package: str, texts: Mapping[str, str], python: str | None = None
) -> list[Diagnostic]:
    """What mypy finds in the files ``texts`` of a package, each with its place in the YAML.

    ``python`` is the interpreter of the environment in which the application runs.

    Raises:
        TypecheckError: mypy or the runtime is missing, or mypy itself fails.
    """
    python = python or active_python()
    _need_runtime(python)
    mypy = _mypy(python)
    with tempfile.TemporaryDirectory(prefix="pystator-gen-") as scratch:
        folder = Path(scratch, package)
        folder.mkdir()
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        files = [str(folder / name) for name in texts]
        cache = os.environ.get("MYPY_CACHE_DIR") or f"{scratch}/cache"  # none of ours is left lying about
        command = [*mypy, *_OPTIONS, f"--python-executable={python}", f"--cache-dir={cache}", *files]
        said = _run(command, scratch)
    by_file = {f"{module.name}.py": module for module in modules}
    found = [_translated(told, by_file, modules[0], package) for told in said]
    first = {(problem.span, problem.message.partition(": ")[2]): problem for problem in reversed(found)}
    return list(first.values())  # of a type that is used in several lines, mypy tells each


def _need_runtime(python: str) -> None:
    question = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({RUNTIME!r}) is None)"
    try:
        done = subprocess.run([python, "-c", question], check=False, capture_output=True)
    except OSError as failure:
        raise TypecheckError(f"--python {python}: can't be run: {failure.strerror or failure}") from failure
    if done.returncode != 0:
        raise TypecheckError(
            f"--typecheck: {python} has no pystator-runtime, against which the modules are checked; "
            "install it there (pip install pystator-runtime), or name the application's interpreter by --python"
        )


def _mypy(python: str) -> list[str]:
    """How mypy is called: the one beside the tool, else the application's."""
    if find_spec("mypy") is not None:
        return [sys.executable, "-m", "mypy"]
    if subprocess.run([python, "-c", "import mypy"], check=False, capture_output=True).returncode == 0:
        return [python, "-m", "mypy"]
    raise TypecheckError("--typecheck needs mypy, which is not installed: pip install 'pystator-gen[typecheck]'")


def _run(command: list[str], scratch: str) -> list[dict[str, Any]]:
    """What mypy reports, one mapping per error. The application is found from where the tool runs."""
    paths = [scratch, *filter(None, os.environ.get("MYPYPATH", "").split(os.pathsep)), os.getcwd()]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(paths)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise TypecheckError(f"--typecheck: mypy failed: {(done.stderr or done.stdout).strip()}")
    try:
        reports = [json.loads(line) for line in done.stdout.splitlines() if line]
    except ValueError as failure:
        raise TypecheckError("--typecheck needs mypy 1.11 or newer: pip install --upgrade mypy") from failure
    return [report for report in reports if report["severity"] == "error"]


def _translated(told: dict[str, Any], modules: Mapping[str, Checked], first: Checked, package: str) -> Diagnostic:
    name = Path(told["file"]).name
    module = modules.get(name, first)
    span = Origins(module).of(told["line"], told["message"]) if name in modules else Span(module.document.source.path)
    message = f"mypy refuses {package}/{name}:{told['line']}: {told['message']} [{told['code']}]"
    return error(codes.TYPE_CHECK, message, span, _hint(told["code"]))


def _hint(code: str) -> str | None:
    if code in ("import-not-found", "import-untyped"):
        return "run pystator-gen where your application's modules are found, or set MYPYPATH"
    if code in ("name-defined", "attr-defined"):
        return "a type of your application is written `package.module:Name`, with the name of a class in that module"
    return None


class Origins:
    """What in the YAML brings about a line of a generated module."""

    def __init__(self, module: Checked) -> None:
        self._document = module.document
        self._lines = module.text.splitlines()
        self._tree = ast.parse(module.text)

    def of(self, line: int, message: str) -> Span:
        """The place of what a line comes from; of the machine, where it comes from all of it."""
        path = self._type(line, message) or self._named(line) or ("meta", "machine_name")
        return self._document.span(path)

    def _type(self, line: int, message: str) -> NodePath | None:
        """The declared type that is named as the application's in the message, or else in the line."""
        written = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        types = list(_application_types(self._document.data))
        for text in (message, written):
            for module, name, path in types:
                if f"{module}.{name}" in text or f'"{name}"' in text or f'"{module}"' in text:
                    return path
        return next((path for module, _, path in types if written == f"import {module}"), None)

    def _named(self, line: int) -> NodePath | None:
        """The expression, trigger, guard or action that the innermost class or function of the line is about."""
        names: set[str] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if start <= line <= (node.end_lineno or start):
                    names.add(node.name)
                    names.update(_texts(node.decorator_list))
        found = (path for text, path in _words(self._document.data) if " ".join(text.split()) in names)
        return next(found, None)


_APPLICATION_TYPE = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")


def _application_types(data: dict[str, Data]) -> Iterator[tuple[str, str, NodePath]]:
    """The application's types in variables and payloads: module, name, and where they stand."""
    for section in ("state_variables", "events"):
        for text, path in _scalars(data.get(section), (section,)):
            if path[-1] not in ("description", "default"):
                for match in _APPLICATION_TYPE.finditer(text):
                    yield match[1], match[2], path


def _words(data: dict[str, Data]) -> Iterator[tuple[str, NodePath]]:
    """Names and expressions: what transitions say first, for triggers and guards are theirs."""
    for section in ("transitions", "states", "context_invariants"):
        for text, path in _scalars(data.get(section), (section,)):
            if path[-1] not in ("description", "source", "dest", "parent", "type"):
                yield text, path


def _scalars(data: Data, path: NodePath) -> Iterator[tuple[str, NodePath]]:
    if isinstance(data, str):
        yield data, path
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _scalars(item, (*path, index))
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from _scalars(item, (*path, key))


def _texts(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
