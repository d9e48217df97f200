"""What the store does in Redis: which scripts it calls, in which partitions, and what it makes of their answers.

A procedure is a generator: it yields the calls that can be sent together, and is sent the replies. So it is written
once, for clients that are called and for those that are awaited.
"""

from __future__ import annotations

import sys
import uuid
import zlib
from asyncio import CancelledError
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from pystator_runtime.errors import ConfigurationError, StoreError
from pystator_runtime.records import ActionRecord, AuditRecord, Commit, EntityRecord, Loaded
from pystator_runtime.stores import redis_scripts as scripts
from pystator_runtime.stores.redis_records import decoded, encoded, pack, unpack

ResultT = TypeVar("ResultT")

_PRUNED_AT_ONCE = 500
_REMEMBERED = 10_000
"""Of how many actions a store knows by heart in which partition they are."""


class LostError(StoreError):
    """Redis did not answer: what was sent may have been done or not."""


class Call(NamedTuple):
    """A script to be run, with its keys and arguments."""

    script: scripts.Script
    keys: Sequence[bytes]
    arguments: Sequence[bytes]


Procedure = Generator[list[Call], list[Any], ResultT]


class Lock(NamedTuple):
    """What tells the holder of a lock from others."""

    machine: str
    entity_id: str
    holder: bytes


class Partition(NamedTuple):
    machine: str
    number: int


