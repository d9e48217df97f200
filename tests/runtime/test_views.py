"""Views: a session as the state it rests in. That they decide like every other door is proved at the doors."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from pystator_runtime import ErrorCode, GuardError, InvalidTransitionError, StaleViewError, StateView
from support.doors import bound, placed
from support.gate import Gate
from support.machines import load, machine_class

ORDER = """
    meta: {machine_name: order}
    events:
      - {name: fill, payload: {quantity: integer}}
      - {name: cancel, payload: {reason: string = none}}
    states:
      - {name: pending, type: initial}
      - {name: open, on_enter: [tell]}
      - {name: filled, type: terminal}
      - {name: cancelled, type: terminal}
    transitions:
      - {trigger: submit, source: pending, dest: open, guards: [allowed]}
      - {trigger: fill, source: open, dest: filled, guards: [{expr: "quantity > 9"}]}
      - {trigger: fill, source: open, internal: true}
      - {trigger: cancel, source: [pending, open], dest: cancelled}
    """

PARALLEL = """
    meta: {machine_name: trip}
    states:
      - {name: draft, type: initial}
      - name: booking
        type: parallel
        regions:
          - {name: flight, initial: no_flight, states: [no_flight, flight_booked]}
          - {name: hotel, initial: no_hotel, states: [no_hotel, hotel_booked]}
      - {name: no_flight}
      - {name: flight_booked, type: terminal}
      - {name: no_hotel}
      - {name: hotel_booked, type: terminal}
      - {name: booked, type: terminal}
      - {name: dropped, type: terminal}
    transitions:
      - {trigger: begin, source: draft, dest: booking}
      - {trigger: book_flight, source: no_flight, dest: flight_booked}
      - {trigger: book_hotel, source: no_hotel, dest: hotel_booked}
      - {trigger: drop, source: booking, dest: dropped}
      - {trigger: _join_booking, source: booking, dest: booked}
    """


def order(**options: Any) -> Any:
    return bound(ORDER, guards={"allowed": lambda ctx: True}).create("o-1", **options)


def triggers(view: Any) -> set[str]:
    """What a view offers beside what all of them do."""
    return {name for name in vars(type(view)) if not name.startswith("_")} - {"asend"}


# -- what a view shows -------------------------------------------------------------------------------


def test_a_view_offers_the_triggers_of_its_state_and_no_others() -> None:
    session = order()
    assert triggers(session.view()) == {"submit", "cancel"}
    session.submit()
    assert triggers(session.view()) == {"fill", "cancel"}
    session.cancel()
    assert triggers(session.view()) == set()
    assert not hasattr(session.view(), "asend")


def test_each_trigger_returns_the_next_view_and_the_result_is_on_it() -> None:
    session = order()
    pending = session.view()
    opened = pending.submit()
    still_open = opened.fill(quantity=1)
    filled = still_open.fill(quantity=10)
    assert [type(view).__name__ for view in (pending, opened, still_open, filled)] == [
        "OrderPendingView",
        "OrderOpenView",
        "OrderOpenView",
        "OrderFilledView",
    ]
    assert (filled.result.trigger, filled.result.source_state, filled.result.target_state) == ("fill", "open", "filled")
    assert (filled.state, filled.session) == ("filled", session)


def test_an_event_that_is_refused_leads_back_to_the_same_view() -> None:
    """S2.4"""
    session = bound(ORDER, guards={"allowed": lambda ctx: False}).create()
    refused = session.view().submit()
    assert type(refused).__name__ == "OrderPendingView"
    assert isinstance(refused.result.error, InvalidTransitionError)
    assert refused.submit().result.metadata["reason"] == "guards_failed"


def test_a_payload_that_is_not_as_declared_is_refused_through_a_view_as_well() -> None:
    refused = order().view().submit().fill(quantity="ten")
    assert refused.result.metadata["reason"] == "payload_validation"
    assert refused.state == "open"


def test_defaults_of_a_payload_are_filled_in_by_either_way_of_sending() -> None:
    assert order().view().cancel().session.context == {"reason": "none"}
    assert asyncio.run(order().view().asend("cancel")).session.context == {"reason": "none"}


def test_what_view_gave_has_no_result_and_says_where_results_are() -> None:
    view = order().view()
    assert not hasattr(view, "result")
    with pytest.raises(AttributeError, match="those of triggers are on the views they return"):
        view.result  # noqa: B018


def test_a_strict_session_raises_through_a_view_what_it_raises_anyway() -> None:
    session = bound(ORDER, guards={"allowed": lambda ctx: False}).create(strict=True)
    with pytest.raises(InvalidTransitionError):
        session.view().submit()


def test_a_view_can_be_told_apart_by_its_base() -> None:
    assert isinstance(order().view(), StateView)
    assert repr(order().view()) == "<OrderPendingView of <OrderSession 'o-1' in 'pending'>>"


# -- views of states that have been left -----------------------------------------------------------------


def test_a_view_of_a_state_that_has_been_left_raises_and_says_what_to_do() -> None:
    session = order()
    pending = session.view()
    session.submit()
    with pytest.raises(StaleViewError) as raised:
        pending.submit()
    assert str(raised.value) == (
        "this view shows 'pending', but the entity 'o-1' is in 'open' now: "
        "call view() on its session again and match what that gives"
    )
    assert raised.value.code is ErrorCode.STALE_VIEW
    with pytest.raises(StaleViewError):
        pending.state  # noqa: B018
    with pytest.raises(StaleViewError):
        asyncio.run(pending.asend("cancel"))
    assert session.current_state == "open"


def test_a_view_is_good_again_when_its_state_is() -> None:
    """A view holds nothing but its session: what it shows is then true again."""
    machine = machine_class(
        load(
            """
            states: [{name: off, type: initial}, {name: on}]
            transitions: [{trigger: press, source: off, dest: on}, {trigger: press, source: on, dest: off}]
            """
        )
    )()
    session = machine.create()
    off = session.view()
    off.press().press()
    assert off.press().state == "on"


def test_nothing_is_decided_for_a_view_that_became_stale_while_it_waited_for_its_turn() -> None:
    """S8.8: both tasks hold a view of the same state, and the first to have its turn leaves it."""

    async def scenario() -> None:
        gate = Gate()
        session = bound(ORDER, guards={"allowed": gate}).create("o-1")
        asked: list[Any] = []
        first = asyncio.create_task(session.view().asend("submit"))
        await gate.reached.wait()
        second = asyncio.create_task(session.view().asend("cancel"))
        await asyncio.sleep(0)
        gate.opened.set()
        asked.append(type(await first).__name__)
        with pytest.raises(StaleViewError, match="shows 'pending', but the entity 'o-1' is in 'open'"):
            await second
        assert (asked, session.current_state) == (["OrderOpenView"], "open")

    asyncio.run(scenario())


def test_of_threads_that_hold_a_view_of_one_state_one_leaves_it() -> None:
    """S8.8"""
    session = order(thread_safe=True)
    views = [session.view() for _ in range(8)]
    outcomes: list[str] = []

    def send(view: Any) -> None:
        try:
            outcomes.append(type(view.cancel()).__name__)
        except StaleViewError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=send, args=(view,)) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["OrderCancelledView", *["StaleViewError"] * 7]


def test_a_view_that_an_action_has_moved_on_from_is_that_of_the_step_and_stale() -> None:
    """S8.8: what the action sends is processed before the sender gets its answer."""
    sessions: list[Any] = []
    machine = bound(ORDER, guards={"allowed": lambda ctx: True}, actions={"tell": lambda ctx: sessions[0].cancel()})
    sessions.append(machine.create("o-1", execute_actions=True))
    opened = sessions[0].view().submit()
    assert (type(opened).__name__, opened.result.target_state) == ("OrderOpenView", "open")
    with pytest.raises(StaleViewError, match="is in 'cancelled' now"):
        opened.fill(quantity=10)


def test_an_action_sends_through_a_view_of_where_the_entity_is_then() -> None:
    """S8.8: from inside, an event is queued."""
    sessions: list[Any] = []
    queued: list[Any] = []

    def tell(ctx: Any) -> None:
        view = sessions[0].view()
        queued.extend([view.cancel(reason="first"), view.cancel(reason="second")])

    machine = bound(ORDER, guards={"allowed": lambda ctx: True}, actions={"tell": tell})
    sessions.append(machine.create("o-1", execute_actions=True))
    sessions[0].view().submit()
    assert [view.result.metadata for view in queued] == [{"queued": True}] * 2
    assert [type(view).__name__ for view in queued] == ["OrderOpenView"] * 2
    assert (sessions[0].current_state, sessions[0].context["reason"]) == ("cancelled", "first")


def test_an_action_can_not_send_through_a_view_that_the_step_has_made_stale() -> None:
    views: list[Any] = []
    machine = bound(ORDER, guards={"allowed": lambda ctx: True}, actions={"tell": lambda ctx: views[0].cancel()})
    session = machine.create("o-1", execute_actions=True)
    views.append(session.view())
    result = views[0].submit().result
    (failed,) = result.execution.action_results
    assert isinstance(failed.error, StaleViewError)
    assert session.current_state == "open"


# -- async -----------------------------------------------------------------------------------------------


def test_an_async_guard_is_awaited_by_asend_and_refused_by_the_method() -> None:
    """S5.5"""

    async def allowed(ctx: Any) -> bool:
        await asyncio.sleep(0)
        return True

    session = bound(ORDER, guards={"allowed": allowed}).create("o-1")
    with pytest.raises(GuardError, match=r"use asend\(\)"):
        session.view().submit()
    assert session.current_state == "pending"
    opened = asyncio.run(session.view().asend("submit"))
    assert (opened.state, opened.result.success) == ("open", True)
    assert asyncio.run(opened.asend("fill", quantity=10)).state == "filled"


# -- parallel and nested states ------------------------------------------------------------------------------


def test_a_parallel_state_has_one_view_with_the_triggers_of_all_regions() -> None:
    """S6.3"""
    booking = machine_class(load(PARALLEL))().create().view().begin()
    assert triggers(booking) == {"book_flight", "book_hotel", "drop"}
    after_flight = booking.book_flight()
    assert type(after_flight) is type(booking)
    assert str(after_flight.state) == "booking:flight=flight_booked,hotel=no_hotel"
    assert type(after_flight.book_hotel()).__name__ == "TripBookedView"


def test_a_view_of_a_parallel_state_is_good_until_that_is_left() -> None:
    """One task may serve each region with a view of its own."""
    session = machine_class(load(PARALLEL))().create()
    one = session.view().begin()
    other = session.view()
    one.book_flight()
    assert str(other.state) == "booking:flight=flight_booked,hotel=no_hotel"
    other.drop()
    with pytest.raises(StaleViewError, match=r"shows 'booking', but the entity .* is in 'dropped'"):
        one.book_hotel()


def test_a_leaf_accepts_what_its_ancestors_accept() -> None:
    """S2.1"""
    machine = bound(
        """
        states:
          - {name: idle, type: initial}
          - {name: active, initial_child: ringing}
          - {name: ringing, parent: active}
          - {name: talking, parent: active}
        transitions:
          - {trigger: dial, source: idle, dest: active}
          - {trigger: answer, source: ringing, dest: talking}
          - {trigger: hang_up, source: active, dest: idle}
          - {trigger: log, source: "*", internal: true}
        """
    )
    assert triggers(placed(machine, "ringing").view()) == {"answer", "hang_up", "log"}
    assert triggers(placed(machine, "talking").view()) == {"hang_up", "log"}


# -- names -----------------------------------------------------------------------------------------------


def test_a_trigger_that_would_hide_something_of_a_view_gets_an_underscore() -> None:
    """So it is with a session's members."""
    machine = machine_class(
        load(
            """
            states: [{name: a_b, type: initial}, {name: a__b}]
            transitions:
              - {trigger: result, source: a_b, dest: a__b}
              - {trigger: result_, source: a__b, dest: a_b}
              - {trigger: view, source: a__b, dest: a_b}
            """
        )
    )()
    view = machine.create().view()
    assert triggers(view) == {"result__"}
    after = view.result__()
    assert triggers(after) == {"result_", "view_"}
    assert after.result.trigger == "result"
    assert {type(view).__name__, type(after).__name__} == {"MachineABView", "MachineABView2"}


# -- cost ------------------------------------------------------------------------------------------------


def test_nobody_pays_for_views_who_does_not_use_them() -> None:
    """Neither the module of the views nor that of their base is loaded before the first call of `view()`."""
    program = (
        "import sys\n"
        "from examples.order_desk.fsm import OrderMachine\n"
        "session = OrderMachine.unbound().bind_guards(__import__('pystator_runtime').GuardRegistry("
        "{'within_risk_limit': lambda ctx: True})).create()\n"
        "names = ['examples.order_desk.fsm.order_views', 'pystator_runtime.views']\n"
        "print([name in sys.modules for name in names])\n"
        "session.view()\n"
        "print([name in sys.modules for name in names])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["[False, False]", "[True, True]"]
