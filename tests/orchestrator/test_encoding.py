"""Values of declared types are stored by their declaration and come back as what they were (S13.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pystator_runtime import StoreError
from support.orchestrated import Deeds, orchestrated

pytestmark = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)
"""A store that is called at once, and one that is called in a thread: nothing here differs by where entities are."""

YAML = """
    meta: {machine_name: order, version: "1"}
    state_variables:
      - {key: price, type: decimal}
      - {key: ref, type: uuid}
      - {key: day, type: date}
      - {key: moment, type: datetime}
      - {key: days, type: "list[date]"}
      - {key: prices, type: "dict[date, decimal]"}
      - {key: maybe, type: "decimal?"}
      - {key: share, type: "fractions:Fraction"}
      - {key: side, values: [buy, sell, 3]}
    events: [{name: fill, payload: {amount: decimal, at: datetime}}]
    states: [{name: new, type: initial}, {name: open}]
    transitions:
      - trigger: approve
        source: new
        dest: open
        actions: [{timestamp: moment}, {compute: {double: "[1, {'a': 2.5}]"}}]
      - {trigger: fill, source: "*", internal: true, actions: [book]}
      - {trigger: put, source: "*", internal: true, actions: [book]}
    """

KEY = UUID("12345678-1234-5678-1234-567812345678")
VALUES: dict[str, list[Any]] = {
    "price": [Decimal("1.10"), Decimal("-0"), Decimal("1E+30"), Decimal("NaN"), None],
    "ref": [KEY],
    "day": [date(2024, 2, 29)],
    "moment": [
        datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
    "days": [[], [date(2024, 1, 1), date(2024, 1, 2)]],
    "prices": [{date(2024, 1, 1): Decimal("1.5")}],
    "maybe": [None, Decimal(3)],
    "side": ["buy", 3],
    "free": [None, True, 0, -(2**70), 1.5, 1e300, "", "ü€😀\0\n\"'", [], [[1], {"a": None}], {"": {"b": [1.0]}}],
}
CASES = [(key, value) for key, values in VALUES.items() for value in values]


@pytest.mark.parametrize(("key", "value"), CASES, ids=[f"{key}: {value!r}"[:40] for key, value in CASES])
def test_what_is_stored_comes_back(store: Any, key: str, value: Any) -> None:
    """S13.4"""
    orders = orchestrated(YAML, store)
    found = orders.create("o-1", {key: value}).context[key]
    assert repr(found) == repr(value)
    assert type(found) is type(value)
    orders.process_event("o-1", "put", {"other": 1})
    assert repr(orders.get("o-1").context[key]) == repr(value)


def test_effects_write_what_comes_back(store: Any, door: Any) -> None:
    """S8.2, S13.4"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve")
    context = door.get(orders, "o-1").context
    assert context["double"] == [1, {"a": 2.5}]
    assert context["moment"].tzinfo is not None


def test_actions_that_are_run_again_get_payload_and_context_as_they_were(store: Any, door: Any) -> None:
    """S13.4, S8.1"""
    deeds = Deeds(book=1)
    orders = orchestrated(YAML, store, actions=deeds.named("book"))
    at = datetime(2024, 1, 1, tzinfo=UTC)
    door.create(orders, "o-1", {"price": Decimal(2), "prices": {date(2024, 1, 1): Decimal(1)}})
    door.send(orders, "o-1", "fill", {"amount": Decimal("1.50"), "at": at}, event_id="f-1")
    door.retry_action(orders, orders.failed_actions()[0].key)
    (_, first), (_, again) = deeds.contexts
    assert again == first
    assert again["_event"].payload == {"amount": Decimal("1.50"), "at": at}


UNFIT: dict[str, tuple[Any, str]] = {
    "a set": ({1}, "free holds {1}, which JSON can't hold: declare its type"),
    "a tuple": ((1, 2), "free holds (1, 2)"),
    "bytes": (b"x", "free holds b'x'"),
    "an object": (object, "free holds <class 'object'>"),
    "an undeclared decimal": (Decimal(1), "free holds Decimal('1')"),
    "deep inside": ([{"a": [Decimal(1)]}], "free holds Decimal('1')"),
    "infinity": (float("inf"), "free holds inf"),
    "no number": ([float("nan")], "free holds nan"),
    "a key that is no text": ({1: 2}, "free holds {1: 2}"),
    "a number without end": (10**5_000, "free holds a value that can't be stored as JSON text"),
    "half a character": ("\ud800", "free holds a value that can't be stored as JSON text"),
    "half a character in a key": ({"\ud800": 1}, "free holds a value that can't be stored as JSON text"),
}


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(("value", "told"), UNFIT.values(), ids=UNFIT)
def test_what_json_cannot_hold_is_refused_and_nothing_is_written(store: Any, door: Any, value: Any, told: str) -> None:
    """S13.4"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, actions=deeds.named("book"))
    for give in (
        lambda: door.create(orders, "o-1", {"good": 1, "free": value}),
        lambda: door.send(orders, "o-1", "put", {"free": value}, event_id="e-1"),
    ):
        with pytest.raises(StoreError) as caught:
            give()
        assert told in str(caught.value)
    assert door.get(orders, "o-1") is None
    assert deeds.names == []
    assert door.send(orders, "o-1", "put", event_id="e-1").success


def test_what_holds_itself_is_refused(store: Any, door: Any) -> None:
    """S13.4"""
    with pytest.raises(StoreError, match="free holds itself, or is nested too deeply"):
        door.create(orchestrated(YAML, store), "o-1", {"free": _itself()})


@pytest.mark.parametrize("context", [{1: 2}, {None: 1}, {b"a": 1}, {("a",): 1}])
def test_a_key_that_is_no_text_is_refused(store: Any, door: Any, context: Any) -> None:
    """S13.4"""
    orders = orchestrated(YAML, store)
    with pytest.raises(TypeError, match=r"context key .* is no text"):
        door.create(orders, "o-1", context)
    with pytest.raises(TypeError, match=r"payload key .* is no text"):
        door.send(orders, "o-1", "put", context)
    assert door.get(orders, "o-1") is None


def test_an_event_that_is_refused_may_hold_anything(store: Any, door: Any) -> None:
    """S2.4: nothing of it is stored"""
    orders = orchestrated(YAML, store)
    door.send(orders, "o-1", "approve")
    assert not door.send(orders, "o-1", "approve", {"free": {1}}, event_id="e-1").success


class Fractions:
    """Writes fractions as two numbers."""

    def encode(self, value: Any, /) -> Any:
        return [value.numerator, value.denominator]

    def decode(self, value: Any, /) -> Any:
        from fractions import Fraction

        return Fraction(*value)


def _fraction() -> Any:
    from fractions import Fraction

    return Fraction(1, 3)


def test_a_type_of_the_application_needs_a_codec(store: Any, door: Any) -> None:
    """S13.4, docs/orchestrator.md#what-can-be-stored"""
    with pytest.raises(StoreError, match=r"share holds Fraction\(1, 3\), which JSON can't hold"):
        door.create(orchestrated(YAML, store), "o-1", {"share": _fraction()})
    deeds = Deeds(book=1)
    orders = orchestrated(YAML, store, actions=deeds.named("book"), codecs={"share": Fractions()})
    assert door.create(orders, "o-1", {"share": _fraction()}).context == {"share": _fraction()}
    door.send(orders, "o-1", "put")
    door.retry_action(orders, orders.failed_actions()[0].key)
    assert [context["share"] for _, context in deeds.contexts] == [_fraction()] * 2


