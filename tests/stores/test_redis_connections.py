"""The connections of the store in Redis, and what it is given to make them of."""

from __future__ import annotations

import asyncio
import gc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
import redis.asyncio

from pystator_runtime.errors import StoreError
from pystator_runtime.schedulers import AsyncioScheduler, RedisScheduler
from pystator_runtime.stores import RedisStateStore
from support.gate import Gate
from support.orchestrated import orchestrated, until
from support.places import Redis
from support.running import in_threads
from support.servers import Servers
from support.stored import HOUR, MACHINE, action, commit, entity, get, put


@pytest.fixture
def place(tmp_path: Path, servers: Servers) -> Iterator[Redis]:
    place = Redis(tmp_path, servers)
    yield place
    place.end()


def with_options(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{options}"


# -- how many there are ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "max_connections=2"])
def test_more_await_at_once_than_there_are_connections(options: str, place: Redis) -> None:
    store = RedisStateStore(with_options(place.url, options) if options else place.url, prefix=place.prefix)

    async def work() -> None:
        await asyncio.gather(*(store.acommit(commit(entity(str(number))), None) for number in range(150)))
        assert await store.acount_by_state(MACHINE) == {"open": 150}
        pool: Any = store._clients._awaited.get().client.connection_pool
        assert pool.max_connections == (2 if options else 100)
        await store.aclose()

    asyncio.run(work())


def test_more_threads_call_at_once_than_there_are_connections(place: Redis) -> None:
    store = RedisStateStore(with_options(place.url, "max_connections=1"), prefix=place.prefix)
    in_threads(lambda index: [put(store, entity(f"{index}-{number}")) for number in range(20)], 8)
    assert store.count_by_state(MACHINE) == {"open": 160}
    store.close()


def test_a_client_made_beside_a_given_one_has_its_callers_wait_as_well(place: Redis) -> None:
    with redis.Redis.from_url(place.url) as client:
        store = RedisStateStore(client, prefix=place.prefix)

        async def work() -> None:
            await asyncio.gather(*(store.acommit(commit(entity(str(number))), None) for number in range(150)))
            await store.aclose()

        asyncio.run(work())
        assert store.count_by_state(MACHINE) == {"open": 150}


def test_a_scheduler_waits_for_a_connection_too(place: Redis) -> None:
    class Chart:
        name = MACHINE

    class Armed:
        machine = Chart

    async def work() -> None:
        clock = RedisScheduler(with_options(place.url, "max_connections=1"), prefix=place.prefix)
        await asyncio.gather(*(clock.aarm(Armed, str(number), 1) for number in range(20)))
        await clock.clients.aclose()

    asyncio.run(work())
    assert place.client.zcard(f"{place.prefix}:alarms:{MACHINE}") == 20


def test_waiting_for_a_connection_ends_when_the_url_says(place: Redis) -> None:
    store = RedisStateStore(with_options(place.url, "max_connections=1&timeout=0.01"), prefix=place.prefix)
    pool = store._clients.called().client.connection_pool
    taken = pool.get_connection()
    with pytest.raises(StoreError, match="No connection available"):
        get(store)
    pool.release(taken)
    assert get(store) is None
    store.close()


def test_a_url_says_by_what_and_how_to_connect(tmp_path: Path) -> None:
    async def work() -> None:
        for url, called, awaited in (
            ("rediss://h:7/3?ssl_cert_reqs=none", redis.SSLConnection, redis.asyncio.SSLConnection),
            ("redis://h?health_check_interval=5", redis.Connection, redis.asyncio.Connection),
            (f"unix://{tmp_path}/s", redis.UnixDomainSocketConnection, redis.asyncio.UnixDomainSocketConnection),
        ):
            store = RedisStateStore(with_options(url, "socket_timeout=2"))
            for made, kind in ((store._clients.called(), called), (store._clients._awaited.get(), awaited)):
                pool: Any = made.client.connection_pool
                assert pool.connection_class is kind
                assert pool.connection_kwargs["socket_timeout"] == 2.0
            await store.aclose()

    asyncio.run(work())


# -- given clients ---------------------------------------------------------------------------------------------

LEFT_OPEN = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""By a client that was given, whose event loop was closed before it; it is collected before the next test."""


@pytest.fixture
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@LEFT_OPEN
@pytest.mark.usefixtures("_collected")
def test_a_given_async_client_may_serve_one_event_loop_after_another(place: Redis) -> None:
    """The first one is served by the client itself, the others by clients like it."""
    client = redis.asyncio.Redis.from_url(place.url)
    store = RedisStateStore(client, prefix=place.prefix)

    async def work(version: int) -> None:
        assert await store.acommit(commit(entity(version=version)), None)

    for version in (1, 2, 3, 4):
        asyncio.run(work(version))
    assert get(store) == entity(version=4)
    store.close()


def test_a_given_async_client_is_used_again_after_closing(place: Redis) -> None:
    async def work() -> None:
        client = redis.asyncio.Redis.from_url(place.url)
        store = RedisStateStore(client, prefix=place.prefix)
        for version in (1, 2):
            assert await store.acommit(commit(entity(version=version)), None)
            assert store._clients._awaited.get().client is client
            await store.aclose()
        await client.aclose()

    asyncio.run(work())


@LEFT_OPEN
@pytest.mark.usefixtures("_collected")
def test_a_given_async_client_of_another_event_loop_is_a_store_error_with_the_remedy(place: Redis) -> None:
    client = redis.asyncio.Redis.from_url(place.url)
    asyncio.run(client.ping())  # type: ignore[arg-type]
    store = RedisStateStore(client, prefix=place.prefix)
    with pytest.raises(StoreError, match="has served another event loop can't serve this one: give the URL"):
        asyncio.run(store.aload(MACHINE, "o-1", None, False))


# -- clusters --------------------------------------------------------------------------------------------------


class Cluster(NamedTuple):
    url: str
    prefix: str


@pytest.fixture
def cluster(servers: Servers) -> Iterator[Cluster]:
    """A cluster that others use as well, and a prefix of its own."""
    cluster = Cluster(servers.redis_cluster(), f"test-{uuid.uuid4().hex}")
    yield cluster
    with redis.Redis.from_url(cluster.url) as client:
        for key in client.scan_iter(f"{cluster.prefix}:*", count=1_000):
            client.delete(key)


def test_beside_a_clusters_client_an_awaited_one_is_made_for_each_event_loop(cluster: Cluster) -> None:
    client = redis.RedisCluster.from_url(cluster.url, decode_responses=True, socket_timeout=7)
    store = RedisStateStore(client, prefix=cluster.prefix)

    async def work(version: int) -> None:
        assert await store.acommit(commit(entity(version=version), actions=1), None)
        made: Any = store._clients._awaited.get().client
        assert made.connection_kwargs["socket_timeout"] == 7
        await store.aclose()

    for version in (1, 2):
        asyncio.run(work(version))
    assert get(store) == entity(version=2)
    store.close()
    client.close()


def test_beside_a_clusters_async_client_one_that_is_called_is_made(cluster: Cluster) -> None:
    async def work() -> None:
        client = redis.asyncio.RedisCluster.from_url(cluster.url)
        store = RedisStateStore(client, prefix=cluster.prefix)
        assert await store.acommit(commit(entity(), actions=2), None)
        for _ in range(2):
            store.renew([action(entity()).key], HOUR)
            assert get(store) == entity()
            store.close()
        await store.aclose()
        assert await client.ping()
        await client.aclose()

    asyncio.run(work())


@LEFT_OPEN
@pytest.mark.usefixtures("_collected")
def test_a_clusters_async_client_may_serve_one_event_loop_after_another(cluster: Cluster) -> None:
    client = redis.asyncio.RedisCluster.from_url(cluster.url)
    store = RedisStateStore(client, prefix=cluster.prefix)

    async def work(version: int) -> None:
        assert await store.acommit(commit(entity(version=version)), None)

    for version in (1, 2, 3):
        asyncio.run(work(version))


def test_a_cluster_that_can_not_be_reached_is_a_store_error() -> None:
    async def work() -> None:
        client = redis.asyncio.RedisCluster(host="127.0.0.1", port=1)
        store = RedisStateStore(client)
        with pytest.raises(StoreError, match="Redis did not answer"):
            get(store)
        await client.aclose()

    asyncio.run(work())


YAML = """
    meta: {machine_name: egg}
    states: [{name: raw, type: initial}, {name: soft}, {name: hard, on_enter: [crack]}]
    transitions:
      - {trigger: boil, source: raw, dest: soft}
      - {source: soft, dest: hard, after: 20ms}
    """


def test_a_watching_scheduler_serves_a_store_with_a_clusters_client(cluster: Cluster) -> None:
    client = redis.RedisCluster.from_url(cluster.url)
    clock = AsyncioScheduler(patience=0.02)
    eggs = orchestrated(YAML, RedisStateStore(client, prefix=cluster.prefix), scheduler=clock)
    eggs.start()
    eggs.process_event("e", "boil")
    until(lambda: eggs.get("e").state == "hard")  # type: ignore[union-attr]
    eggs.close()
    client.close()


def test_claims_are_renewed_where_a_clusters_async_client_was_given(cluster: Cluster) -> None:
    """S8.1: nobody else runs an action that runs"""

    async def work() -> None:
        client = redis.asyncio.RedisCluster.from_url(cluster.url)
        gate = Gate()
        eggs = orchestrated(
            YAML, RedisStateStore(client, prefix=cluster.prefix), actions={"crack": gate}, action_lease=0.3
        )
        await eggs.async_process_event("e", "boil")
        firing = asyncio.create_task(_fired(eggs))
        await gate.reached.wait()
        for _ in range(4):
            await asyncio.sleep(0.15)
            assert await eggs.arecover() == 0
        gate.opened.set()
        await firing
        assert gate.most == 1
        await eggs.aclose()
        await client.aclose()

    asyncio.run(work())


async def _fired(eggs: Any) -> None:
    while not await eggs.arun_due():
        await asyncio.sleep(0.005)
