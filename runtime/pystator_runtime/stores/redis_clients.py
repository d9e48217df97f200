"""The clients of a store: the one that is called, and those that are awaited, one for each event loop."""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop, CancelledError, get_running_loop
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ConnectionError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from pystator_runtime import waiting
from pystator_runtime.errors import ConfigurationError, StoreError
from pystator_runtime.loops import PerLoop
from pystator_runtime.stores.redis_procedures import Call, LostError, Procedure
from pystator_runtime.urls import read_url, without_password

ResultT = TypeVar("ResultT")

_PARAMETERS = (
    "host", "port", "path", "db", "username", "password", "client_name", "credential_provider", "protocol",
    "socket_timeout", "socket_connect_timeout", "socket_keepalive", "health_check_interval",
    "ssl_keyfile", "ssl_certfile", "ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_data", "ssl_check_hostname",
)  # fmt: skip
"""What a client of one kind has in common with one of the other."""

_FAILURES = (RedisError, RedisClusterException, OSError)

_POOL = {"max_connections": 100, "timeout": 30.0}
"""How many connections a client that is made here has at most, and for how many seconds one is waited for."""


class Client:
    """A client, of the kind that is called or of that which is awaited: both have the same methods."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.is_cluster = isinstance(client, redis.RedisCluster | redis.asyncio.RedisCluster)

    def served(self, procedure: Procedure[ResultT]) -> waiting.Procedure[ResultT]:
        """Send what a procedure asks for, and tell it the replies."""
        outcome: list[Any] | StoreError | CancelledError | None = None
        while True:
            try:
                calls = _go_on(procedure, outcome)
            except StopIteration as done:
                result: ResultT = done.value
                return result
            try:
                outcome = yield from self._sent(calls)
                if isinstance(outcome, LostError) and _may_run_twice(calls):
                    outcome = yield from self._sent(calls)
            except CancelledError as cancelled:
                outcome = cancelled  # a procedure may have a lock to give back

    def _sent(self, calls: Sequence[Call]) -> waiting.Procedure[list[Any] | StoreError]:
        try:
            replies = yield from self._ask(calls, whole=False)
            if unknown := _unknown(replies):
                _fill(replies, unknown, (yield from self._ask([calls[i] for i in unknown], whole=True)))
            return _checked(replies)
        except _FAILURES as error:
            return _told(error, calls)
        except RuntimeError as error:
            if "loop" not in str(error):
                raise
            return _told(error, calls)

    def _ask(self, calls: Sequence[Call], *, whole: bool) -> waiting.Procedure[list[Any]]:
        """Send scripts, or their names; replies and errors as they come."""
        replies: list[Any] = []
        if len(calls) > 1 and not self.is_cluster:
            pipeline = self.client.pipeline(transaction=False)
            for call in calls:
                pipeline.execute_command(*_command(call, whole), NEVER_DECODE=True)
            replies = yield _either(pipeline.execute, raise_on_error=False)
            return replies
        for call in calls:
            try:
                replies.append((yield _either(self.client.execute_command, *_command(call, whole), NEVER_DECODE=True)))
            except ResponseError as error:
                replies.append(error)
        return replies


def _either(method: Callable[..., Any], *arguments: Any, **options: Any) -> waiting.Operation:
    """A method that a client of the one kind answers, and one of the other kind has awaited."""
    bound = partial(method, **options)
    return waiting.Operation(bound, bound, arguments)


def _go_on(procedure: Procedure[Any], outcome: list[Any] | StoreError | CancelledError | None) -> list[Call]:
    if isinstance(outcome, StoreError | CancelledError):
        return procedure.throw(outcome)
    return procedure.send(outcome)  # type: ignore[arg-type] # None starts it


def _command(call: Call, whole: bool) -> tuple[str | bytes | int, ...]:
    how = ("EVAL", call.script.text) if whole else ("EVALSHA", call.script.name)
    return (*how, len(call.keys), *call.keys, *call.arguments)


def _may_run_twice(calls: Sequence[Call]) -> bool:
    return all(call.script.is_repeatable for call in calls)


def _unknown(replies: Sequence[Any]) -> list[int]:
    """Which scripts Redis has not seen since it was started."""
    return [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]


def _fill(replies: list[Any], places: Sequence[int], missing: Sequence[Any]) -> None:
    for place, reply in zip(places, missing, strict=True):
        replies[place] = reply


def _checked(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies


def _told(error: Exception, calls: Sequence[Call]) -> StoreError:
    if isinstance(error, ConnectionError | TimeoutError | OSError):
        unknown = "" if _may_run_twice(calls) else "; whether this was done is not known"
        told: StoreError = LostError(f"Redis did not answer: {error}{unknown}")
    elif isinstance(error, RuntimeError):
        told = StoreError(
            f"Redis could not be asked: {error}; a client of redis.asyncio that has served another event loop can't "
            "serve this one: give the URL of Redis, of which each loop gets a client"
        )
    else:
        told = StoreError(f"Redis failed: {error}")
    told.__cause__ = error
    return told


class Clients:
    """One client was given, or the URL of both; what is missing is made when it is first needed."""

    def __init__(self, given: Any) -> None:
        kinds = (redis.Redis, redis.RedisCluster, redis.asyncio.Redis, redis.asyncio.RedisCluster)
        if not isinstance(given, (str, *kinds)):
            shown = without_password(repr(given))
            raise ConfigurationError(f"{shown} is neither a URL of Redis nor one of redis-py's clients")
        self._given = given
        self._is_called = isinstance(given, redis.Redis | redis.RedisCluster)
        self._called: Client | None = Client(given) if self._is_called else None
        self._mutex = threading.Lock()
        if isinstance(given, str):
            self._called = Client(self._make_called())  # which refuses a wrong URL
        self._home: AbstractEventLoop | None = None
        self._awaited: PerLoop[Client] = PerLoop(self._make_awaited, self._end, _drop)

    def run(self, procedure: Procedure[ResultT]) -> ResultT:
        """Run a procedure with the client that is called."""
        return waiting.run(self.called().served(procedure))

    async def arun(self, procedure: Procedure[ResultT]) -> ResultT:
        """Run a procedure with the client that is awaited in the running event loop."""
        return await waiting.arun(self._awaited.get().served(procedure))

    def called(self) -> Client:
        """The client that is called."""
        with self._mutex:
            if self._called is None:
                self._called = Client(self._make_called())
            return self._called

    def _make_called(self) -> Any:
        return self._made(redis, Retry(NoBackoff(), 0))

    def _make_awaited(self) -> Client:
        """The client that was given is for the loop that asks first, since its connections belong to one."""
        if not self._is_called and not isinstance(self._given, str):
            here = get_running_loop()
            self._home = self._home or here
            if self._home is here:
                return Client(self._given)
        return Client(self._made(redis.asyncio, AsyncRetry(NoBackoff(), 0)))

    def _made(self, kind: Any, retry: Any) -> Any:
        """A client of our own, as ``redis`` or ``redis.asyncio`` has them.

        It does not send a second time on its own account, for not everything may be done twice, and whoever finds all
        of its connections in use waits for one.
        """
        if isinstance(self._given, str):
            return kind.Redis.from_pool(read_url(self._given, "Redis", partial(_pool, kind, retry)))
        if isinstance(self._given, redis.RedisCluster | redis.asyncio.RedisCluster):
            return _cluster_like(self._given, kind, retry)
        pool = _pool_like(self._given.connection_pool, kind, retry)
        return kind.Redis.from_pool(pool)

    def close(self) -> None:
        """Close the connections of the client that was made here."""
        if self._called is not None and not self._is_called:
            client = self._called.client
            if self._called.is_cluster:
                client.disconnect_connection_pools()
            else:
                client.connection_pool.disconnect()

    async def aclose(self) -> None:
        """The same for the running event loop, too."""
        await self._awaited.aclose()
        self.close()

    async def _end(self, mine: Client) -> None:
        if mine.client is not self._given:
            await mine.client.aclose()


def _pool(kind: Any, retry: Any, url: str) -> Any:
    pool = kind.BlockingConnectionPool.from_url(url, retry=retry, **_POOL)
    parts = urlsplit(url)
    if parts.scheme != "unix" and "@" in parts.path + parts.fragment:
        raise ValueError("what precedes the last '@' ends before it")  # else a password would be taken for a port
    pool.connection_class(**pool.connection_kwargs)  # connects to nothing; refuses what is no option
    return pool


def _pool_like(given: Any, kind: Any, retry: Any) -> Any:
    """Connections of one kind that are made as those of a pool of either kind."""
    known, is_ssl = _parameters(given.connection_kwargs, given.connection_class)
    name = "UnixDomainSocketConnection" if "path" in known else "SSLConnection" if is_ssl else "Connection"
    return kind.BlockingConnectionPool(connection_class=getattr(kind, name), **known, retry=retry, **_POOL)


def _cluster_like(given: Any, kind: Any, retry: Any) -> Any:
    """A cluster's client of one kind that connects as one of either kind does, which finds its nodes at once."""
    manager = given.nodes_manager
    known, is_ssl = _parameters(manager.connection_kwargs, manager.connection_kwargs.get("connection_class"))
    is_ssl = is_ssl or bool(manager.connection_kwargs.get("ssl"))
    nodes = [kind.cluster.ClusterNode(node.host, node.port) for node in manager.startup_nodes.values()]
    for of_each_node in ("host", "port", "db"):
        known.pop(of_each_node, None)
    if limit := manager.connection_kwargs.get("max_connections"):
        known["max_connections"] = limit
    try:
        return kind.RedisCluster(
            startup_nodes=nodes, address_remap=manager.address_remap, ssl=is_ssl, retry=retry, **known
        )
    except _FAILURES as error:
        raise StoreError(f"Redis did not answer: {error}") from error


def _parameters(known: dict[str, Any], connection_class: Any) -> tuple[dict[str, Any], bool]:
    """With what connections are made, as far as both kinds know it, and whether through SSL."""
    is_ssl = issubclass(connection_class or object, redis.SSLConnection | redis.asyncio.SSLConnection)
    return {name: known[name] for name in _PARAMETERS if name in known}, is_ssl


def _drop(left: Client) -> None:
    """Of a loop that is closed nothing can be closed any more; the system does that."""
    del left
