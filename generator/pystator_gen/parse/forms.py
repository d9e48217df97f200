"""Entries that have exactly one of several forms: guards and actions."""

from __future__ import annotations

from collections.abc import Collection

from pystator_gen import codes
from pystator_gen.parse.names import closest
from pystator_gen.parse.node import Node


def one_form(node: Node, noun: str, forms: Collection[str], other_spellings: Collection[str] = ()) -> str | None:
    """The one key of a mapping that says what it is; none, or a second one, is reported.

    A key that only resembles a form counts as that form: it is reported where the mapping is read.
    """
    keys = list(node.value) if isinstance(node.value, dict) else []
    accepted = [*forms, *other_spellings]
    present = [key for key in keys if key in accepted]
    if not present:
        present = [form for key in keys if (form := closest(key, accepted)) is not None]
    if len(present) == 1:
        return present[0]
    if present:
        both = " and ".join(f"`{key}`" for key in present)
        message = f"{noun} has exactly one form, and this has {both}"
        node.error(codes.NOT_ONE_FORM, message, "write them as two entries")
    else:
        message = f"{noun} has exactly one form, and this has none"
        node.error(codes.NOT_ONE_FORM, message, f"write one of {', '.join(forms)}")
    return None
