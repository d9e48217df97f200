"""The scripts that Redis runs, in Lua: each is one change, and touches one partition of one machine only.

Nothing undoes what a script has written before it fails. So one that writes looks first whether all it may touch is of
the kind it should be; after that nothing can fail. Records are passed and kept as they come: Lua's numbers and JSON
would not give them back unchanged.
"""

from __future__ import annotations

import hashlib

KINDS = {
    "entities": "hash",  # id: record
    "versions": "hash",  # id: version, and when it was created
    "states": "hash",  # id: state
    "commits": "hash",  # id: what tells the last commit from others
    "ids": "zset",  # ids, in order
    "in_state": "zset",  # states with ids, in order
    "counts": "hash",  # state: number of entities
    "due": "zset",  # ids, by when their first timer is due
    "audit": "hash",  # number: record
    "history": "zset",  # ids with the numbers of their rows, in order
    "ages": "zset",  # the same, by their age
    "events": "hash",  # id with event id: number of the row
    "event_of": "hash",  # and the other way round
    "last": "hash",  # the last number given to a row
    "actions": "hash",  # key: record
    "tries": "hash",  # key: attempts, not before, claimed until
    "places": "hash",  # key: its place among all actions, and the id
    "free": "zset",  # keys, by when they are free to be claimed
    "failed": "hash",  # key: error
    "actions_of": "zset",  # ids with keys, in order
}
"""The keys of a partition. ``KEYS`` has them all, in this order, and the lock of the entity in question after them."""

_NAMES = f"local {', '.join(KINDS)} = unpack(KEYS, 1, {len(KINDS)})\n"
_CHECK = f"""
local kinds = {{{", ".join(f"'{kind}'" for kind in KINDS.values())}}}
for i, kind in ipairs(kinds) do
    local found = redis.call('TYPE', KEYS[i]).ok
    if found ~= kind and found ~= 'none' then
        return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is a ' .. found)
    end
end
"""
_COMMON = """
local lock = KEYS[#KEYS]

local function text(number)
    return string.format('%.0f', number)
end

local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A text that another one may follow, so that both can be told apart and those with the same beginning lie together.
local function before(beginning)
    return #beginning .. ':' .. beginning .. ':'
end

local function all_before(key, beginning)
    return redis.call('ZRANGEBYLEX', key, '[' .. before(beginning), '(' .. #beginning .. ':' .. beginning .. ';')
end

local function leave(state, id)
    redis.call('ZREM', in_state, before(state) .. id)
    if redis.call('HINCRBY', counts, state, -1) == 0 then
        redis.call('HDEL', counts, state)
    end
end

-- Put an entity in the place of its version before, with all that leads to it.
local function write(id, expected, version, state, moment, record)
    if (redis.call('HGET', versions, id) or '0') ~= expected then
        return false
    end
    local old = redis.call('HGET', states, id)
    if old ~= state then
        if old then
            leave(old, id)
        else
            redis.call('ZADD', ids, 0, id)
        end
        redis.call('ZADD', in_state, 0, before(state) .. id)
        redis.call('HINCRBY', counts, state, 1)
        redis.call('HSET', states, id, state)
    end
    redis.call('HSET', versions, id, version)
    redis.call('HSET', entities, id, record)
    if moment == '' then
        redis.call('ZREM', due, id)
    else
        redis.call('ZADD', due, moment, id)
    end
    return true
end

local function tell(id, at, event, row)
    local number = string.format('%016.0f', redis.call('HINCRBY', last, 'row', 1))
    redis.call('HSET', audit, number, row)
    redis.call('ZADD', history, 0, before(id) .. number)
    redis.call('ZADD', ages, at, before(id) .. number)
    if event ~= '' then
        redis.call('HSET', events, before(id) .. event, number)
        redis.call('HSET', event_of, number, before(id) .. event)
    end
end

local function forget_row(place)
    local number = string.sub(place, -16)
    local event = redis.call('HGET', event_of, number)
    if event then
        redis.call('HDEL', events, event)
        redis.call('HDEL', event_of, number)
    end
    redis.call('HDEL', audit, number)
    redis.call('ZREM', history, place)
    redis.call('ZREM', ages, place)
end

local PLACE = 22

local function forget_action(key)
    local id = string.sub(redis.call('HGET', places, key), PLACE + 1)
    redis.call('ZREM', actions_of, before(id) .. key)
    redis.call('ZREM', free, key)
    for _, each in ipairs({actions, tries, places, failed}) do
        redis.call('HDEL', each, key)
    end
end

local function tries_of(key)
    local attempts, not_before, claimed_until = string.match(redis.call('HGET', tries, key), '(%d+) (%d+) (%d+)')
    return tonumber(attempts), tonumber(not_before), tonumber(claimed_until)
end

-- Note how often an action was tried, and from when on it is free: unless it has failed for good.
local function set_tries(key, attempts, not_before, claimed_until)
    redis.call('HSET', tries, key, text(attempts) .. ' ' .. text(not_before) .. ' ' .. text(claimed_until))
    if redis.call('HEXISTS', failed, key) == 0 then
        redis.call('ZADD', free, text(math.max(not_before, claimed_until)), key)
    end
end

-- An action as it is told: its record, and what has changed since it was planned.
local function told(key)
    return {
        string.sub(redis.call('HGET', places, key), 1, PLACE),
        redis.call('HGET', actions, key),
        redis.call('HGET', tries, key),
        redis.call('HGET', failed, key) or '',
    }
end
"""


