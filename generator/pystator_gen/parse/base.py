"""What all models share: frozen, strict, closed; and the few words each one adds for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A part of the checked document. Its fields are named as in Python, its aliases as in YAML."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        populate_by_name=True,
        allow_inf_nan=False,
    )

    also_known: ClassVar[Mapping[str, str]] = {}
    """Other spellings of keys, as PyStator has them, and the key that each stands for."""

    unsupported: ClassVar[frozenset[str]] = frozenset()
    """Keys that PyStator knows and this project refuses by name."""

    passed_over: ClassVar[frozenset[str]] = frozenset()
    """Keys that may stand here and are read elsewhere."""

    misnamed: ClassVar[Mapping[str, str]] = {}
    """Words that stand for a key without resembling it, and the key: misspelt, where that is missing."""

    misplaced: ClassVar[Mapping[str, str]] = {}
    """Words, in lower case and without ``_``, that say something here which would be lost, and the remedy."""
