"""The connections of the store in Redis, and what it is given to make them of."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from pystator_runtime.errors import StoreError
from pystator_runtime.schedulers import RedisScheduler
from pystator_runtime.stores import RedisStateStore
from support.places import Redis
from support.running import in_threads
from support.servers import Servers
from support.stored import MACHINE, commit, entity, get, put


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

LEFT_OPEN = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)  # by a client that was given, whose event loop was closed before it


@LEFT_OPEN
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
    del client, store
    gc.collect()


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
def test_a_given_async_client_of_another_event_loop_is_a_store_error_with_the_remedy(place: Redis) -> None:
    client = redis.asyncio.Redis.from_url(place.url)
    asyncio.run(client.ping())  # type: ignore[arg-type]
    store = RedisStateStore(client, prefix=place.prefix)
    with pytest.raises(StoreError, match="has served another event loop can't serve this one: give the URL"):
        asyncio.run(store.aload(MACHINE, "o-1", None, False))
    del client, store
    gc.collect()
