"""Actions of stored entities: at least once, under a stable key, in order, and each one's outcome is told (S8)."""

from __future__ import annotations

import asyncio
import copy
import threading
from typing import Any

import pytest

from pystator_runtime import ActionError, ActionExecutor, ActionRegistry, ConfigurationError, ExecutionMode
from pystator_runtime.orchestrator import acting
from support.doubles import Double
from support.orchestrated import Deeds, orchestrated, until

YAML = """
    meta: {machine_name: order}
    states: [{name: new, type: initial, on_exit: [leave]}, {name: open, on_enter: [enter]}]
    transitions:
      - {trigger: approve, source: new, dest: open, actions: [{name: act, params: {to: [x]}}, more]}
      - {trigger: retry, source: new, dest: open, actions: [{name: act, retry: 2}]}
      - {trigger: wait, source: new, dest: open, actions: [{name: act, retry: 2, retry_backoff: 0.002}]}
      - {trigger: hurry, source: new, dest: open, actions: [{name: act, timeout: 0.05}, more]}
    """
NAMES = ("leave", "act", "more", "enter")


def acting_on(store: Any, deeds: Deeds, yaml: str = YAML, **settings: Any) -> Any:
    return orchestrated(yaml, store, actions=deeds.named(*NAMES), **settings)


def test_they_run_in_planned_order_and_each_outcome_is_told(store: Any, door: Any) -> None:
    """S8.1, S8.6: a failing action undoes nothing, the rest still run"""
    deeds = Deeds(act=1)
    orders = acting_on(store, deeds)
    result = door.send(orders, "o-1", "approve")
    assert result.success
    assert deeds.names == ["leave", "act", "more", "enter"]
    assert [outcome.status for outcome in result.execution.action_results] == ["ok", "failed", "ok", "ok"]
    assert type(result.execution.action_results[1].error) is ConnectionError
    assert door.get(orders, "o-1").state == "open"


def test_params_reach_the_function_as_keywords_and_in_the_context(store: Any, door: Any) -> None:
    """S8.5"""
    seen: list[Any] = []

    def act(ctx: Any, to: list[str]) -> None:
        seen.append(copy.deepcopy((to, ctx["_action_params"])))
        to.append("mine")

    orders = orchestrated(YAML, store, actions={"act": act})
    for entity_id in ("o-1", "o-2"):
        door.send(orders, entity_id, "approve")
    assert seen == [(["x"], {"to": ["x"]})] * 2


def test_an_action_that_fails_is_tried_again_at_once_with_the_same_key(store: Any, door: Any) -> None:
    """S8: `retry` counts the tries after the first"""
    deeds = Deeds(act=2)
    orders = acting_on(store, deeds)
    result = door.send(orders, "o-1", "retry")
    assert deeds.names == ["leave", "act", "act", "act", "enter"]
    assert len(set(deeds.keys)) == 3
    assert result.execution.all_succeeded
    assert orders.failed_actions() == []


def test_after_its_last_try_an_action_stays_and_can_be_looked_at(store: Any, door: Any) -> None:
    """S8"""
    deeds = Deeds(act=3)
    orders = acting_on(store, deeds)
    result = door.send(orders, "o-1", "retry")
    assert result.execution.failed_actions == ["act"]
    (failed,) = orders.failed_actions()
    assert (failed.entity_id, failed.name, failed.attempts) == ("o-1", "act", 3)
    assert failed.error == "ConnectionError: act is away"
    assert failed.key in deeds.keys
    assert door.recover(orders, force=True) == 0, "nobody tries it again by himself"


