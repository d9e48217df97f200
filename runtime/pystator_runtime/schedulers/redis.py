"""A clock whose alarms are in Redis, where any number of processes share them."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pystator_runtime.errors import ConfigurationError
from pystator_runtime.schedulers.watching import PATIENCE, Watch, WatchingScheduler
from pystator_runtime.timers import Milliseconds
from pystator_runtime.waiting import arun

try:
    from pystator_runtime.stores.redis_clients import Clients
    from pystator_runtime.stores.redis_procedures import Call
    from pystator_runtime.stores.redis_records import decoded, encoded
    from pystator_runtime.stores.redis_scripts import Script
except ImportError as error:
    raise ConfigurationError(
        f"RedisScheduler needs redis-py: pip install 'pystator-runtime[redis]' ({error})"
    ) from error

if TYPE_CHECKING:
    import redis
    import redis.asyncio

SWEEP = 10.0
"""After how many seconds the store is searched for what is due and not in Redis."""

_LEASE: Milliseconds = 30_000
"""For how long nobody else rings for an entity that a process has taken; one that dies has it for no longer."""

_BATCH = 10
"""For how many entities a process rings before it looks again, so that others get their share."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number)
    return string.format('%.1f', number)
end
"""
_ARM = Script("redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])", is_repeatable=True)
# What is taken stays there, due again after the lease: whoever has taken it may die. No alarm that is armed has half a
# millisecond, so that is how the lease is known from one that was armed meanwhile.
_TAKE = Script(
    f"""{_NOW}
local lease = text(now + ARGV[1] + 0.5)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now), 'LIMIT', 0, ARGV[2])
for _, id in ipairs(due) do
    redis.call('ZADD', KEYS[1], lease, id)
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {{text(now), first[2] or text(now + ARGV[1]), lease, due}}
"""
)
_SETTLE = Script(
    f"""{_NOW}
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1) ~= tonumber(ARGV[2]) then
    return
end
if ARGV[3] == '' then
    redis.call('ZREM', KEYS[1], ARGV[1])
else
    redis.call('ZADD', KEYS[1], text(now + ARGV[3]), ARGV[1])
end
"""
)


class RedisScheduler(WatchingScheduler):
    """Fires the timers of orchestrators in whichever of several processes has time.

    When the first timer of each entity is due is kept in a sorted set in Redis, so that a process finds what others
    have armed without asking the store, and no two ring for the same. These are hints: what Redis loses is found in
    the store every ``sweep`` seconds, which is also when actions are run that nobody is at. Redis is looked at every
    ``patience`` seconds at least. The store may be any, in Redis or elsewhere.

    ``url_or_client`` is a URL (``redis://host:6379/0``) or a client of redis-py, of either kind; ``prefix`` is what
    keys begin with. It begins as :class:`~pystator_runtime.schedulers.AsyncioScheduler` does.
    """

    def __init__(
        self,
        url_or_client: str | redis.Redis | redis.RedisCluster | redis.asyncio.Redis | redis.asyncio.RedisCluster,
        *,
        patience: float = PATIENCE,
        sweep: float = SWEEP,
        prefix: str = "pystator",
    ) -> None:
        super().__init__(patience)
        if sweep <= 0:
            raise ConfigurationError(f"sweep={sweep}: the store can be searched after more than 0 seconds only")
        self.sweep = sweep
        self.clients = Clients(url_or_client)
        self._prefix = prefix

    def watch_over(self, orchestrator: Any) -> Watch:
        """A watch over the alarms in Redis, and now and then over the store."""
        return _Watch(orchestrator, self)

    def arm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """Tell all processes when the first timer of an entity is due."""
        self.clients.run(self._call(orchestrator, _ARM, due, entity_id))
        super().arm(orchestrator, entity_id, due)

    async def aarm(self, orchestrator: Any, entity_id: str, due: Milliseconds) -> None:
        """:meth:`arm`, awaiting Redis."""
        await self.clients.arun(self._call(orchestrator, _ARM, due, entity_id))
        super().arm(orchestrator, entity_id, due)

    def stop(self, orchestrator: Any) -> None:
        """Stop watching, and wait for the end of what is running."""
        super().stop(orchestrator)
        if not self._watches:
            self.clients.close()

    async def astop(self, orchestrator: Any) -> None:
        """:meth:`stop`, in the running event loop."""
        await super().astop(orchestrator)
        if not self._watches:
            await self.clients.aclose()

    async def take(self, orchestrator: Any) -> tuple[Milliseconds, Milliseconds, bytes, list[str]]:
        """Take some of the entities that are due.

        Returns:
            What time it is, when the next one is due, by what the lease is known, and the entities.
        """
        now, again, lease, due = await self.clients.arun(self._call(orchestrator, _TAKE, _LEASE, _BATCH))
        return int(float(now)), int(float(again)), lease, [decoded(entity_id) for entity_id in due]

    async def settle(self, orchestrator: Any, entity_id: str, lease: bytes, pause: Milliseconds | None) -> None:
        """Ring for an entity again after a ``pause``, or not at all, unless it was armed meanwhile."""
        given = b"" if pause is None else pause
        await self.clients.arun(self._call(orchestrator, _SETTLE, entity_id, lease, given))

    def _call(
        self, orchestrator: Any, script: Script, *arguments: str | int | bytes
    ) -> Generator[list[Call], list[Any], Any]:
        key = encoded(f"{self._prefix}:alarms:{quote(encoded(orchestrator.machine.name), safe='')}")
        given = [a if isinstance(a, bytes) else b"%d" % a if isinstance(a, int) else encoded(a) for a in arguments]
        (reply,) = yield [Call(script, [key], given)]
        return reply


class _Watch(Watch):
    """The watch over the alarms of one orchestrator."""

    def __init__(self, orchestrator: Any, scheduler: RedisScheduler) -> None:
        super().__init__(orchestrator, scheduler)
        self._alarms = scheduler
        self._swept: float | None = None

    async def look(self) -> tuple[Milliseconds, Milliseconds]:
        await self._sweep_now_and_then()
        self.listen()
        now, again, lease, due = await self._alarms.take(self.orchestrator)
        for entity_id in due:
            await self._alarms.settle(self.orchestrator, entity_id, lease, await self._ring(entity_id))
        return (now, now) if due else (now, again)  # if there were some, there may be more

    async def _sweep_now_and_then(self) -> None:
        if self._swept is None or time.monotonic() - self._swept >= self._alarms.sweep:
            await arun(self.orchestrator.fire_due(None, is_async=True, is_over=self.is_over))
            self._swept = time.monotonic()

    async def _ring(self, entity_id: str) -> Milliseconds | None:
        """Fire what is due, and say after how long to ring again."""
        if self.is_over():
            return 0
        pause: Milliseconds | None = await arun(self.orchestrator.ringer.answer_alarm(entity_id, is_async=True))
        return pause if pause is None or pause > 0 else _LEASE  # what is due and can't fire is not tried all the time
