"""What only the store in Redis does."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from pystator_runtime.errors import ConfigurationError, StoreError
from pystator_runtime.stores import RedisStateStore, redis_scripts
from support.orchestrated import until
from support.places import Redis
from support.servers import Servers
from support.stored import FAR, HOUR, ID, MACHINE, action, audit, commit, entity, everything, get, put


@pytest.fixture
def place(tmp_path: Path, servers: Servers) -> Iterator[Redis]:
    place = Redis(tmp_path, servers)
    yield place
    place.end()


# -- what it costs ---------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "load": (1, lambda store: store.load(MACHINE, ID, "e", False)),
    "load with a lock": (1, lambda store: store.load(MACHINE, "o-2", None, True)),
    "commit": (1, lambda store: store.commit(commit(entity(version=2), event_id="e-2", actions=3), None)),
    "record": (1, lambda store: store.record(audit(entity(), success=False))),
    "give up": (1, lambda store: store.give_up(action(entity()).key, 1, "no")),
    "finish": (1, lambda store: store.finish(action(entity()).key, None)),
    "finish with a patch": (1, lambda store: store.finish(action(entity()).key, entity(version=2))),
    "renew": (1, lambda store: store.renew([action(entity(), number).key for number in range(2)], HOUR)),
    "due": (1, lambda store: store.due(MACHINE, None, 10)),
    "next_due": (1, lambda store: store.next_due(MACHINE)),
    "count_by_state": (1, lambda store: store.count_by_state(MACHINE)),
    "claim": (2, lambda store: store.claim(MACHINE, HOUR, 10, False)),
    "find": (2, lambda store: store.find(MACHINE, "open", None, 10)),
    "find a full page": (2, lambda store: store.find(MACHINE, "open", None, 1)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_costs_few_round_trips(name: str, place: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """All partitions are asked at once."""
    store = place.open()
    put(store, entity(next_due=FAR), event_id="e", actions=2)
    for _, call in CALLS.values():  # Redis sees every script
        call(store)
    store.delete(MACHINE, ID)
    put(store, entity(next_due=FAR), event_id="e", actions=2)
    sent: list[object] = []
    send = redis.Connection.send_packed_command
    monkeypatch.setattr(
        redis.connection.AbstractConnection,
        "send_packed_command",
        lambda self, command, check_health=True: (sent.append(command), send(self, command, check_health))[1],
    )
    expected, call = CALLS[name]
    call(store)
    assert len(sent) == expected


def test_scripts_touch_one_slot(servers: Servers) -> None:
    """A cluster refuses those that don't."""
    client = redis.RedisCluster.from_url(servers.redis_cluster())
    prefix = f"test-{uuid.uuid4().hex}"
    store = RedisStateStore(client, prefix=prefix)
    try:
        put(store, entity(next_due=5), *(entity(str(number)) for number in range(40)), event_id="e", actions=2)
        put(store, entity(machine="odd {}:} name"))
        held = store.load(MACHINE, ID, "e", True)
        assert held is not None
        assert store.commit(commit(entity(version=2, next_due=6)), held.lock)
        assert store.delete(MACHINE, "7")
        assert len(everything(store)[4]) == 1
        assert store.count_by_state(MACHINE) == {"open": 40}
        assert len(store.claim(MACHINE, HOUR, 100, True)) == 80
        assert store.finish(action(entity()).key, entity(version=3))
        store.close()
    finally:
        for key in client.scan_iter(f"{prefix}:*", count=1_000):
            client.delete(key)
        client.close()


def test_scripts_touch_one_slot_when_they_are_awaited(servers: Servers) -> None:
    async def work() -> None:
        client = redis.asyncio.RedisCluster.from_url(servers.redis_cluster())
        store = RedisStateStore(client, prefix=f"test-{uuid.uuid4().hex}")
        assert await store.acommit(commit(entity(), event_id="e", actions=2), None)
        assert [found.entity_id for found in await store.afind(MACHINE, None, None, 10)] == [ID]
        await store.aclose()
        await client.aclose()

    asyncio.run(work())


