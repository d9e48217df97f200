"""URLs of servers, which may hold passwords: no error shows one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pystator_runtime.errors import ConfigurationError

ReadT = TypeVar("ReadT")

_WHO = re.compile(r"\A([\w.+-]+:/*)?.*@", re.DOTALL)
_OPTION = re.compile(r"(password=)[^&]*", re.IGNORECASE)


def without_password(url: str) -> str:
    """A URL to be shown, or what was meant to be one: what precedes the last ``@`` may be a password."""
    return _OPTION.sub(r"\1***", _WHO.sub(r"\1***@", url))


def read_url(url: Any, kind: str, read: Callable[[Any], ReadT]) -> ReadT:
    """What a library makes of a URL, or of what was given for one.

    Raises:
        ConfigurationError: It makes nothing of it.
    """
    try:
        return read(url)
    except Exception:
        shown = without_password(str(url))
        raise ConfigurationError(f"{shown!r} is no URL of {kind}: {_reason(shown, read)}") from None


def _reason(shown: str, read: Callable[[str], object]) -> str:
    """Why a URL can't be read, of which only this may be shown: libraries quote what they don't understand."""
    try:
        read(shown)
    except Exception as error:
        return str(error)
    return "in a user or a password, '/' is written as %2F, '@' as %40, '#' as %23, '?' as %3F, ':' as %3A"
