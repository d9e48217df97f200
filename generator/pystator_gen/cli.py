"""The command line: the only place that prints, and the only one that decides exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pystator_gen.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pystator_gen.pipeline import Report

CLEAN = 0
PROBLEMS = 1
UNUSABLE = 2

_DESCRIPTION = "Compile YAML state machines into typed Python modules."
_EPILOG = """\
commands, each with its own --help:
  generate (or no command)  this one
  scaffold                  write skeletons of guards and actions, and keep them in step with the machines
  schema                    print the JSON Schema of the format, for editors
A source that is called like a command is written with its folder: ./scaffold

SOURCE is a file or a folder; folders are searched for *.yaml, *.yml and *.json, recursively.
Settings may stand in [tool.pystator-gen] of pyproject.toml: sources, output, prune, force,
typecheck, python.

exit codes:
  0  done, and clean
  1  the sources have errors, --typecheck found some, or --check found drift
  2  wrong usage, or a file that can't be read or written

examples:
  pystator-gen machines/ -o myapp/fsm/          generate a package
  pystator-gen machines/ -o myapp/fsm/ --check  is the package up to date? (for CI and pre-commit)
"""
_SCAFFOLD_DESCRIPTION = """\
Write skeletons of the guards and actions of each machine: one module per machine, with the classes `Guards` and
`Actions`, typed with what was generated. A skeleton raises NotImplementedError until somebody writes its body.

Run it again when the machines have changed. What is missing is added to the class (`Guards` or `Actions`, or the one
class that has some of the functions), what no machine uses any more gets a comment above it, which goes when it is used
again; nothing else is changed, and nothing deleted.
"""
_SCAFFOLD_EPILOG = """\
SOURCE is a file or a folder; folders are searched for *.yaml, *.yml and *.json, recursively. Without one, the sources
in [tool.pystator-gen] of pyproject.toml are taken.

Types are imported from the generated package: --package; else the folder that [tool.pystator-gen] names as output;
else the only folder beside DIR that holds generated modules.

exit codes:
  0  done, and clean
  1  the sources or a file of handlers have errors, or --check found something to do
  2  wrong usage, or a file that can't be read or written

examples:
  pystator-gen scaffold machines/ -o myapp/handlers/
  pystator-gen scaffold machines/ -o myapp/handlers/ --package myapp.fsm
  pystator-gen scaffold machines/ -o myapp/handlers/ --check --diff   what would change?
"""
_SCHEMA_DESCRIPTION = """\
Print the JSON Schema of the YAML format, made from the models that check machines. Editors complete, explain and check
with it.
"""
_SCHEMA_EPILOG = """\
examples:
  pystator-gen schema > pystator.schema.json

In a YAML file, for editors with yaml-language-server:
  # yaml-language-server: $schema=pystator.schema.json
For all files of a folder, in the settings of VS Code:
  "yaml.schemas": {"pystator.schema.json": "machines/*.yaml"}
"""
_MANY = 25
"""From so many sources on, a run is long enough to wait for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(given[0]) if given else None
    if isinstance(sys.stdout, TextIOWrapper):  # a path or a docstring may not be writable in its encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _run_generate(given) if command is None else command(given[1:])
    except KeyboardInterrupt:
        _say("interrupted; nothing was written")
        return 130
    except Exception as failure:
        return _failed(failure)


def _run_generate(given: Sequence[str]) -> int:
    parser = _parser()
    options = parser.parse_intermixed_args(given)  # `a.yaml -o out b.yaml` names two sources
    return _generate(parser, options, load_settings(Path.cwd()))


def _run_scaffold(given: Sequence[str]) -> int:
    parser = _scaffold_parser()
    options = parser.parse_intermixed_args(given)
    return _scaffold(parser, options, load_settings(Path.cwd()))


def _run_schema(given: Sequence[str]) -> int:
    parser = _schema_parser()
    _, others = parser.parse_known_args(given)
    if others:
        parser.error(f"unrecognized arguments: {' '.join(others)} (to generate from a source `schema`, say ./schema)")
    from pystator_gen.json_schema import schema_text

    print(schema_text(), end="")
    return CLEAN


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "generate": _run_generate,
    "scaffold": _run_scaffold,
    "schema": _run_schema,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pystator-gen",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="pystator-gen [generate] SOURCE... -o DIR [options]",
    )
    _add_common(parser, "the folder of the generated package", "written, changed or pruned")
    parser.add_argument("--prune", action="store_true", help="delete generated modules whose machine is gone")
    parser.add_argument("--force", action="store_true", help="overwrite files in DIR that pystator-gen did not write")
    parser.add_argument(
        "--typecheck",
        action="store_true",
        help="before anything is written, check it by mypy --strict, and tell what that finds in terms of SOURCE",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        help="with --typecheck, the application's interpreter (default: that of the active environment)",
    )
    parser.add_argument("--version", action="version", version=f"pystator-gen {version('pystator-gen')}")
    return parser


def _scaffold_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pystator-gen scaffold",
        description=_SCAFFOLD_DESCRIPTION,
        epilog=_SCAFFOLD_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="pystator-gen scaffold SOURCE... -o DIR [options]",
    )
    _add_common(parser, "the folder of the modules of handlers", "written or changed")
    parser.add_argument("--package", metavar="NAME", help="what the generated modules are imported from: myapp.fsm")
    return parser