# -- how it is opened ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["", "x.db", "http://h", "sqlite:///x.db", 6379, None])
def test_what_is_no_redis_is_refused(given: Any) -> None:
    with pytest.raises(ConfigurationError):
        RedisStateStore(given)


@pytest.mark.parametrize("settings", [{"partitions": 0}, {"prefix": "a{b}"}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], place: Redis) -> None:
    with pytest.raises(ConfigurationError):
        place.open(**settings)


def test_a_server_that_does_not_answer_is_a_store_error(tmp_path: Path) -> None:
    store = RedisStateStore(f"unix://{tmp_path}/nothing")
    for call in (lambda: get(store), lambda: store.commit(commit(entity()), None)):
        with pytest.raises(StoreError, match="Redis did not answer"):
            call()


def test_another_number_of_partitions_is_refused(place: Redis) -> None:
    put(place.open(partitions=4), entity())
    with pytest.raises(ConfigurationError, match="with 4 partitions"):
        get(place.open(partitions=5))
    assert get(place.open(partitions=4)) == entity()


def test_stores_with_other_prefixes_do_not_see_each_other(place: Redis) -> None:
    one, other = place.open(), place.open(prefix=f"{place.prefix}:other", partitions=3)
    put(one, entity(), event_id="e", actions=1)
    assert everything(other) == [None, [], [], [], [], {}]


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 3}], ids=str)
def test_a_given_client_is_used_and_left_open(options: dict[str, Any], place: Redis) -> None:
    client = redis.Redis.from_url(place.url, **options)
    store = RedisStateStore(client, prefix=place.prefix)
    put(store, entity(), event_id="e", actions=1)

    async def work() -> None:
        assert await store.acommit(commit(entity(version=2)), None)
        await store.aclose()

    asyncio.run(work())
    assert get(store) == entity(version=2)
    assert len(store.audit(MACHINE, ID)) == 2
    connection = client.client_id()
    store.close()
    assert client.client_id() == connection
    client.close()


def test_a_given_async_client_is_used_and_the_other_kind_made(place: Redis) -> None:
    async def work() -> None:
        client = redis.asyncio.Redis.from_url(place.url, decode_responses=True)
        store = RedisStateStore(client, prefix=place.prefix)
        assert await store.acommit(commit(entity(), event_id="e", actions=1), None)
        assert get(store) == entity()
        await store.aclose()
        assert await client.ping()
        await client.aclose()

    asyncio.run(work())


@pytest.mark.parametrize("closes", [True, False])
def test_one_event_loop_may_follow_another_and_each_closes_its_connections(closes: bool, place: Redis) -> None:
    named = f"{place.url}{'&' if '?' in place.url else '?'}client_name={place.prefix}"
    store = RedisStateStore(named, prefix=place.prefix)

    def connections() -> int:
        return sum(client["name"] == place.prefix for client in place.client.client_list())

    async def work(version: int) -> None:
        assert await store.acommit(commit(entity(version=version)), None)
        assert connections() == 1
        if closes:
            await store.aclose()

    for version in (1, 2, 3):
        asyncio.run(work(version))
        until(lambda: connections() == 0)
    assert get(store) == entity(version=3)
    store.close()


def test_many_await_at_once(place: Redis) -> None:
    store = place.open()

    async def work() -> None:
        await asyncio.gather(*(store.acommit(commit(entity(str(number)), actions=1), None) for number in range(50)))
        assert len(await store.afind(MACHINE, None, None, 100)) == 50
        await store.aclose()

    asyncio.run(work())


# -- what gets lost --------------------------------------------------------------------------------------------


def test_scripts_that_redis_has_forgotten_are_sent_again(place: Redis) -> None:
    store = place.open()
    put(store, entity(), event_id="e", actions=1)
    before = everything(store)
    place.client.script_flush()
    assert everything(store) == before
    place.client.script_flush()
    put(store, entity(version=2))


