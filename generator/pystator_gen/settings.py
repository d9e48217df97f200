"""Settings of a project: ``[tool.pystator-gen]`` in the nearest pyproject.toml."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pystator_gen.diagnostics import UnusableError

_LISTS = ("sources",)
_TEXTS = ("output", "python")
_SWITCHES = ("prune", "force", "typecheck")


class SettingsError(UnusableError):
    """The settings can't be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is used where the command line says nothing. Paths are relative to the pyproject.toml.

    ``root`` is the folder of that file, if there is one.
    """

    sources: tuple[str, ...] = ()
    output: str | None = None
    prune: bool = False
    force: bool = False
    typecheck: bool = False
    python: str | None = None
    root: Path | None = field(default=None, compare=False)


def load_settings(start: Path) -> Settings:
    """The settings for a run in ``start``: those of the nearest pyproject.toml there or above.

    Raises:
        SettingsError: The file can't be read, or a setting is unknown or of the wrong type.
    """
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return _read(path, start)
    return Settings()


def _read(path: Path, start: Path) -> Settings:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise SettingsError(f"{path}: can't be read: {failure}") from failure
    tool = data.get("tool")
    table = cast("dict[str, Any]", tool).get("pystator-gen") if isinstance(tool, dict) else None
    if table is None:
        return Settings(root=path.parent)
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: [tool.pystator-gen] must be a table")
    values = cast("dict[str, Any]", table)
    for key, value in values.items():
        _check(path, key, value)
    resolved = dict(values)
    if "sources" in resolved:
        resolved["sources"] = tuple(_relative(path, entry, start) for entry in resolved["sources"])
    for key in ("output", "python"):
        if key in resolved:
            resolved[key] = _relative(path, resolved[key], start)
    return Settings(**resolved, root=path.parent)


def _check(path: Path, key: str, value: object) -> None:
    known = (*_LISTS, *_TEXTS, *_SWITCHES)
    if key not in known:
        raise SettingsError(f"{path}: [tool.pystator-gen] has no setting {key!r}; it has: {', '.join(known)}")
    if key in _LISTS:
        fits = isinstance(value, list) and all(isinstance(entry, str) for entry in cast("list[object]", value))
        wanted = "a list of texts"
    elif key in _TEXTS:
        fits, wanted = isinstance(value, str), "a text"
    else:
        fits, wanted = isinstance(value, bool), "true or false"
    if not fits:
        raise SettingsError(f"{path}: [tool.pystator-gen] {key} must be {wanted}, not {value!r}")
    if "" in (value if isinstance(value, list) else [value]):
        raise SettingsError(f'{path}: [tool.pystator-gen] {key} holds an empty path; the folder of this file is "."')


def _relative(pyproject: Path, entry: str, start: Path) -> str:
    """A path of the file, as seen from where the run starts."""
    path = pyproject.parent / entry
    try:
        return os.path.relpath(path, start)
    except ValueError:  # on another drive
        return str(path)
