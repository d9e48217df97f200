"""What the generated package is called where it is imported."""

from __future__ import annotations

from pathlib import Path

from pystator_gen.diagnostics import UnusableError
from pystator_gen.naming import is_identifier
from pystator_gen.output import PACKAGE_FILE, existing_modules

_SOURCE_FOLDERS = ("src",)


class PackageUnknownError(UnusableError):
    """It can't be told how the generated modules are imported; the message says what to do."""


def import_name(output: Path, setting: str | None, root: Path) -> str:
    """The dotted name of the generated package that handlers in ``output`` belong to.

    It is the folder that the settings name, else the only folder beside ``output`` that holds generated modules.
    ``root`` is the folder that a project without ``__init__.py`` files is imported from.

    Raises:
        PackageUnknownError: There is no such folder, or more than one, or no module can have its name.
    """
    if setting is not None:
        return dotted(Path(setting), root)
    beside = output.absolute().parent
    found = [folder for folder in sorted(beside.iterdir()) if existing_modules(folder)] if beside.is_dir() else []
    if len(found) != 1:
        what = "no folder" if not found else "more than one folder"
        raise PackageUnknownError(
            f"{what} beside {output.as_posix()} holds generated modules; "
            "say what they are imported from with --package, for instance --package myapp.fsm"
        )
    return dotted(found[0], root)


def dotted(folder: Path, root: Path) -> str:
    """What a folder is imported as: from the outermost package around it, else from ``root`` or its ``src``.

    Raises:
        PackageUnknownError: A part of the name can't stand in an import.
    """
    folder = folder.resolve()
    top = folder.parent
    if (top / PACKAGE_FILE).is_file():
        while (top / PACKAGE_FILE).is_file():
            top = top.parent
    else:
        top = root.resolve()
        if top not in folder.parents:
            top = folder.parent
    parts = folder.relative_to(top).parts
    if parts[0] in _SOURCE_FOLDERS and len(parts) > 1:
        parts = parts[1:]
    if not is_import_name(".".join(parts)):
        raise PackageUnknownError(
            f"{'/'.join(parts)} is no name to import from; say which with --package, for instance --package myapp.fsm"
        )
    return ".".join(parts)


def is_import_name(text: str) -> bool:
    """Whether a package can be imported by this name."""
    return all(map(is_identifier, text.split(".")))