class Deaf:
    """A client that does as it is told, but whose answers get lost."""

    def __init__(self, client: redis.Redis, losses: int, meanwhile: Callable[[], Any] = lambda: None) -> None:
        self._client = client
        self._losses = losses
        self._meanwhile = meanwhile

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        answer = self._client.execute_command(*arguments, **options)
        if self._losses:
            self._losses -= 1
            self._meanwhile()
            raise redis.ConnectionError("the line is dead")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_commit_whose_answer_is_lost_is_done_once(place: Redis) -> None:
    store = place.open()
    put(store, entity())
    store._clients.called().client = Deaf(place.client, losses=1)
    assert store.commit(commit(entity(version=2), event_id="e", actions=2), None) is True
    assert len(place.open().audit(MACHINE, ID)) == 2


def test_a_commit_whose_answers_are_all_lost_is_a_store_error(place: Redis) -> None:
    store = place.open()
    put(store, entity())
    store._clients.called().client = Deaf(place.client, losses=2)
    with pytest.raises(StoreError, match="not known"):
        store.commit(commit(entity(version=2), event_id="e", actions=2), None)
    assert get(place.open()) == entity(version=2)


def test_what_became_of_a_commit_may_not_be_known(place: Redis) -> None:
    """Its answer is lost, and another commit has followed: it may have been done before that one, or never."""
    store, other = place.open(), place.open()
    put(store, entity())
    store._clients.called().client = Deaf(place.client, 1, lambda: put(other, entity(version=3)))
    with pytest.raises(StoreError, match="not known"):
        store.commit(commit(entity(version=2)), None)


def test_reading_is_tried_again(place: Redis) -> None:
    store = place.open()
    put(store, entity())
    store._clients.called().client = Deaf(place.client, losses=1)
    assert get(store) == entity()


def test_what_may_not_be_done_twice_is_not(place: Redis) -> None:
    store = place.open()
    put(store, entity())
    store._clients.called().client = Deaf(place.client, losses=1)
    with pytest.raises(StoreError, match="not known"):
        store.record(audit(entity(), success=False))
    assert len(place.open().audit(MACHINE, ID)) == 2


# -- locks -----------------------------------------------------------------------------------------------------


def test_a_lock_ends_by_itself(place: Redis) -> None:
    store = place.open(lock_lease=1)
    put(store, entity())
    held = store.load(MACHINE, ID, None, True)
    while (again := store.load(MACHINE, ID, None, True)) is None:
        pass
    assert store.commit(commit(entity(version=2, state="again")), again.lock) is True
    assert store.commit(commit(entity(version=2, state="held")), held.lock) is False


def test_a_lock_that_ended_does_not_stop_its_holder(place: Redis) -> None:
    """Nobody else has come, so nothing has changed."""
    store = place.open(lock_lease=1)
    put(store, entity())
    held = store.load(MACHINE, ID, None, True)
    while place.client.keys(f"{place.prefix}:*lock:*"):
        pass
    assert store.commit(commit(entity(version=2)), held.lock) is True


# -- what stays ------------------------------------------------------------------------------------------------


def test_deleting_everything_leaves_no_key_of_a_partition(place: Redis) -> None:
    store = place.open(keep_audit=0)
    for number in range(20):
        put(store, entity(f"o-{number}", next_due=5), event_id="e", actions=2)
        put(store, entity(f"o-{number}", 2, "closed"), event_id="f", actions=1)
    store.give_up(f"{MACHINE}/o-3/1/0", 1, "no")
    for number in range(20):
        assert store.delete(MACHINE, f"o-{number}")
    left = {key.decode().rpartition(":")[2] for key in place.client.scan_iter(f"{place.prefix}:{{*")}
    assert left == {"last"}
    assert left < set(redis_scripts.KINDS)


def test_more_are_claimed_and_pruned_than_fit_into_one_call(place: Redis) -> None:
    store = place.open(keep_audit=0, partitions=1)
    put(store, *(entity(str(number), updated_at=1) for number in range(1_100)), actions=1)
    assert store.prune(MACHINE) == 1_100
    claimed = store.claim(MACHINE, HOUR, 1_050, False)
    assert [each.entity_id for each in claimed] == [str(number) for number in range(1_050)]
    assert len(store.find(MACHINE, None, None, 2_000)) == 1_100
    put(store, entity("with many"), actions=3_000)
    assert len(store.claim(MACHINE, HOUR, 10_000, False)) == 3_050
    assert store.delete(MACHINE, "with many")
