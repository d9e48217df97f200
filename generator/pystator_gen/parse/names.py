"""How names look, and what to suggest where one does not look so (`S1.6`).

The patterns are those of the models, so that the checks and the JSON Schema say the same.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import StringConstraints

NAME = r"^[a-z0-9_]+$"
OWN_NAME = r"^[a-z0-9][a-z0-9_]*$"
TRIGGER = r"^([a-z0-9][a-z0-9_]*|_join_[a-z0-9_]+)$"
SOURCE = r"^(\*|[a-z0-9_]+(:[a-z0-9_]+)?)$"
DESTINATION = r"^([a-z0-9_]+(:[a-z0-9_]+)?|H\*?\([a-z0-9_]+\))$"
CLASS_PREFIX = r"^[A-Za-z][A-Za-z0-9_]*$"

Name: TypeAlias = Annotated[str, StringConstraints(pattern=NAME)]
"""A state, region, guard or action."""

OwnName: TypeAlias = Annotated[str, StringConstraints(pattern=OWN_NAME)]
"""A key of the context or a payload: those that start with ``_`` are the engine's (`S8.4`)."""

TriggerName: TypeAlias = Annotated[str, StringConstraints(pattern=TRIGGER)]
"""A trigger; the only one with a leading ``_`` is ``_join_<state>`` (`S2.6`, `S6.6`)."""

SourceName: TypeAlias = Annotated[str, StringConstraints(pattern=SOURCE)]
"""A state, ``parent:exit_point``, or ``*`` for every state."""

DestinationName: TypeAlias = Annotated[str, StringConstraints(pattern=DESTINATION)]
"""A state, ``parent:entry_point``, ``H(state)`` or ``H*(state)``."""

ClassPrefix: TypeAlias = Annotated[str, StringConstraints(pattern=CLASS_PREFIX)]
"""What the names of the generated classes start with."""

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1)]
"""Any text that says something."""

PATTERN_WORDS: dict[str, tuple[str, str]] = {
    NAME: ("a name", "names consist of a-z, 0-9 and _"),
    OWN_NAME: ("a name", "names consist of a-z, 0-9 and _"),
    TRIGGER: ("a trigger's name", "names consist of a-z, 0-9 and _"),
    SOURCE: ("a source", "write a state, `parent:exit_point` or `*`; names: a-z, 0-9, _"),
    DESTINATION: (
        "a destination",
        "write a state, `parent:entry_point`, `H(state)` or `H*(state)`; names: a-z, 0-9, _",
    ),
    CLASS_PREFIX: ("the start of a class name", "use letters, digits and _, a letter first"),
}
"""For each pattern: what it describes, and the remedy."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RESPELLABLE = re.compile(r"[A-Za-z0-9_ ./-]+")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")


def snake(text: str) -> str:
    """``text`` spelt as names are: ``OrderFilled`` and ``order-filled`` give ``order_filled``."""
    return _NOT_IN_NAMES.sub("_", _HUMP.sub("_", text).lower()).strip("_")


def suggest_name(text: str, pattern: str) -> str | None:
    """The lower_snake spelling of a wrong name, where that is one."""
    if not _RESPELLABLE.fullmatch(text):
        return None
    suggestion = snake(text)
    return suggestion if suggestion != text and re.fullmatch(pattern, suggestion) else None


def closest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be (`S11.2`), whatever its case; the first of several."""
    spellings: dict[str, str] = {}
    for name in known:
        spellings.setdefault(snake(name), name)
    close = difflib.get_close_matches(snake(word), spellings, 1, 0.7)
    return spellings[close[0]] if close else None