class Script:
    """A script, with the name by which Redis knows it once it has seen it. One that ``is_repeatable`` may run twice."""

    def __init__(self, text: str, *, is_repeatable: bool = False) -> None:
        self.text = text
        self.is_repeatable = is_repeatable
        self.name = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _repeatable(text: str) -> Script:
    return Script(_NAMES + _COMMON + text, is_repeatable=True)


def _writes(text: str) -> Script:
    return Script(_NAMES + _CHECK + _COMMON + text)


# These three have one key only, which is none of a partition; what they do may be done twice.

OPEN = Script(
    """
local number = redis.call('GET', KEYS[1])
if not number then
    number = ARGV[1]
    redis.call('SET', KEYS[1], number)
end
return number
""",
    is_repeatable=True,
)

KNOW_MACHINE = Script("return redis.call('SADD', KEYS[1], ARGV[1])", is_repeatable=True)

MACHINES = Script("return redis.call('SMEMBERS', KEYS[1])", is_repeatable=True)

LOAD = _repeatable("""
local id, event, mine, lease = unpack(ARGV)
local number = event ~= '' and redis.call('HGET', events, before(id) .. event)
local found = {text(now()), redis.call('HGET', entities, id), number and redis.call('HGET', audit, number)}
if mine ~= '' and redis.call('GET', lock) ~= mine and not redis.call('SET', lock, mine, 'NX', 'PX', lease) then
    return false
end
return found
""")

UNLOCK = _repeatable("""
if redis.call('GET', lock) == ARGV[1] then
    redis.call('DEL', lock)
end
""")

COMMIT = _writes("""
local id, expected, version, state, moment, record, commit, mine, has_row, at, event, row = unpack(ARGV, 1, 12)
local FIRST, STEP = 13, 4
if redis.call('HGET', commits, id) == commit then
    return 1 -- it was done, but whoever sent it did not hear of it
end
local holder = redis.call('GET', lock)
if holder and holder ~= mine then
    return 0
end
if holder then
    redis.call('DEL', lock)
end
if event ~= '' and redis.call('HEXISTS', events, before(id) .. event) == 1 then
    return 0
end
if not write(id, expected, version, state, moment, record) then
    return 0
end
redis.call('HSET', commits, id, commit)
if has_row ~= '' then
    tell(id, at, event, row)
end
local time = redis.call('TIME')
for i = FIRST, #ARGV, STEP do
    local key, attempts, not_before, claimed_until = ARGV[i], string.match(ARGV[i + 1], '(%d+) (%d+) (%d+)')
    local place = string.format('%010.0f%06.0f%06.0f', time[1], time[2], (i - FIRST) / STEP)
    redis.call('HSET', actions, key, ARGV[i + 2])
    redis.call('HSET', places, key, place .. id)
    redis.call('ZADD', actions_of, 0, before(id) .. key)
    if ARGV[i + 3] ~= '' then
        redis.call('HSET', failed, key, ARGV[i + 3])
    end
    set_tries(key, attempts, tonumber(not_before), tonumber(claimed_until))
end
return 1
""")

RECORD = _writes("tell(ARGV[1], ARGV[2], '', ARGV[3])")

AUDIT = _repeatable("""
local rows = {}
for i, place in ipairs(all_before(history, ARGV[1])) do
    rows[i] = redis.call('HGET', audit, string.sub(place, -16))
end
return rows
""")

PRUNE = _writes("""
local kept, limit = unpack(ARGV)
local old = redis.call('ZRANGEBYSCORE', ages, '-inf', '(' .. text(now() - kept), 'LIMIT', 0, limit)
for _, place in ipairs(old) do
    forget_row(place)
end
return #old
""")

