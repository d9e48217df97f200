"""What a typed orchestrator takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_type

from minimal import LightMachine, LightOrchestrator, LightResult, LightState
from order_desk import (
    OrderDeskContext,
    OrderDeskMachine,
    OrderDeskOrchestrator,
    OrderDeskResult,
    OrderDeskState,
    OrderDeskTrigger,
)

from pystator_runtime import AuditEntry, FailedAction, Orchestrator, StoredEntity, TransitionHook
from pystator_runtime.stores import InMemoryStateStore, SQLiteStateStore


class Money:
    def encode(self, value: Any, /) -> Any:
        return str(value)

    def decode(self, value: Any, /) -> Any:
        return Decimal(value)


def checks(entity_id: str, state: str, trigger: str, ctx: Mapping[str, Any]) -> tuple[bool, list[str]]:
    return bool(ctx), [entity_id, state, trigger]


def makes(machine: OrderDeskMachine) -> OrderDeskOrchestrator:
    LightOrchestrator(LightMachine(), InMemoryStateStore())
    return OrderDeskOrchestrator(
        machine,
        SQLiteStateStore("orders.db", keep_audit="90d"),
        hooks=[TransitionHook()],
        context_validator=checks,
        codecs={"money": Money()},
        create_missing=False,
        audit_failures=True,
        action_lease=5,
        max_conflict_retries=3,
    )


def sends(orders: OrderDeskOrchestrator) -> None:
    """Methods take exactly what is declared; what has a default may be left out."""
    assert_type(orders.on("o-1").approve(), OrderDeskResult)
    orders.on("o-1", event_id="e-1").fill(amount=1, price=Decimal(2))
    orders.on("o-1", "e-2").fill(amount=1, price=Decimal(2), venue="XETRA", note=None)
    orders.on("o-1").reject(quantity=3, limit=None, side="sell")
    assert_type(orders.process_event("o-1", "fill", {"amount": 1}, event_id="e-3"), OrderDeskResult)
    orders.process_event("o-1", OrderDeskTrigger.CANCEL, {"reason": "why"})


async def awaits(orders: OrderDeskOrchestrator) -> None:
    assert_type(await orders.aon("o-1").approve(), OrderDeskResult)
    assert_type(await orders.async_process_event("o-1", "approve"), OrderDeskResult)
    assert_type(await orders.aget("o-1"), StoredEntity[OrderDeskState, OrderDeskContext] | None)
    await orders.acreate("o-1", {"symbol": "X", "quantity": 1})
    assert_type(await orders.arun_due(), list[OrderDeskResult])
    await orders.arecover(force=True)
    await orders.aclose()


def asks(orders: OrderDeskOrchestrator, light: LightOrchestrator) -> None:
    created = orders.create("o-1", {"symbol": "X", "quantity": 1})
    assert_type(created, StoredEntity[OrderDeskState, OrderDeskContext])
    assert_type(created.state, OrderDeskState)
    assert_type(created.context["quantity"], int)
    assert_type(created.updated_at, datetime)
    found = orders.get("o-1")
    assert found is not None
    assert_type(found.version, int)
    for entity in orders.find("open", after="o-1", limit=10):
        assert_type(entity.context.get("limit"), Decimal | None)
    orders.find(OrderDeskState.OPEN)
    assert_type(orders.history("o-1"), list[AuditEntry])
    assert_type(orders.count_by_state(), dict[str, int])
    assert_type(orders.failed_actions(), list[FailedAction])
    assert_type(orders.run_due(datetime.now(UTC)), list[OrderDeskResult])
    assert_type(orders.recover(), int)
    assert_type(orders.orchestrator, Orchestrator)
    assert_type(light.on("l-1").press(anything=1), LightResult)
    assert_type(light.create("l-1").state, LightState)
