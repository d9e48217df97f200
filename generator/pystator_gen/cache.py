"""What earlier runs have compiled: a source that is as it was then, with its modules in place, need not be compiled.

There is one file per project, outside of it. It holds what the package needs to know of each machine and the digests
of its modules, not their texts; warnings are kept, so that they are told again. Whatever decides what is generated is
part of the key: the bytes of the source and its path, this tool's own code, and the versions of what it builds on.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
from pydantic import TypeAdapter, ValidationError

from pystator_gen.artifacts import Compiled
from pystator_gen.output import write_beside
from pystator_gen.render import template_folders
from pystator_gen.source import digest

FOLDER_VARIABLE = "PYSTATOR_GEN_CACHE_DIR"
_BUILT_ON = ("jinja2", "pydantic", "pyyaml", "ruff")
_Entries = TypeAdapter(dict[str, Compiled])


class Cache:
    """What is known of the sources of the project in folder ``root``, by their paths."""

    def __init__(self, root: Path) -> None:
        folder = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("pystator-gen", appauthor=False)
        self._path = Path(folder) / f"{digest(os.fsencode(root.resolve()))[:16]}-{_fingerprint()[:16]}.json"
        self._entries = self._read()

    def find(self, path: Path) -> Compiled | None:
        """What a source was compiled to, if it is as it was then; without texts."""
        entry = self._entries.get(path.as_posix())
        if entry is None:
            return None
        try:
            return entry if digest(path.read_bytes()) == entry.digest else None
        except (OSError, ValueError):
            return None

    def keep(self, compiled: Iterable[Compiled]) -> None:
        """Remember what sources were compiled to, unless they have errors. Where that can't be written, it is not."""
        fresh = {each.path: replace(each, texts={}) for each in compiled if not each.has_errors and _is_text(each.path)}
        self._entries.update(fresh)
        if fresh:
            with contextlib.suppress(OSError):
                self._write()

    def _read(self) -> dict[str, Compiled]:
        try:
            return _Entries.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return {}

    def _write(self) -> None:
        """All at once, for other runs may read it meanwhile."""
        gone = [path for path in self._entries if not Path(path).exists()]
        for path in gone:
            del self._entries[path]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = write_beside(self._path, _Entries.dump_json(self._entries).decode())
        try:
            os.replace(temporary, self._path)
        finally:
            temporary.unlink(missing_ok=True)


def _is_text(path: str) -> bool:
    """Whether a path can be written down: on some systems its bytes need not be text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fingerprint() -> str:
    """What tells one tool from another that might generate something else."""
    seen = hashlib.sha256(f"{sys.version_info}{[_version(name) for name in _BUILT_ON]}".encode())
    folders = [Path(__file__).parent, *template_folders()]
    files = [path for folder in folders for suffix in ("py", "jinja") for path in folder.rglob(f"*.{suffix}")]
    for path in sorted(files):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # whoever needs it says so
        return ""
