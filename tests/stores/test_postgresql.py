"""What only the store in PostgreSQL does."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from pystator_runtime.errors import ConfigurationError, StoreError
from pystator_runtime.stores import SQLAlchemyStateStore, sql_engines
from pystator_runtime.stores.sql_queries import Queries, Query
from support.orchestrated import until
from support.places import PostgreSQL
from support.running import in_threads
from support.servers import Servers
from support.stored import FAR, HOUR, ID, MACHINE, action, audit, commit, entity, get, put


@pytest.fixture
def place(tmp_path: Path, servers: Servers) -> Iterator[PostgreSQL]:
    place = PostgreSQL(tmp_path, servers)
    yield place
    place.end()


@pytest.fixture
def engine(place: PostgreSQL) -> Iterator[Engine]:
    engine = create_engine(place.url.set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


# -- what it costs ---------------------------------------------------------------------------------------------

CALLS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "load": (1, lambda store: store.load(MACHINE, ID, None, False)),
    "load with an event id": (1, lambda store: store.load(MACHINE, ID, "e", False)),
    "create": (1, lambda store: store.commit(commit(entity("new"), event_id="e", actions=3), None)),
    "commit": (1, lambda store: store.commit(commit(entity(version=2), event_id="e-2", actions=3), None)),
    "commit without actions": (1, lambda store: store.commit(commit(entity(version=2)), None)),
    "conflict": (1, lambda store: store.commit(commit(entity(version=5), event_id="e-2", actions=3), None)),
    "record": (1, lambda store: store.record(audit(entity(), success=False))),
    "due": (1, lambda store: store.due(MACHINE, None, 10)),
    "next_due": (1, lambda store: store.next_due(MACHINE)),
    "claim": (1, lambda store: store.claim(MACHINE, HOUR, 10, False)),
    "renew": (1, lambda store: store.renew([action(entity()).key], HOUR)),
    "finish": (1, lambda store: store.finish(action(entity()).key, None)),
    "finish with a patch": (1, lambda store: store.finish(action(entity()).key, entity(version=2))),
    "give up": (1, lambda store: store.give_up(action(entity()).key, 1, "no")),
    "find": (1, lambda store: store.find(MACHINE, "open", "a", 10)),
    "count_by_state": (1, lambda store: store.count_by_state(MACHINE)),
    "lock and unlock": (4, lambda store: store.unlock(store.load(MACHINE, ID, None, True).lock)),  # BEGIN to ROLLBACK
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("own", [True, False], ids=["own", "given"])
def test_a_call_costs_one_round_trip(own: bool, name: str, place: PostgreSQL, engine: Engine) -> None:
    """A round trip ends with the server being ready for the next one."""
    store = place.open() if own else SQLAlchemyStateStore(engine)
    put(store, entity(), event_id="e", actions=2)
    expected, call = CALLS[name]
    with tempfile.TemporaryFile() as trace:
        with store._engines.called()._engine.connect() as connection:  # the one that the pool gives next
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.pgconn.trace(trace.fileno())
        call(store)
        raw.pgconn.untrace()
        trace.seek(0)
        told = trace.read().decode(errors="replace")
    assert told.count("ReadyForQuery") == expected


def test_costs_do_not_grow_with_the_number_of_entities(place: PostgreSQL) -> None:
    """What is asked often reads an index, and as much of it as is wanted."""
    store = place.open()
    put(store, entity(next_due=FAR), event_id="e", actions=1)
    place.execute(
        "INSERT INTO pystator_entities SELECT machine, i::text, i::text, 's' || i % 10, 's' || i % 10, context,"
        " history, timers, CASE WHEN i % 2 = 0 THEN i END, 1, NULL, 1, 1"
        " FROM pystator_entities, generate_series(1, 5000) AS i",
        "ANALYZE",
    )
    ask = store._ask
    for query in (
        ask.load(MACHINE, ID, "e"),
        ask.find(MACHINE, None, None, 10),
        ask.find(MACHINE, None, "2", 10),
        ask.find(MACHINE, "s3", None, 10),
        ask.find(MACHINE, "s3", "2", 10),
        ask.due(MACHINE, 100, 10),
        ask.due(MACHINE, 0, 10),
        ask.next_due(MACHINE),
        ask.claim(MACHINE, HOUR, 10, False),
        ask.commit(commit(entity(version=2), actions=1)),
        ask.finish(action(entity()).key, entity(version=2)),
    ):
        with store._engines.called()._engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {query.text}", query.values).scalar_one()
        read = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "pystator_entities"]
        assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) < 100, (query.text, plan)
        assert not [node for node in read if node["Node Type"] == "Seq Scan"], (query.text, plan)


ENTITY, EVENT, PENDING = "pystator_entities_key", "pystator_audit_event", "pystator_actions_pending"
INDEXES: dict[str, tuple[set[str], Callable[[Queries], Query[Any]]]] = {
    "load": ({ENTITY}, lambda ask: ask.load(MACHINE, ID, None)),
    "load with an event id": ({ENTITY, EVENT}, lambda ask: ask.load(MACHINE, ID, "e")),
    "commit": ({ENTITY}, lambda ask: ask.commit(commit(entity(version=2), event_id="e", actions=1))),
    "finish": ({"pystator_actions_key"}, lambda ask: ask.finish(action(entity()).key, None)),
    "due": ({"pystator_entities_due"}, lambda ask: ask.due(MACHINE, None, 10)),
    "next_due": ({"pystator_entities_due"}, lambda ask: ask.next_due(MACHINE)),
    "claim": ({PENDING, "pystator_actions_pkey"}, lambda ask: ask.claim(MACHINE, HOUR, 10, False)),
    "prune": ({"pystator_audit_at"}, lambda ask: ask.prune(MACHINE, HOUR)),
    "audit": ({"pystator_audit_entity"}, lambda ask: ask.audit(MACHINE, ID)),
    "delete": (
        {ENTITY, "pystator_audit_entity", "pystator_actions_entity"},
        lambda ask: ask.delete(MACHINE, ID),
    ),
}


@pytest.mark.parametrize("name", INDEXES)
def test_a_plan_that_was_made_for_empty_tables_is_right_for_full_ones(name: str, place: PostgreSQL) -> None:
    """Connections keep plans for statements that they send often, until somebody analyzes the tables."""
    store = place.open()
    put(store, entity(next_due=FAR), event_id="e", actions=1)
    wanted, ask = INDEXES[name]
    query = ask(store._ask)
    types = ", ".join(
        {int: "bigint", bool: "boolean", list: "text[]"}.get(type(v), "text") for v in query.values.values()
    )
    prepared = query.text % {name: f"${number}" for number, name in enumerate(query.values, 1)}
    with store._engines.called()._engine.connect() as connection:
        connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE asked({types}) AS {prepared}")
        nulls = ", ".join("NULL" for _ in query.values)
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE asked({nulls})").scalar_one()
    scans = [node for node in nodes(plan[0]["Plan"]) if "Index Name" in node]
    assert {scan["Index Name"] for scan in scans} == wanted, plan
    conditions = {scan["Index Name"]: scan.get("Index Cond", "") for scan in scans}
    for index, column in {"pystator_entities_due": "next_due <=", "pystator_audit_at": "at <"}.items():
        assert name == "next_due" or column in conditions.get(index, column), plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_that_an_action_is_done_need_not_be_on_the_disk_but_all_else(place: PostgreSQL) -> None:
    store = place.open()
    put(store, entity(), actions=1)
    assert store.finish(action(entity()).key, None)
    assert store.claim(MACHINE, HOUR, 10, True) == []
    with store._engines.called()._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


# -- how it is opened ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["sqlite:///x.db", "mysql://h/d", "postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d", "redis://h", "x.db", ""],
)
def test_other_databases_and_drivers_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        SQLAlchemyStateStore(url)


def test_engines_of_other_databases_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="for SQLite there is SQLiteStateStore"):
        SQLAlchemyStateStore(create_engine("sqlite://"))


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_url_is_read_as_one_for_psycopg(driver: str, place: PostgreSQL) -> None:
    url = place.url.set(drivername=driver).render_as_string(hide_password=False)
    with closing(SQLAlchemyStateStore(url)) as store:
        put(store, entity())


def test_a_server_that_does_not_answer_is_a_store_error(tmp_path: Path) -> None:
    with closing(SQLAlchemyStateStore(f"postgresql://nobody@/nothing?host={tmp_path}")) as store:
        for call in (lambda: get(store), lambda: store.commit(commit(entity()), None)):
            with pytest.raises(StoreError) as told:
                call()
            assert "not known" not in str(told.value)


@pytest.mark.parametrize("options", [{}, {"isolation_level": "SERIALIZABLE"}])
def test_a_given_engine_is_used_and_left_open(options: dict[str, Any], place: PostgreSQL) -> None:
    engine = create_engine(place.url.set(drivername="postgresql+psycopg"), **options)
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, record: opened.append(connection))
    with engine.connect() as connection, closing(SQLAlchemyStateStore(engine)) as store:
        put(store, entity(), actions=1)
        held = store.load(MACHINE, ID, None, True)
        assert held is not None
        assert store.commit(commit(entity(version=2)), held.lock)
        store.close()
        assert connection.execute(text("SELECT count(*) FROM pystator_entities")).scalar_one() == 1
    assert len(opened) == 2
    engine.dispose()


def test_a_given_async_engine_is_used_and_the_other_kind_made(place: PostgreSQL) -> None:
    async def work() -> None:
        engine = create_async_engine(place.url.set(drivername="postgresql+psycopg"))
        opened: list[object] = []
        event.listen(engine.sync_engine, "connect", lambda connection, record: opened.append(connection))
        store = SQLAlchemyStateStore(engine)
        assert await store.acommit(commit(entity()), None)
        assert get(store) == entity()
        await store.aclose()
        assert len(opened) == 1
        await engine.dispose()

    asyncio.run(work())


def test_an_engine_that_was_given_serves_those_who_await_by_its_url(engine: Engine) -> None:
    store = SQLAlchemyStateStore(engine)
    put(store, entity())

    async def work() -> None:
        loaded = await store.aload(MACHINE, ID, None, False)
        assert loaded is not None
        assert loaded.entity == entity()
        await store.aclose()

    asyncio.run(work())


def connections(place: PostgreSQL) -> int:
    ((number,),) = place.execute(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{place.schema}'")
    return int(number)


@pytest.mark.parametrize("closes", [True, False])
def test_one_event_loop_may_follow_another_and_each_closes_its_connections(closes: bool, place: PostgreSQL) -> None:
    store = SQLAlchemyStateStore(place.url.update_query_dict({"application_name": place.schema}))

    async def work(version: int) -> None:
        assert await store.acommit(commit(entity(version=version)), None)
        assert connections(place) == 1
        if closes:
            await store.aclose()

    for version in (1, 2, 3):
        asyncio.run(work(version))
        until(lambda: connections(place) == 0)
    assert get(store) == entity(version=3)
    store.close()


def test_what_a_loop_has_left_open_that_was_closed_by_hand_is_closed_when_the_next_one_comes(place: PostgreSQL) -> None:
    store = SQLAlchemyStateStore(place.url.update_query_dict({"application_name": place.schema}))
    for version in (1, 2):
        with closing(asyncio.new_event_loop()) as loop:
            assert loop.run_until_complete(store.acommit(commit(entity(version=version)), None))
            until(lambda: connections(place) == 1)
    store.close()
    until(lambda: connections(place) == 0)


def test_many_await_at_once(place: PostgreSQL) -> None:
    store = SQLAlchemyStateStore(place.url)

    async def work() -> None:
        await asyncio.gather(*(store.acommit(commit(entity(str(number)), actions=1), None) for number in range(50)))
        assert len(await store.afind(MACHINE, None, None, 100)) == 50
        await store.aclose()

    asyncio.run(work())


# -- the tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["machines", 'Say "it\'s 100%"'])
def test_tables_may_lie_in_a_schema(schema: str, place: PostgreSQL, engine: Engine) -> None:
    schema = f"{schema} {place.schema}"
    store = SQLAlchemyStateStore(engine, schema=schema)
    put(store, entity(), event_id="e", actions=1)
    held = store.load(MACHINE, ID, "e", True)
    assert held is not None
    other = place.open()
    put(other, entity())  # its own entity, and its own lock
    assert store.commit(commit(entity(version=2)), held.lock)
    assert store.delete(MACHINE, ID)
    assert get(other) == entity()
    with engine.begin() as connection:
        assert len(inspect(connection).get_table_names(schema=schema)) == 3
        quoted = engine.dialect.identifier_preparer.quote_schema(schema).replace("%%", "%")
        connection.exec_driver_sql(f"DROP SCHEMA {quoted} CASCADE".replace("%", "%%"), {})


def test_tables_may_be_made_by_others(place: PostgreSQL, engine: Engine) -> None:
    """By Alembic, say, with a role that the application does not have."""
    store = SQLAlchemyStateStore(engine)
    assert set(store.metadata.tables) == {"pystator_entities", "pystator_audit", "pystator_actions"}
    store.metadata.create_all(engine)
    role = f"role_{place.schema}"
    place.execute(
        f"CREATE ROLE {role} LOGIN",
        f"GRANT USAGE ON SCHEMA {place.schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {place.schema} TO {role}",
    )
    try:
        with closing(SQLAlchemyStateStore(place.url.set(username=role))) as humble:
            put(humble, entity(), event_id="e", actions=1)
            assert humble.finish(action(entity()).key, entity(version=2))
            assert humble.delete(MACHINE, ID)
    finally:
        place.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_role_that_may_not_make_them_says_so(place: PostgreSQL) -> None:
    role = f"role_{place.schema}"
    place.execute(f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {place.schema} TO {role}")
    try:
        humble = SQLAlchemyStateStore(place.url.set(username=role))
        with closing(humble), pytest.raises(StoreError, match="permission denied"):
            get(humble)
    finally:
        place.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


# -- when connections die --------------------------------------------------------------------------------------


def kill_connections(place: PostgreSQL) -> None:
    place.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        f" WHERE pid <> pg_backend_pid() AND usename = 'postgres' AND application_name = '{place.schema}'"
    )


@pytest.fixture
def named(place: PostgreSQL) -> Iterator[SQLAlchemyStateStore]:
    """A store whose connections can be told from others."""
    with closing(SQLAlchemyStateStore(place.url.update_query_dict({"application_name": place.schema}))) as store:
        put(store, entity(), event_id="e", actions=1)
        yield store


def test_reading_goes_on_with_a_new_connection(place: PostgreSQL, named: SQLAlchemyStateStore) -> None:
    kill_connections(place)
    assert get(named) == entity()
    assert named.commit(commit(entity(version=2)), None)


def test_a_commit_on_a_dead_connection_says_that_its_outcome_is_not_known(
    place: PostgreSQL, named: SQLAlchemyStateStore
) -> None:
    kill_connections(place)
    with pytest.raises(StoreError, match="whether it was written is not known"):
        named.commit(commit(entity(version=2)), None)
    assert named.commit(commit(entity(version=2)), None)


def test_a_lock_on_a_dead_connection_is_lost(place: PostgreSQL, named: SQLAlchemyStateStore) -> None:
    held = named.load(MACHINE, ID, None, True)
    assert held is not None
    kill_connections(place)
    again = named.load(MACHINE, ID, None, True)
    assert again is not None
    with pytest.raises(StoreError):
        named.commit(commit(entity(version=2)), held.lock)
    assert named.commit(commit(entity(version=2)), again.lock)


def test_an_error_that_is_no_loss_does_not_leave_doubt(place: PostgreSQL, named: SQLAlchemyStateStore) -> None:
    with place.broken("UPDATE ON pystator_entities"), pytest.raises(StoreError) as told:
        named.commit(commit(entity(version=2)), None)
    assert "not known" not in str(told.value)
    assert "it breaks here" in str(told.value)


def test_threads_that_come_first_at_once_share_one_engine(place: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would close another one"""
    made: list[Engine] = []

    def make_slowly(*arguments: Any, **options: Any) -> Engine:
        time.sleep(0.05)
        made.append(create_engine(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(sql_engines, "create_engine", make_slowly)
    store = place.open()
    assert in_threads(lambda _: get(store), 4) == [None] * 4
    assert len(made) == 1


def test_a_connection_that_is_in_use_while_closing_is_closed_when_it_is_given_back(place: PostgreSQL) -> None:
    """Or it would stay open until it is found to be garbage."""
    store = SQLAlchemyStateStore(place.url)
    store.load(MACHINE, ID, None, False)
    engine = store._engines._called
    assert engine is not None
    with engine.connect() as connection:
        used = connection.connection.driver_connection
        assert used is not None
        store.close()
        assert not used.closed
    assert used.closed
    assert store.load(MACHINE, ID, None, False).entity is None
    store.close()
