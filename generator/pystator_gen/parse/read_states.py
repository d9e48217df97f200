"""Reading states and transitions as docs/yaml.md writes them (`S1`, `S2`)."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from pystator_gen import codes
from pystator_gen.document import Data
from pystator_gen.parse.delays import parse_delay
from pystator_gen.parse.models import Region, State, Timeout, Transition
from pystator_gen.parse.node import Node, Reader
from pystator_gen.parse.read_actions import read_actions
from pystator_gen.parse.read_guards import read_guards


def read_states(node: Node) -> tuple[State, ...] | None:
    """The states, each defined once."""
    node.report_repeated("name")
    return node.items(lambda item: item.record(State, _STATE_READERS), "states")


def read_transitions(node: Node) -> tuple[Transition, ...] | None:
    """The transitions, in order of definition."""
    return node.items(_read_transition, "transitions")


def _read_transition(node: Node) -> Transition | None:
    fields = node.fields(Transition, _TRANSITION_READERS)
    if fields is None:
        return None
    transition = node.build(Transition, fields)
    has_occasion = fields.has("trigger") or fields.has("after") or fields.values.get("auto", False)
    if not has_occasion:
        message = "a transition needs one of `trigger`, `after` and `auto: true`"
        node.error(codes.NO_OCCASION, message)
    if fields.has("trigger") and fields.has("after") and fields.values.get("auto", False):
        node.key_error(
            fields.key("auto"),
            codes.AUTO_AND_AFTER,
            "a transition with `trigger` and `after` can't be automatic: it waits, and its trigger may be sent",
            "take `auto` away to let it wait, `after` to let it fire at once, or `trigger` if nobody is to send it",
        )
    has_target = fields.has("dest") or fields.values.get("internal", False)
    if not has_target:
        message = "the key `dest` is missing"
        node.error(codes.MISSING_KEY, message, "only with `internal: true` it may be left out")
    return transition if has_occasion and has_target else None


def _read_regions(node: Node) -> tuple[Region, ...] | None:
    node.report_repeated("name")
    return node.items(lambda item: item.record(Region, _REGION_READERS), "regions")


def _read_timeout(node: Node) -> Timeout | None:
    return node.record(Timeout, {"seconds": _read_seconds})


def _read_seconds(node: Node) -> Data | None:
    """Seconds, which the model checks, as long as they are a whole number of milliseconds (`S9.1`)."""
    if isinstance(node.value, str):
        node.wrong_type("a plain number of seconds")
        return None
    if isinstance(node.value, float) and isfinite(node.value) and Fraction(str(node.value)) * 1000 % 1:
        node.error(codes.BAD_DELAY, f"`{node.value}` seconds are no whole number of milliseconds")
        return None
    return node.value


def _read_names(node: Node) -> tuple[Data, ...] | None:
    """A name or a list of names; the model checks how they are spelt."""
    return _one_or_more(node, "a name or a list of names")


def _read_references(node: Node) -> tuple[Data, ...] | None:
    return _one_or_more(node, "a text or a list of texts")


def _one_or_more(node: Node, expected: str) -> tuple[Data, ...] | None:
    if isinstance(node.value, str):
        return (node.value,)
    if isinstance(node.value, list):
        return tuple(node.value)
    node.wrong_type(expected)
    return None


def _read_delay(node: Node) -> int | None:
    """Milliseconds, or a text with a unit (`S9.1`)."""
    if isinstance(node.value, (int, float, str)) and not isinstance(node.value, bool):
        try:
            return parse_delay(str(node.value))
        except ValueError as problem:
            hint = "write milliseconds, or a number with ms, s, m, h or d: `1.5s`"
            node.error(codes.BAD_DELAY, str(problem), hint)
            return None
    node.wrong_type("a number of milliseconds, or a text such as `5s`")
    return None


_REGION_READERS: dict[str, Reader] = {"states": _read_names}
_STATE_READERS: dict[str, Reader] = {
    "regions": _read_regions,
    "on_enter": read_actions,
    "on_exit": read_actions,
    "timeout": _read_timeout,
    "entry_points": _read_names,
    "exit_points": _read_names,
}
_TRANSITION_READERS: dict[str, Reader] = {
    "source": _read_names,
    "guards": read_guards,
    "actions": read_actions,
    "after": _read_delay,
    "refs": _read_references,
}