def _schema_parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="pystator-gen schema",
        description=_SCHEMA_DESCRIPTION,
        epilog=_SCHEMA_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_common(parser: argparse.ArgumentParser, output: str, changed: str) -> None:
    """The options that all commands have which write files."""
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="a file or folder with machines")
    parser.add_argument("-o", "--output", metavar="DIR", help=output)
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"write nothing; exit with 1 and name the files if any would be {changed}",
    )
    parser.add_argument("--diff", action="store_true", help="with --check, show how they would change")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print nothing but problems")
    loudness.add_argument("-v", "--verbose", action="store_true", help="name every file, unchanged ones too")


def _generate(parser: argparse.ArgumentParser, options: argparse.Namespace, settings: Settings) -> int:
    sources = options.sources or list(settings.sources)
    folder = options.output or settings.output
    if not sources:
        _usage(parser, "no SOURCE given: name a file or folder with machines")
    if folder is None:
        _usage(parser, "no output folder given: name it with -o DIR")
    if options.diff and not options.check:
        _usage(parser, "--diff goes with --check")
    typecheck = options.typecheck or settings.typecheck
    if options.python and not typecheck:
        _usage(parser, "--python goes with --typecheck")
    from pystator_gen import pipeline  # here, so that --help and --version answer at once

    report = pipeline.generate(
        sources,
        folder,
        check=options.check,
        prune=options.prune or settings.prune,
        force=options.force or settings.force,
        typecheck=typecheck,
        python=options.python or settings.python,
        progress=_progress if _is_worth_watching(options) else iter,
    )
    return _reported(report, options, "pystator-gen")


def _scaffold(parser: argparse.ArgumentParser, options: argparse.Namespace, settings: Settings) -> int:
    sources = options.sources or list(settings.sources)
    if not sources:
        _usage(parser, "no SOURCE given: name a file or folder with machines")
    if options.output is None:
        _usage(parser, "no output folder given: name it with -o DIR")
    if options.diff and not options.check:
        _usage(parser, "--diff goes with --check")
    from pystator_gen.import_names import import_name, is_import_name
    from pystator_gen.scaffold import scaffold  # here: LibCST costs as much as all the rest

    package = options.package or import_name(Path(options.output), settings.output, settings.root or Path.cwd())
    if not is_import_name(package):
        _usage(parser, f"--package {package}: write what the generated modules are imported from, such as myapp.fsm")
    watch = _progress if _is_worth_watching(options) else iter
    report = scaffold(sources, options.output, package, check=options.check, progress=watch)
    return _reported(report, options, "pystator-gen scaffold")


def _reported(report: Report, options: argparse.Namespace, program: str) -> int:
    """Say what a run found and did, and whether that is clean."""
    for diagnostic in report.diagnostics:
        _say(str(diagnostic))
    if report.has_errors:
        errors = sum(diagnostic.is_error for diagnostic in report.diagnostics)
        _say(f"{errors} error{'s' if errors != 1 else ''}; nothing was written")
        return PROBLEMS
    return _told(report, options, program)


def _told(report: Report, options: argparse.Namespace, program: str) -> int:
    """Say what happened to the files, and whether that is clean."""
    from pystator_gen.output import Action

    for change in report.changes:
        if change.action is Action.UNCHANGED and not options.verbose:
            continue
        if options.check and change.action is not Action.UNCHANGED:
            _say(f"{change.path}: would be {change.action}")
            if options.diff:
                print(change.diff(), end="")
        elif not options.quiet:
            print(f"{change.path}: {change.action}")
    for path in report.stale:
        if not options.quiet:
            _say(f"{path}: its machine is not among the sources; --prune deletes it")
    if options.check and report.drift:
        _say(f"{len(report.drift)} of {len(report.changes)} files are out of date: run {program}")
        return PROBLEMS
    if not options.quiet:
        changed = len(report.drift)
        print(f"{report.machines} machine{'s' if report.machines != 1 else ''}: {_files(changed)} written")
    return CLEAN


def _files(number: int) -> str:
    return "no file" if number == 0 else "1 file" if number == 1 else f"{number} files"


def _failed(failure: Exception) -> int:
    """A run that could not be carried out: a message for what is the user's to mend, a traceback for our bugs."""
    from pystator_gen.document import LibyamlMissingError
    from pystator_gen.formatting import FormattingError
    from pystator_gen.import_names import PackageUnknownError
    from pystator_gen.source import SourceUnreadable
    from pystator_gen.typecheck import TypecheckError

    told = (
        *(SettingsError, SourceUnreadable, LibyamlMissingError, FormattingError),
        *(PackageUnknownError, TypecheckError, OSError),
    )
    if isinstance(failure, told):
        _say(f"error: {failure}")
        return UNUSABLE
    raise failure


def _usage(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    parser.error(f"{message} ({parser.prog} --help tells more)")


def _is_worth_watching(options: argparse.Namespace) -> bool:
    return sys.stderr.isatty() and not options.quiet


def _progress(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths one by one, with a progress bar on stderr if there are many."""
    found = list(paths)
    if len(found) < _MANY:
        yield from found
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(found, "Compiling", console=Console(stderr=True), transient=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
