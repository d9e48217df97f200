"""Contexts as JSON data, and back (`S13.4`): values of declared types by their declaration, all others as they are."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Protocol

from pystator_runtime.errors import FSMError
from pystator_runtime.fields import FieldType

_SCALARS = frozenset({str, int, bool, type(None)})  # a float may be none that JSON has


class Codec(Protocol):
    """How the values of one key are written as JSON data."""

    def encode(self, value: Any, /) -> Any:
        """``value`` as JSON data."""
        ...

    def decode(self, value: Any, /) -> Any:
        """The value that was encoded. Raises ``ValueError`` or ``TypeError`` if it can't be read."""
        ...


class Encoding:
    """Encodes the contexts of one machine; what can't be is an ``error``."""

    __slots__ = ("_codecs", "_error")

    def __init__(self, codecs: Mapping[str, Codec], error: type[FSMError]) -> None:
        self._codecs = codecs
        self._error = error

    def encode(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """``values`` as JSON data, a copy."""
        return {key: self._encoded(key, value) for key, value in values.items()}

    def ready(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """``values`` as JSON data; themselves, if they are that already."""
        is_plain = type(values) is dict and all(type(value) in _SCALARS for value in values.values())
        return values if is_plain and self._codecs.keys().isdisjoint(values) else self.encode(values)

    def restore(self, values: dict[str, Any]) -> dict[str, Any]:
        """What :meth:`ready` made JSON data of and was read again: the same mapping, its values decoded."""
        for key in self._codecs.keys() & values.keys():
            values[key] = self._decoded(key, values[key])
        return values

    def decode(self, values: Mapping[Any, Any]) -> dict[str, Any]:
        """The values that were encoded, a copy; the engine's keys are left out (`S8.4`)."""
        return {str(key): self._decoded(str(key), value) for key, value in values.items() if str(key)[:1] != "_"}

    def _encoded(self, key: str, value: Any) -> Any:
        codec = self._codecs.get(key)
        try:
            encoded = self._plain(key, value if codec is None else codec.encode(value))
            if isinstance(codec, FieldType) and not codec.accepts(value):
                self._decoded(key, encoded)  # a value of another type is no harm if it can be read again
            return encoded
        except RecursionError:
            raise self._error(f"{key} holds itself, or is nested too deeply for JSON") from None
        except self._error:
            raise
        except Exception as error:  # whatever a codec of the application raises
            raise self._error(f"{key} holds {value!r}, which its codec can't write: {error!r}") from error

    def _decoded(self, key: str, value: Any) -> Any:
        codec = self._codecs.get(key)
        if codec is None:
            return self._plain(key, value)
        try:
            return codec.decode(value)
        except Exception as error:  # whatever a codec of the application raises
            name = getattr(codec, "name", "value that its codec knows")
            raise self._error(f"{key} is {value!r}, which is no {name}: {error}") from error

    def _plain(self, key: str, value: Any) -> Any:
        """``value`` as JSON data, a copy; what JSON can't hold is refused."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            if not isfinite(value):
                raise self._error(f"{key} holds {value!r}, which JSON can't hold")
            return float(value)
        if isinstance(value, list):
            entries: Any = value
            return [self._plain(key, entry) for entry in entries]
        if isinstance(value, dict):
            items: Any = value
            if all(isinstance(name, str) for name in items):
                return {str(name): self._plain(key, item) for name, item in items.items()}
        raise self._error(
            f"{key} holds {value!r}, which JSON can't hold: declare its type among the machine's state_variables, "
            "or give a codec for it"
        )