class Procedures:
    """The procedures, on the keys that begin with ``prefix``."""

    def __init__(self, prefix: str, partitions: int, lock_lease: int) -> None:
        self._prefix = prefix
        self._number = partitions
        self._lock_lease = lock_lease
        self._is_open = False
        self._known: set[str] = set()
        self._places: dict[str, Partition] = {}
        self._keys: dict[Partition, list[bytes]] = {}

    # -- partitions --------------------------------------------------------------------------------------------

    def _call(self, script: scripts.Script, where: Partition, *arguments: str | int | bytes, lock: str = "") -> Call:
        """A call in one partition; ``lock`` names the entity whose lock the script is to look at."""
        keys = self._keys.get(where)
        if keys is None:
            tag = f"{self._prefix}:{{{quote(encoded(where.machine), safe='')}:{where.number}}}:"
            keys = self._keys[where] = [encoded(tag + name) for name in (*scripts.KINDS, "lock:")]
        given = [a if isinstance(a, bytes) else b"%d" % a if isinstance(a, int) else encoded(a) for a in arguments]
        return Call(script, [*keys[:-1], keys[-1] + encoded(lock)], given)

    def _common(self, script: scripts.Script, name: str, *arguments: bytes) -> Call:
        return Call(script, [encoded(f"{self._prefix}:{name}")], arguments)

    def _place(self, machine: str, entity_id: str) -> Partition:
        """The partition of an entity: by its id, so that all of an entity is in one, and a script reaches it."""
        return Partition(machine, zlib.crc32(encoded(entity_id)) % self._number)

    def _all(self, machine: str) -> list[Partition]:
        return [Partition(machine, number) for number in range(self._number)]

    def when_open(self, procedure: Procedure[ResultT]) -> Procedure[ResultT]:
        """Do something, the first time only after a look at how the store was made."""
        if not self._is_open:
            yield from self._open()
        return (yield from procedure)

    def _open(self) -> Procedure[None]:
        """Look whether the store was made with as many partitions: entities would not be found in others."""
        (kept,) = yield [self._common(scripts.OPEN, "partitions", b"%d" % self._number)]
        if int(kept) != self._number:
            raise ConfigurationError(
                f"the store {self._prefix!r} in this Redis was made with {int(kept)} partitions, which is for ever: "
                f"open it with partitions={int(kept)}, not {self._number}"
            )
        self._is_open = True

    def _know(self, machine: str) -> Procedure[None]:
        """Remember that there is such a machine, for those who look for an action by its key alone."""
        if machine not in self._known:
            yield [self._common(scripts.KNOW_MACHINE, "machines", encoded(machine))]
            self._known.add(machine)

    def _remember(self, actions: Iterable[ActionRecord]) -> None:
        for action in actions:
            self._places[action.key] = self._place(action.machine, action.entity_id)
        while len(self._places) > _REMEMBERED:
            self._places.pop(next(iter(self._places)), None)

    def _find_action(self, key: str) -> Procedure[Partition | None]:
        """In which partition an action is: usually known, because who asks has planned or claimed it."""
        where = self._places.get(key)
        if where is not None:
            return where
        (machines,) = yield [self._common(scripts.MACHINES, "machines")]
        everywhere = [where for machine in machines for where in self._all(decoded(machine))]
        if not everywhere:
            return None
        found = yield [self._call(scripts.HAS_ACTION, where, key) for where in everywhere]
        return next((where for where, is_there in zip(everywhere, found, strict=True) if is_there), None)

    # -- entities ----------------------------------------------------------------------------------------------

    def load(self, machine: str, entity_id: str, event_id: str | None, lock: bool) -> Procedure[Loaded | None]:
        mine = Lock(machine, entity_id, uuid.uuid4().bytes) if lock else None
        return (yield from self._or_unlock(mine, self._load(machine, entity_id, event_id, mine)))

    def _load(self, machine: str, entity_id: str, event_id: str | None, mine: Lock | None) -> Procedure[Loaded | None]:
        holder = b"" if mine is None else mine.holder
        values = entity_id, _event(event_id), holder, self._lock_lease
        (found,) = yield [self._call(scripts.LOAD, self._place(machine, entity_id), *values, lock=entity_id)]
        if found is None:
            return None
        now, entity, repeated = found
        return Loaded(
            None if entity is None else unpack(EntityRecord, entity),
            None if repeated is None else unpack(AuditRecord, repeated),
            int(now),
            mine,
        )

    def _or_unlock(self, lock: Lock | None, procedure: Procedure[ResultT]) -> Procedure[ResultT]:
        """Give a lock back if what was to be done with it, or the taking itself, fails or is cancelled."""
        try:
            return (yield from procedure)
        except (Exception, CancelledError):
            if lock is not None:
                with suppress(StoreError):  # then it ends by itself
                    yield from self.unlock(lock)
            raise

    def unlock(self, lock: Lock) -> Procedure[None]:
        where = self._place(lock.machine, lock.entity_id)
        yield [self._call(scripts.UNLOCK, where, lock.holder, lock=lock.entity_id)]

    def commit(self, commit: Commit, lock: Lock | None) -> Procedure[bool]:
        done = yield from self._or_unlock(lock, self._commit(commit, lock))
        if done:
            self._remember(commit.actions)
        return done

    def _commit(self, commit: Commit, lock: Lock | None) -> Procedure[bool]:
        """Send a commit. If the answer gets lost it is sent again: Redis knows the last commit of an entity."""
        entity, audit = commit.entity, commit.audit
        yield from self._know(entity.machine)
        holder = b"" if lock is None else lock.holder
        values: list[str | int | bytes] = [*_written(entity, commit.expected), uuid.uuid4().bytes, holder]
        values += ["", 0, "", ""] if audit is None else ["1", audit.at, _event(audit.event_id), pack(audit)]
        for action in commit.actions:
            values += [action.key, _tries(action), pack(action), action.error]
        where = self._place(entity.machine, entity.entity_id)
        call = self._call(scripts.COMMIT, where, *values, lock=entity.entity_id)
        try:
            (done,) = yield [call]
        except LostError as lost:
            (done,) = yield [call]
            if not done:
                raise lost
        return bool(done)

    def record(self, audit: AuditRecord) -> Procedure[None]:
        where = self._place(audit.machine, audit.entity_id)
        yield [self._call(scripts.RECORD, where, audit.entity_id, audit.at, pack(audit))]

    def audit(self, machine: str, entity_id: str) -> Procedure[list[AuditRecord]]:
        (rows,) = yield [self._call(scripts.AUDIT, self._place(machine, entity_id), entity_id)]
        return [unpack(AuditRecord, row) for row in rows]

    def prune(self, machine: str, kept: int) -> Procedure[int]:
        """Delete old rows: some at a time, because nobody else is served meanwhile."""
        pruned, left = 0, self._all(machine)
        while left:
            numbers = yield [self._call(scripts.PRUNE, where, kept, _PRUNED_AT_ONCE) for where in left]
            pruned += sum(numbers)
            left = [where for where, number in zip(left, numbers, strict=True) if number == _PRUNED_AT_ONCE]
        return pruned

    def delete(self, machine: str, entity_id: str) -> Procedure[bool]:
        (done,) = yield [self._call(scripts.DELETE, self._place(machine, entity_id), entity_id, lock=entity_id)]
        return bool(done)

    def find(self, machine: str, state: str | None, after: str | None, limit: int) -> Procedure[list[EntityRecord]]:
        """Ask all partitions for ids, and those of the first ones for their entities."""
        found: list[EntityRecord] = []
        limit = min(limit, sys.maxsize)
        while (missing := limit - len(found)) > 0:
            wanted = "" if state is None else state, "" if state is None else "1", after or "", missing
            pages = yield [self._call(scripts.FIND, where, *wanted) for where in self._all(machine)]
            ids = [decoded(each) for each in islice(merge(*pages), missing)]
            if ids:
                entities = yield from self._read(machine, ids)
                found += [entity for entity in entities if state is None or entity.state == state]
            if len(ids) < missing:
                break
            after = ids[-1]  # go on, if what was found has been deleted or changed its state meanwhile
        return found

    def _read(self, machine: str, ids: Sequence[str]) -> Procedure[list[EntityRecord]]:
        asked: dict[Partition, list[str]] = {}
        for entity_id in ids:
            asked.setdefault(self._place(machine, entity_id), []).append(entity_id)
        replies = yield [self._call(scripts.READ, where, *some) for where, some in asked.items()]
        entities = [unpack(EntityRecord, entity) for reply in replies for entity in reply if entity is not None]
        return sorted(entities, key=lambda entity: entity.entity_id)

    def count_by_state(self, machine: str) -> Procedure[dict[str, int]]:
        counts: Counter[str] = Counter()
        replies = yield [self._call(scripts.COUNT, where) for where in self._all(machine)]
        for reply in replies:
            for state, number in zip(reply[::2], reply[1::2], strict=True):
                counts[decoded(state)] += int(number)
        return dict(counts)

    # -- timers ------------------------------------------------------------------------------------------------

    def due(self, machine: str, now: int | None, limit: int) -> Procedure[list[str]]:
        wanted = "" if now is None else now, limit
        replies = yield [self._call(scripts.DUE, where, *wanted) for where in self._all(machine)]
        moments = [zip(map(float, reply[1::2]), reply[::2], strict=True) for reply in replies]
        return [decoded(entity_id) for _, entity_id in islice(merge(*moments), limit)]

    def next_due(self, machine: str) -> Procedure[tuple[int | None, int]]:
        replies = yield [self._call(scripts.NEXT_DUE, where) for where in self._all(machine)]
        moments = [int(float(reply[1])) for reply in replies if len(reply) > 1]
        return min(moments, default=None), max(int(reply[0]) for reply in replies)

    # -- actions -----------------------------------------------------------------------------------------------

    def claim(self, machine: str, lease: int, limit: int, force: bool) -> Procedure[list[ActionRecord]]:
        """Ask all partitions what is free, and claim what has waited longest; what others were quicker to claim not."""
        forced = "1" if force else ""
        everywhere = self._all(machine)
        replies = yield [self._call(scripts.CLAIMABLE, where, limit, forced) for where in everywhere]
        free = [[(place, where, key) for place, key in reply] for where, reply in zip(everywhere, replies, strict=True)]
        wanted: dict[Partition, list[bytes]] = {}
        for _, where, key in islice(merge(*free), limit):
            wanted.setdefault(where, []).append(key)
        if not wanted:
            return []
        replies = yield [self._call(scripts.CLAIM, where, lease, forced, *keys) for where, keys in wanted.items()]
        claimed = _actions(replies)
        self._remember(claimed)
        return claimed

    def renew(self, keys: Sequence[str], lease: int) -> Procedure[None]:
        by_partition: dict[Partition, list[str]] = {}
        for key in keys:
            where = yield from self._find_action(key)
            if where is not None:
                by_partition.setdefault(where, []).append(key)
        if by_partition:
            yield [self._call(scripts.RENEW, where, lease, *some) for where, some in by_partition.items()]

    def finish(self, key: str, patched: EntityRecord | None) -> Procedure[bool]:
        where = yield from self._find_action(key)
        if where is None:
            return True
        patch = () if patched is None else _written(patched, patched.version - 1)
        given = [key, "" if patched is None else "1", *patch]
        lock = "" if patched is None else patched.entity_id
        (done,) = yield [self._call(scripts.FINISH, where, *given, lock=lock)]
        if done:
            self._places.pop(key, None)
        return bool(done)

    def postpone(self, key: str, attempts: int, delay: int) -> Procedure[None]:
        where = yield from self._find_action(key)
        if where is not None:
            yield [self._call(scripts.POSTPONE, where, key, attempts, delay)]

    def give_up(self, key: str, attempts: int, error: str) -> Procedure[None]:
        where = yield from self._find_action(key)
        if where is not None:
            yield [self._call(scripts.GIVE_UP, where, key, attempts, error)]

    def failed(self, machine: str) -> Procedure[list[ActionRecord]]:
        replies = yield [self._call(scripts.FAILED, where) for where in self._all(machine)]
        return _actions(replies)

    def retry(self, machine: str, key: str, lease: int) -> Procedure[ActionRecord | None]:
        replies = yield [self._call(scripts.RETRY, where, key, lease) for where in self._all(machine)]
        claimed = _actions(replies)
        self._remember(claimed)
        return claimed[0] if claimed else None