def test_a_codec_may_be_given_for_an_undeclared_key_or_instead_of_the_declared_one(store: Any, door: Any) -> None:
    """docs/orchestrator.md#what-can-be-stored"""
    orders = orchestrated(YAML, store, codecs={"free": Fractions(), "price": Fractions()})
    context = {"free": _fraction(), "price": _fraction()}
    assert door.create(orders, "o-1", context).context == context


class Broken:
    """A codec with a bug."""

    def __init__(self, encode: Callable[[Any], Any], decode: Callable[[Any], Any]) -> None:
        self.encode = encode
        self.decode = decode


def _raise(value: Any) -> Any:
    raise LookupError("a bug")


def test_a_codec_that_fails_is_told_with_its_key_and_nothing_is_written(store: Any, door: Any) -> None:
    """S13.4"""
    broken = orchestrated(YAML, store, codecs={"share": Broken(_raise, _raise)})
    with pytest.raises(StoreError, match=r"share holds 1, which its codec can't write: LookupError\('a bug'\)"):
        door.create(broken, "o-1", {"share": 1})
    odd = orchestrated(YAML, store, codecs={"share": Broken(lambda value: {value}, _raise)})
    with pytest.raises(StoreError, match=r"share holds \{1\}, which JSON can't hold"):
        door.create(odd, "o-1", {"share": 1})
    assert door.get(broken, "o-1") is None


def test_a_stored_value_that_cannot_be_read_is_told_with_its_key(store: Any, door: Any) -> None:
    """S13.4, S13.3"""
    undeclared = YAML.replace("      - {key: price, type: decimal}\n", "")
    door.create(orchestrated(undeclared, store), "o-1", {"price": "cheap"})
    with pytest.raises(StoreError, match="price is 'cheap', which is no decimal"):
        door.get(orchestrated(YAML, store), "o-1")
    broken = orchestrated(undeclared, store, codecs={"price": Broken(str, _raise)})
    with pytest.raises(StoreError, match="price is 'cheap', which is no value that its codec knows: a bug"):
        door.send(broken, "o-1", "put")


def test_a_value_of_another_type_than_declared_is_stored_if_it_can_be_read_again(store: Any, door: Any) -> None:
    """S13.4: declarations themselves are checked with validate_context (S10.1)"""
    orders = orchestrated(YAML, store)
    context = {"side": "hold", "days": "none", "price": 3, "day": "2024-02-29"}
    read = {**context, "price": Decimal(3), "day": date(2024, 2, 29)}
    assert door.create(orders, "o-1", context).context == read


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"moment": 7}, "moment is 7, which is no datetime"),
        ({"day": "tomorrow"}, "day is 'tomorrow', which is no date"),
        ({"days": ["x"]}, "which is no list"),
        ({"price": "cheap"}, "price is 'cheap', which is no decimal"),
        ({"ref": 1}, "ref is 1, which is no uuid"),
    ],
)
def test_a_value_that_could_not_be_read_again_is_refused(
    store: Any, door: Any, context: dict[str, Any], told: str
) -> None:
    """S13.4: or nobody could ever read the entity again"""
    orders = orchestrated(YAML, store)
    for give in (lambda: door.create(orders, "o-1", context), lambda: door.send(orders, "o-1", "put", context)):
        with pytest.raises(StoreError) as caught:
            give()
        assert told in str(caught.value)
    assert door.get(orders, "o-1") is None


def test_text_that_is_no_json_in_the_store_is_told(store: Any, door: Any) -> None:
    """S13: an entity that something else has written"""
    from support.stored import commit, entity

    store.commit(commit(entity(state="new", context="{not json")), None)
    with pytest.raises(StoreError, match="the context of 'o-1' of 'order' is no JSON"):
        door.get(orchestrated(YAML, store), "o-1")
