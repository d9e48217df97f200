"""What is active in a parallel state, as a value: ``par:r1=s1,r2=s2`` in writing (`S6.2`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self, cast

from pystator_runtime.errors import UndefinedStateError
from pystator_runtime.results import Immutable

MAXIMUM_DEPTH = 100
"""How deep written configurations may be nested: they are read by recursion."""


class ParallelStateConfig(Immutable):
    """A parallel state and what is active in each of its regions: a state, or a config of its own.

    Immutable and hashable; two are equal if they are written the same. Generated modules have a subclass per
    parallel state, with a property per region.

    Raises:
        UndefinedStateError: In a subclass, if a region is missing or can't have what it is given.
    """

    __slots__ = ("_text", "parallel_state", "region_states")

    _state: ClassVar[str] = ""
    _choices: ClassVar[Mapping[str, tuple[Any, ...]]] = {}  # what each region can have: states and config classes

    parallel_state: str
    region_states: Mapping[str, Any]
    _text: str

    def __init__(self, parallel_state: str, region_states: Mapping[str, str | ParallelStateConfig]) -> None:
        self._hold(parallel_state, region_states)

    def _fill(self, region_states: Mapping[str, Any]) -> None:
        """Take what a subclass is given: members of its enum, their text, or configs."""
        found: dict[str, Any] = {}
        for region, choices in self._choices.items():
            if region not in region_states:
                raise UndefinedStateError(
                    f"the region {region!r} of {self._state!r} has no state; it can have: {_listed(choices)}"
                )
            found[region] = self._chosen(region, choices, region_states[region])
        for region in region_states:
            if region not in found:
                raise UndefinedStateError(f"{self._state!r} has no region {region!r}; it has: {', '.join(found)}")
        self._hold(self._state, found)

    def _chosen(self, region: str, choices: tuple[Any, ...], wanted: Any) -> Any:
        """What ``wanted`` is among the choices of a region."""
        for choice in choices:
            if isinstance(choice, str) and choice == wanted:
                return choice
            if isinstance(wanted, ParallelStateConfig) and not isinstance(choice, str):
                kind = cast("type[ParallelStateConfig]", choice)
                if kind._state == wanted.parallel_state:
                    return wanted if isinstance(wanted, kind) else kind.made(wanted.region_states)
        raise UndefinedStateError(
            f"the region {region!r} of {self._state!r} can't be in {str(wanted)!r}; it can be in: {_listed(choices)}"
        )

    def _hold(self, parallel_state: str, region_states: Mapping[str, Any]) -> None:
        written = (f"{region}={_written(state)}" for region, state in sorted(region_states.items()))
        self._set(
            parallel_state=str(parallel_state),
            region_states=MappingProxyType(dict(region_states)),
            _text=f"{parallel_state}:{','.join(written)}",
        )

    @classmethod
    def made(cls, region_states: Mapping[str, Any]) -> Self:
        """One with these parts, by the names of the regions: how a property is spelt does not matter."""
        made = cls.__new__(cls)
        made._fill(region_states)
        return made

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Read what :meth:`to_string` wrote; the regions may come in any order.

        Raises:
            UndefinedStateError: The text is no configuration, or in a subclass not one of this parallel state.
        """
        read = _Reader(text).read()
        if not cls._state:
            return cast("Self", read)
        if read.parallel_state != cls._state:
            raise UndefinedStateError(f"{text!r} is a configuration of {read.parallel_state!r}, not of {cls._state!r}")
        return cls.made(read.region_states)

    @classmethod
    def parse(cls, text: str) -> Self:
        """:meth:`from_string`, by another name."""
        return cls.from_string(text)

    def to_string(self) -> str:
        """The configuration in writing: ``par:r1=s1,r2=s2``, the regions by name, nested ones in parentheses."""
        return self._text

    def __getitem__(self, region: str) -> Any:
        return self.region_states[region]

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_string()}>"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, ParallelStateConfig) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).from_string, (self.to_string(),)


def _listed(choices: tuple[Any, ...]) -> str:
    return ", ".join(str(choice) if isinstance(choice, str) else f"{choice._state}:…" for choice in choices)


def _written(state: object) -> str:
    return f"({state})" if isinstance(state, ParallelStateConfig) else str(state)


class _Reader:
    """Reads one written configuration."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> ParallelStateConfig:
        """The configuration that the whole text is."""
        found = self._configuration(0)
        if self._at != len(self._text):
            raise self._unreadable("nothing more")
        return found

    def _configuration(self, depth: int) -> ParallelStateConfig:
        if depth > MAXIMUM_DEPTH:
            raise self._unreadable(f"no more than {MAXIMUM_DEPTH} levels")
        parallel_state = self._name()
        self._pass(":")
        regions: dict[str, str | ParallelStateConfig] = {}
        while True:
            region = self._name()
            if region in regions:
                raise self._unreadable(f"the region {region!r} only once")
            self._pass("=")
            if self._next() == "(":
                self._pass("(")
                regions[region] = self._configuration(depth + 1)
                self._pass(")")
            else:
                regions[region] = self._name()
            if self._next() != ",":
                return ParallelStateConfig(parallel_state, regions)
            self._pass(",")

    def _name(self) -> str:
        start = self._at
        while self._next().isalnum() or self._next() == "_":
            self._at += 1
        if start == self._at:
            raise self._unreadable("a name")
        return self._text[start : self._at]

    def _pass(self, mark: str) -> None:
        if self._next() != mark:
            raise self._unreadable(repr(mark))
        self._at += 1

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _unreadable(self, wanted: str) -> UndefinedStateError:
        return UndefinedStateError(
            f"{self._text!r} is no configuration such as 'par:r1=s1,r2=s2': "
            f"{wanted} belongs at character {self._at + 1}"
        )