def _event(event_id: str | None) -> str:
    """An event id as scripts take it: an empty one is not none."""
    return "" if event_id is None else f"={event_id}"


def _tries(action: ActionRecord) -> str:
    return f"{action.attempts} {action.not_before} {action.claimed_until}"


def _written(entity: EntityRecord, expected: int) -> tuple[str | int | bytes, ...]:
    """What a script needs to write an entity and find it again.

    One that was deleted and made anew has the same versions again, but not the same moment of creation.
    """
    moment = "" if entity.next_due is None else entity.next_due
    before, after = (f"{version} {entity.created_at}" if version else "0" for version in (expected, entity.version))
    return entity.entity_id, before, after, entity.state, moment, pack(entity)


def _actions(replies: Iterable[Iterable[Sequence[bytes]]]) -> list[ActionRecord]:
    """Actions in the order in which they were planned, with what has changed since."""
    actions: list[ActionRecord] = []
    for _, record, tries, error in sorted((tuple(each) for reply in replies for each in reply), key=lambda t: t[0]):
        attempts, not_before, claimed_until = map(int, tries.split())
        actions.append(
            unpack(ActionRecord, record)._replace(
                attempts=attempts, not_before=not_before, claimed_until=claimed_until, error=decoded(error)
            )
        )
    return actions