FIND = _repeatable("""
local state, has_state, after, limit = unpack(ARGV)
if has_state == '' then
    local from = after == '' and '-' or '(' .. after
    return redis.call('ZRANGEBYLEX', ids, from, '+', 'LIMIT', 0, limit)
end
local from = after == '' and '[' .. before(state) or '(' .. before(state) .. after
local found = redis.call('ZRANGEBYLEX', in_state, from, '(' .. #state .. ':' .. state .. ';', 'LIMIT', 0, limit)
for i, member in ipairs(found) do
    found[i] = string.sub(member, #before(state) + 1)
end
return found
""")

READ = _repeatable("""
local found = {}
for i, id in ipairs(ARGV) do
    found[i] = redis.call('HGET', entities, id)
end
return found
""")

COUNT = _repeatable("return redis.call('HGETALL', counts)")

DELETE = _writes("""
local id = ARGV[1]
for _, place in ipairs(all_before(history, id)) do
    forget_row(place)
end
for _, member in ipairs(all_before(actions_of, id)) do
    forget_action(string.sub(member, #before(id) + 1))
end
local state = redis.call('HGET', states, id)
if not state then
    return 0
end
leave(state, id)
redis.call('ZREM', ids, id)
redis.call('ZREM', due, id)
for _, each in ipairs({entities, versions, states, commits}) do
    redis.call('HDEL', each, id)
end
return 1
""")

DUE = _repeatable("""
local moment, limit = unpack(ARGV)
if moment == '' then
    moment = text(now())
end
return redis.call('ZRANGEBYSCORE', due, '-inf', moment, 'WITHSCORES', 'LIMIT', 0, limit)
""")

NEXT_DUE = _repeatable("return {text(now()), redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]}")

CLAIMABLE = _repeatable("""
local limit, force = tonumber(ARGV[1]), ARGV[2] ~= ''
local moment = now()
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', free, '-inf', force and '+inf' or text(moment))) do
    local _, not_before = tries_of(key)
    if not_before <= moment then
        found[#found + 1] = {string.sub(redis.call('HGET', places, key), 1, PLACE), key}
    end
end
table.sort(found, function(one, other) return one[1] < other[1] end)
for i = #found, limit + 1, -1 do
    found[i] = nil
end
return found
""")

CLAIM = _writes("""
local lease, force = tonumber(ARGV[1]), ARGV[2] ~= ''
local moment = now()
local claimed = {}
for i = 3, #ARGV do
    local key = ARGV[i]
    local score = redis.call('ZSCORE', free, key)
    if score then
        local attempts, not_before, claimed_until = tries_of(key)
        if not_before <= moment and (force or claimed_until <= moment) then
            set_tries(key, attempts, not_before, moment + lease)
            claimed[#claimed + 1] = told(key)
        end
    end
end
return claimed
""")

HAS_ACTION = _repeatable("return redis.call('HEXISTS', actions, ARGV[1])")

RENEW = _writes("""
local lease = tonumber(ARGV[1])
for i = 2, #ARGV do
    if redis.call('HEXISTS', actions, ARGV[i]) == 1 then
        local attempts, not_before = tries_of(ARGV[i])
        set_tries(ARGV[i], attempts, not_before, now() + lease)
    end
end
""")

FINISH = _writes("""
local key, has_patch, id, expected, version, state, moment, record = unpack(ARGV)
if redis.call('HEXISTS', actions, key) == 0 then
    return 1
end
if has_patch ~= '' then
    if redis.call('GET', lock) or not write(id, expected, version, state, moment, record) then
        return 0
    end
end
forget_action(key)
return 1
""")

POSTPONE = _writes("""
local key, attempts, delay = unpack(ARGV)
if redis.call('HEXISTS', actions, key) == 1 then
    set_tries(key, attempts, now() + delay, 0)
end
""")

GIVE_UP = _writes("""
local key, attempts, error = unpack(ARGV)
if redis.call('HEXISTS', actions, key) == 1 then
    local _, not_before = tries_of(key)
    redis.call('HSET', failed, key, error)
    redis.call('ZREM', free, key)
    set_tries(key, attempts, not_before, 0)
end
""")

FAILED = _repeatable("""
local found = {}
for i, key in ipairs(redis.call('HKEYS', failed)) do
    found[i] = told(key)
end
return found
""")

RETRY = _writes("""
local key, lease = unpack(ARGV)
if redis.call('HDEL', failed, key) == 0 then
    return {}
end
set_tries(key, 0, 0, now() + lease)
return {told(key)}
""")