def test_a_failed_action_can_be_run_again_with_all_of_its_tries(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""
    deeds = Deeds(act=5)
    orders = acting_on(store, deeds)
    door.send(orders, "o-1", "retry")
    key = orders.failed_actions()[0].key
    deeds.contexts.clear()
    assert door.retry_action(orders, key)
    assert deeds.names == ["act", "act", "act"]
    assert deeds.keys == [key] * 3
    assert orders.failed_actions() == []
    assert not door.retry_action(orders, key), "it is done"
    assert not door.retry_action(orders, "unheard of")


def test_running_a_failed_action_again_runs_no_other(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""
    deeds = Deeds(act=99)
    orders = acting_on(store, deeds)
    for entity_id in ("o-1", "o-2"):
        door.send(orders, entity_id, "retry")
    one, other = orders.failed_actions()
    store.retry("order", other.key, 0)  # it waits to be run by whoever comes
    deeds.contexts.clear()
    assert door.retry_action(orders, one.key)
    assert set(deeds.keys) == {one.key}


def test_a_failed_action_that_fails_again_is_listed_again(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions"""
    orders = acting_on(store, Deeds(act=99))
    door.send(orders, "o-1", "approve")
    before = orders.failed_actions()
    assert [failed.params for failed in before] == [{"to": ["x"]}]
    assert door.retry_action(orders, before[0].key)
    assert orders.failed_actions() == before


@pytest.mark.parametrize(("attempts", "tried"), [(0, 1), (2, 3)])
def test_the_policy_of_the_machine_says_how_often_where_the_action_does_not(
    store: Any, door: Any, attempts: int, tried: int
) -> None:
    """docs/yaml.md#error_policy"""
    deeds = Deeds(act=99)
    orders = acting_on(store, deeds, f"{YAML.rstrip()}\n    error_policy: {{retry_attempts: {attempts}}}\n")
    door.send(orders, "o-1", "approve")
    door.send(orders, "o-2", "retry")
    assert deeds.names.count("act") == tried + 3


def test_a_short_pause_is_spent_by_the_caller(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions: retry_backoff"""
    deeds = Deeds(act=2)
    orders = acting_on(store, deeds)
    assert door.send(orders, "o-1", "wait").execution.all_succeeded
    assert deeds.names.count("act") == 3


def test_a_long_pause_is_spent_in_the_store(store: Any, door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """retry_backoff: the sender is not kept waiting, and whoever serves timers goes on with it"""
    monkeypatch.setattr(acting, "MAXIMUM_PAUSE", 0)
    deeds = Deeds(act=2)
    orders = acting_on(store, deeds)
    result = door.send(orders, "o-1", "wait")
    assert deeds.names == ["leave", "act", "enter"]
    assert [outcome.reason for outcome in result.execution.action_results] == [None, "tried again in 0.002 s", None]
    assert orders.failed_actions() == []
    until(lambda: door.run_due(orders) == [] and deeds.names.count("act") == 3)
    assert door.recover(orders, force=True) == 0
    assert len(set(deeds.keys)) == 3


def test_pauses_grow_and_tries_are_counted_across_them(store: Any, door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/orchestrator.md#actions: retry_backoff"""
    monkeypatch.setattr(acting, "MAXIMUM_PAUSE", 0)
    pauses: list[int] = []

    class Watched(Double):
        async def meet(self, name: str, call: Any, *given: Any) -> Any:
            if name == "postpone" and given[-1]:  # else a claim is given back
                pauses.append(given[-1])
            return await call(*given)

    orders = acting_on(Watched(store), Deeds(act=99))
    door.send(orders, "o-1", "wait")
    until(lambda: door.recover(orders) == 0 and orders.failed_actions())
    assert pauses == [2, 4]
    assert orders.failed_actions()[0].attempts == 3


def test_a_sync_action_that_takes_too_long_is_left_behind(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions: timeout"""
    ended = threading.Event()

    def act(ctx: Any) -> None:
        ended.wait(30)
        ctx["late"] = True

    deeds = Deeds()
    orders = orchestrated(YAML, store, actions={**deeds.named("more"), "act": act})
    result = door.send(orders, "o-1", "hurry")
    assert result.execution.failed_actions == ["act"]
    assert str(result.execution.action_results[1].error).startswith("it took longer than 0.05 s")
    assert deeds.names == ["more"], "the others do not wait for it"
    assert "TimeoutError: it took longer" in orders.failed_actions()[0].error
    ended.set()
    assert door.get(orders, "o-1").context == {}


def test_an_async_action_that_takes_too_long_is_cancelled(store: Any) -> None:
    """docs/orchestrator.md#actions: timeout"""
    told: list[str] = []

    async def act(ctx: Any) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    orders = orchestrated(YAML, store, actions={"act": act})
    result = asyncio.run(orders.async_process_event("o-1", "hurry"))
    assert result.execution.failed_actions == ["act"]
    assert told == ["cancelled"]
    assert orders.failed_actions()[0].error == "TimeoutError: it took longer than 0.05 s"


def test_an_action_in_time_answers_as_without_a_timeout(store: Any, door: Any) -> None:
    """docs/orchestrator.md#actions: timeout"""
    deeds = Deeds(act=1)
    orders = acting_on(store, deeds, YAML.replace("timeout: 0.05", "timeout: 30, retry: 1"))
    result = door.send(orders, "o-1", "hurry")
    assert [outcome.result for outcome in result.execution.action_results] == [f"did {name}" for name in NAMES]


def test_a_timeout_of_the_actions_own_is_its_error(store: Any, door: Any) -> None:
    """S8.6"""

    def act(ctx: Any) -> None:
        raise TimeoutError("the bank did not answer")

    orders = orchestrated(YAML.replace("0.05", "30"), store, actions={"act": act})
    result = door.send(orders, "o-1", "hurry")
    assert str(result.execution.action_results[1].error) == "the bank did not answer"


async def _async_act(ctx: Any) -> str:
    await asyncio.sleep(0)
    return "done"


def test_async_and_sync_actions_may_be_mixed(store: Any) -> None:
    """S8.7"""
    orders = orchestrated(YAML, store, actions={**Deeds().named("more"), "act": _async_act})
    result = asyncio.run(orders.async_process_event("o-1", "approve"))
    assert [outcome.result for outcome in result.execution.action_results] == [None, "done", "did more", None]


def test_an_async_action_on_a_sync_path_is_refused_before_anything_is_written(store: Any) -> None:
    """S5.5, S8: it names the way out"""
    orders = orchestrated(YAML, store, actions={"act": _async_act})
    with pytest.raises(ActionError, match=r"action 'act' is async .* use async_process_event"):
        orders.process_event("o-1", "approve")
    assert orders.get("o-1") is None


def test_a_sync_caller_leaves_what_only_an_async_one_can_run(store: Any) -> None:
    """S8: however much of it there is"""
    async_only = orchestrated(YAML, store, actions={"act": _async_act})
    failing = orchestrated(YAML, store, actions=Deeds(act=999).named("act"))
    for number in range(120):
        failing.process_event(f"o-{number}", "approve")
    for failed in failing.failed_actions():
        store.retry("order", failed.key, 0)
    deeds = Deeds(more=1)
    last = orchestrated(YAML, store, actions=deeds.named("more"))
    last.process_event("last", "approve")
    store.retry("order", last.failed_actions()[0].key, 0)
    mixed = orchestrated(YAML, store, actions={"act": _async_act, **deeds.named("more")})
    assert mixed.recover() == 1
    assert deeds.names == ["more", "more"]
    assert mixed.recover(force=True) == 0
    assert asyncio.run(async_only.arecover()) == 120
    assert asyncio.run(async_only.arecover(force=True)) == 0


# -- modes -----------------------------------------------------------------------------------------------------


def _executor(mode: ExecutionMode, functions: Any, **settings: Any) -> ActionExecutor:
    return ActionExecutor(ActionRegistry(functions), mode=mode, **settings)


class Meeting:
    """Async actions that note who runs beside whom."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.running: set[str] = set()
        self.together: set[frozenset[str]] = set()

    def named(self, *names: str) -> Any:
        return {name: self._function(name) for name in names}

    def _function(self, name: str) -> Any:
        async def act(ctx: Any) -> None:
            self.running.add(name)
            self.together.add(frozenset(self.running))
            await asyncio.sleep(0.01)
            self.together.add(frozenset(self.running))
            self.running.discard(name)
            if name in self.fails:
                raise ConnectionError(name)

        return act


def test_parallel_actions_run_all_at_once(store: Any) -> None:
    """S8.7"""
    meeting = Meeting()
    orders = orchestrated(YAML, store, executor=_executor(ExecutionMode.PARALLEL, meeting.named(*NAMES)))
    result = asyncio.run(orders.async_process_event("o-1", "approve"))
    assert frozenset(NAMES) in meeting.together
    assert [outcome.action_name for outcome in result.execution.action_results] == list(NAMES)


def test_phased_actions_run_phase_by_phase(store: Any) -> None:
    """S8.7"""
    meeting = Meeting()
    orders = orchestrated(YAML, store, executor=_executor(ExecutionMode.PHASED, meeting.named(*NAMES)))
    asyncio.run(orders.async_process_event("o-1", "approve"))
    assert max(meeting.together, key=len) == {"act", "more"}
    assert not any("leave" in met and len(met) > 1 for met in meeting.together)


@pytest.mark.parametrize("mode", ["sequential", "phased"])
def test_with_stop_on_error_the_rest_is_skipped_and_can_be_run_by_hand(store: Any, mode: str) -> None:
    """S8.6"""
    meeting = Meeting("act")
    executor = _executor(ExecutionMode(mode), meeting.named(*NAMES), stop_on_error=True)
    orders = orchestrated(YAML, store, executor=executor)
    result = asyncio.run(orders.async_process_event("o-1", "approve"))
    skipped = ["enter"] if mode == "phased" else ["more", "enter"]
    assert result.execution.skipped_actions == skipped
    assert result.execution.action_results[-1].reason == "act failed before it"
    failed = {failed.name: failed for failed in orders.failed_actions()}
    assert list(failed) == ["act", *skipped]
    assert failed["enter"].error == "skipped: act failed before it"
    assert asyncio.run(orders.aretry_action(failed["enter"].key))


def _crashed(store: Any) -> None:
    """An orchestrator whose process has died in the first of its actions."""

    def die(ctx: Any) -> None:
        raise KeyboardInterrupt

    orders = orchestrated(YAML, store, actions={"leave": die}, action_lease=0.001)
    with pytest.raises(KeyboardInterrupt):
        orders.process_event("o-1", "approve")


def test_what_a_crash_has_left_stops_on_error_too(store: Any, door: Any) -> None:
    """S8.6"""
    _crashed(store)
    deeds = Deeds(act=99)
    orders = orchestrated(
        YAML, store, executor=_executor(ExecutionMode.SEQUENTIAL, deeds.named(*NAMES), stop_on_error=True)
    )
    door.recover(orders, force=True)
    assert deeds.names == ["leave", "act"]
    assert [failed.name for failed in orders.failed_actions()] == ["act", "more", "enter"]


def test_an_action_that_is_tried_again_later_holds_back_those_after_it(store: Any, door: Any) -> None:
    """S8.6: it has not failed at its last try"""
    deeds = Deeds(act=1)
    yaml = YAML.replace("{name: act, params: {to: [x]}}", "{name: act, retry: 1, retry_backoff: 1.001}")
    orders = orchestrated(
        yaml, store, executor=_executor(ExecutionMode.SEQUENTIAL, deeds.named(*NAMES), stop_on_error=True)
    )
    result = door.send(orders, "o-1", "approve")
    assert result.execution.skipped_actions == ["more", "enter"]
    assert result.execution.action_results[-1].reason == "act failed before it and is tried again"
    assert orders.failed_actions() == []
    until(lambda: door.recover(orders) and len(deeds.names) == 5)
    assert deeds.names == ["leave", "act", "act", "more", "enter"]


def test_what_a_sync_sweep_leaves_to_others_is_not_taken_from_them(store: Any) -> None:
    """Claims are given back by those who have them."""
    _crashed(store)
    during: list[Any] = []

    def act(ctx: Any) -> None:
        until(lambda: renewed.is_set())
        during.extend(store.claim("order", 0, 10, False))

    async def enter(ctx: Any) -> None: ...

    renewed = threading.Event()
    sweeping = orchestrated(YAML, _Renewed(store, renewed), actions={"act": act, "enter": enter}, action_lease=0.05)
    assert sweeping.recover(force=True) == 3
    assert during == [], "it is still claimed by the sweep, long after its lease"
    assert [action.attempts for action in store.claim("order", 0, 10, False)] == [0], "now it is free"


class _Renewed(Double):
    """A store that tells when claims have been renewed a few times."""

    def __init__(self, store: Any, renewed: threading.Event) -> None:
        super().__init__(store)
        self._times, self._renewed = 0, renewed

    async def meet(self, name: str, call: Any, *given: Any) -> Any:
        answer = await call(*given)
        if name == "renew":
            self._times += 1
            if self._times > 5:
                self._renewed.set()
        return answer


def test_closing_while_an_action_runs_keeps_its_claim(store: Any) -> None:
    """Or another process would run it a second time meanwhile."""
    begun, renewed = threading.Event(), threading.Event()

    def act(ctx: Any) -> None:
        begun.set()
        renewed.wait(30)

    counted = _Renewed(store, renewed)
    orders = orchestrated(YAML, counted, actions={"act": act}, action_lease=0.05)
    running = threading.Thread(target=orders.process_event, args=("o-1", "approve"))
    running.start()
    begun.wait(30)
    orders.close()
    assert renewed.wait(30), "nobody renews the claim any more"
    running.join()
    assert store.claim("order", 0, 10, True) == []
    orders.close()


def test_parallel_actions_need_an_async_caller(store: Any) -> None:
    """S8.7"""
    orders = orchestrated(YAML, store, executor=_executor(ExecutionMode.PARALLEL, Deeds().named(*NAMES)))
    with pytest.raises(ConfigurationError, match="use async_process_event"):
        orders.process_event("o-1", "approve")
    assert orders.get("o-1") is None


def test_phased_actions_of_a_sync_caller_run_one_after_the_other(store: Any) -> None:
    """S8.7"""
    deeds = Deeds()
    orders = orchestrated(YAML, store, executor=_executor(ExecutionMode.PHASED, deeds.named(*NAMES)))
    orders.process_event("o-1", "approve")
    assert deeds.names == list(NAMES)


# -- claims ----------------------------------------------------------------------------------------------------


def test_what_runs_or_waits_for_what_runs_is_taken_by_nobody_else_however_long_it_takes(store: Any) -> None:
    """A claim is renewed while the action runs, and order holds"""
    others, taken = Deeds(), []

    def act(ctx: Any) -> None:
        end = threading.Event()
        for _ in range(20):
            end.wait(0.02)
            taken.append(other.recover())

    other = acting_on(store, others, action_lease=0.1)
    orders = orchestrated(YAML, store, actions={"act": act}, action_lease=0.1)
    orders.process_event("o-1", "approve")
    assert taken == [0] * 20
    assert others.names == []


def test_what_nobody_renews_is_found_by_recover(store: Any, door: Any) -> None:
    """docs/orchestrator.md#after-a-crash: claims expire"""

    class Dead(BaseException):
        """The process has died here."""

    def act(ctx: Any) -> None:
        raise Dead

    orders = orchestrated(YAML, store, actions={"act": act}, action_lease=0.05)
    with pytest.raises(Dead):
        door.send(orders, "o-1", "approve")
    deeds = Deeds()
    other = acting_on(store, deeds)
    ran = []
    until(lambda: ran.append(door.recover(other)) or sum(ran) == 3)
    assert deeds.names == ["act", "more", "enter"]
    assert door.recover(other, force=True) == 0


def test_force_takes_what_others_have_claimed(store: Any, door: Any) -> None:
    """docs/orchestrator.md#after-a-crash: recover(force=True)"""

    class Dead(BaseException):
        """The process has died here."""

    def act(ctx: Any) -> None:
        raise Dead

    orders = orchestrated(YAML, store, actions={"act": act})
    with pytest.raises(Dead):
        door.send(orders, "o-1", "approve")
    deeds = Deeds()
    other = acting_on(store, deeds)
    assert door.recover(other) == 0
    assert door.recover(other, force=True) == 3
    assert deeds.names == ["act", "more", "enter"]


def test_an_action_that_cannot_be_read_keeps_no_other_back(store: Any, door: Any) -> None:
    """S13.4, S8"""

    class Odd:
        def encode(self, value: Any, /) -> Any:
            return value

        def decode(self, value: Any, /) -> Any:
            raise ValueError("unreadable")

    orders = acting_on(store, Deeds(act=9))
    door.send(orders, "o-1", "approve", {"odd": 1})
    door.send(orders, "o-2", "approve")
    for failed in orders.failed_actions():
        store.retry("order", failed.key, 0)
    deeds = Deeds()
    other = acting_on(store, deeds, codecs={"odd": Odd()})
    assert door.recover(other) == 1
    assert deeds.names == ["act"]
    (failed,) = other.failed_actions()
    assert failed.entity_id == "o-1"
    assert "odd is 1, which is no value that its codec knows: unreadable" in failed.error


def test_a_thread_that_renews_claims_ends_when_there_is_nothing_to_renew(store: Any) -> None:
    """An idle orchestrator costs nothing"""
    before = set(threading.enumerate())
    orders = acting_on(store, Deeds(), action_lease=0.03)
    orders.process_event("o-1", "approve")
    until(lambda: not any(thread.name == "pystator-claims" for thread in {*threading.enumerate()} - before))


def test_closing_waits_for_the_thread_that_renews_claims(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a connection that it has taken stays open."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    renew = store.renew

    def slowly(*arguments: Any) -> None:
        begun.set()
        go_on.wait(30)
        renew(*arguments)
        ended.set()

    def act(ctx: Any) -> None:
        begun.wait(30)

    monkeypatch.setattr(store, "renew", slowly)
    orders = orchestrated(YAML, store, actions={"act": act}, action_lease=0.03)
    orders.process_event("o-1", "approve")
    closing = threading.Thread(target=orders.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    go_on.set()
    closing.join()
    assert ended.is_set()


def test_an_action_that_begins_while_closing_keeps_its_claim(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that is ending renews nothing any more, so there has to be another."""
    begun, go_on, renewed = threading.Event(), threading.Event(), threading.Event()
    renew = store.renew
    threads: list[Any] = []

    def slowly(keys: Any, lease: int) -> None:
        if not threads:
            threads.append(threading.current_thread())
            begun.set()
            go_on.wait(30)
        elif threading.current_thread() is not threads[0]:
            renewed.set()
        renew(keys, lease)

    def act(ctx: Any) -> None:
        if ctx["_entity_id"] == "o-1":
            begun.wait(30)
        else:
            assert renewed.wait(30), "nobody has renewed the claim"

    monkeypatch.setattr(store, "renew", slowly)
    orders = orchestrated(YAML, store, actions={"act": act}, action_lease=0.03)
    orders.process_event("o-1", "approve")
    closing = threading.Thread(target=orders.close)
    closing.start()
    until(lambda: orders._actor._claims._closing.is_set())
    assert orders.process_event("o-2", "approve").execution.all_succeeded
    go_on.set()
    closing.join()
    orders.close()
