"""The command line: the only place that prints, and the only one that decides exit codes."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from pystator_gen.arguments import generate_parser, scaffold_parser, schema_parser

if TYPE_CHECKING:
    from pathlib import Path

    from pystator_gen.cache import Cache
    from pystator_gen.driver import Report
    from pystator_gen.settings import Settings

CLEAN = 0
PROBLEMS = 1
UNUSABLE = 2

_REMEDIES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it readable and writable, or name another folder"),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "a file stands where a folder has to be: name another one"),
    errno.ENOSPC: "make room, and run it again",
    errno.ENAMETOOLONG: "name a folder with a shorter name",
}
"""What to do about a path that the system refuses, by the number of its error."""

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
    parser = generate_parser()
    options = parser.parse_intermixed_args(given)  # `a.yaml -o out b.yaml` names two sources
    return _generate(parser, options, _settings())


def _run_scaffold(given: Sequence[str]) -> int:
    parser = scaffold_parser()
    options = parser.parse_intermixed_args(given)
    return _scaffold(parser, options, _settings())


def _run_schema(given: Sequence[str]) -> int:
    parser = schema_parser()
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


def _settings() -> Settings:
    from pathlib import Path  # here, as all that --help and --version can answer without

    from pystator_gen.settings import load_settings

    return load_settings(Path.cwd())


def _generate(parser: argparse.ArgumentParser, options: argparse.Namespace, settings: Settings) -> int:
    sources = options.sources or list(settings.sources)
    folder = settings.output if options.output is None else options.output
    if not sources:
        _usage(parser, "no SOURCE given: name a file or folder with machines")
    if not folder:
        _usage(parser, "no output folder given: name it with -o DIR")
    if options.diff and not options.check:
        _usage(parser, "--diff goes with --check")
    typecheck = options.typecheck or settings.typecheck
    if options.python and not typecheck:
        _usage(parser, "--python goes with --typecheck")
    from pystator_gen import driver, workers

    workers.collect_seldom()
    report = driver.generate(
        sources,
        folder,
        check=options.check,
        prune=options.prune or settings.prune,
        force=options.force or settings.force,
        typecheck=typecheck,
        python=options.python or settings.python,
        processes=workers.cores(),
        cache=None if options.no_cache else _cache(settings),
        progress=_progress if _is_worth_watching(options) else iter,
    )
    return _reported(report, options, "pystator-gen")


def _cache(settings: Settings) -> Cache:
    from pathlib import Path

    from pystator_gen.cache import Cache

    return Cache(settings.root or Path.cwd())


def _scaffold(parser: argparse.ArgumentParser, options: argparse.Namespace, settings: Settings) -> int:
    sources = options.sources or list(settings.sources)
    if not sources:
        _usage(parser, "no SOURCE given: name a file or folder with machines")
    if not options.output:
        _usage(parser, "no output folder given: name it with -o DIR")
    if options.diff and not options.check:
        _usage(parser, "--diff goes with --check")
    from pathlib import Path

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
    from pystator_gen.diagnostics import UnusableError

    if isinstance(failure, OSError) and failure.filename is not None:
        _say(f"error: {_refused(failure)}")
        return UNUSABLE
    if isinstance(failure, (UnusableError, OSError)):
        _say(f"error: {failure}")
        return UNUSABLE
    raise failure


def _refused(failure: OSError) -> str:
    """What the system does not let us do, in its own words, and what to do about it."""
    from pystator_gen.diagnostics import one_line

    remedy = _REMEDIES.get(failure.errno or 0, "name another folder")
    return f"cannot read or write {one_line(str(failure.filename))}: {failure.strerror}; {remedy}"


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
