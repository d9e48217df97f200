"""What can be said on the command line: the commands, their options, and the help that explains them."""

from __future__ import annotations

import argparse

from pystator_gen import __version__

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


def generate_parser() -> argparse.ArgumentParser:
    """Of `generate`, which need not be named."""
    parser = _parser("pystator-gen", _DESCRIPTION, _EPILOG, "pystator-gen [generate] SOURCE... -o DIR [options]")
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
    parser.add_argument(
        "--no-cache", action="store_true", help="compile every source, also those that an earlier run has compiled"
    )
    parser.add_argument("--version", action="version", version=f"pystator-gen {__version__}")
    return parser


def scaffold_parser() -> argparse.ArgumentParser:
    """Of `scaffold`."""
    usage = "pystator-gen scaffold SOURCE... -o DIR [options]"
    parser = _parser("pystator-gen scaffold", _SCAFFOLD_DESCRIPTION, _SCAFFOLD_EPILOG, usage)
    _add_common(parser, "the folder of the modules of handlers", "written or changed")
    parser.add_argument("--package", metavar="NAME", help="what the generated modules are imported from: myapp.fsm")
    return parser


def schema_parser() -> argparse.ArgumentParser:
    """Of `schema`."""
    return _parser("pystator-gen schema", _SCHEMA_DESCRIPTION, _SCHEMA_EPILOG)


def _parser(program: str, description: str, epilog: str, usage: str | None = None) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(program, usage, description, epilog, formatter_class=layout)


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
