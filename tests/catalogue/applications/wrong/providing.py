"""Guards, actions and stored entities that do not fit the machine."""

from __future__ import annotations

from applications_right.providing import Actions, Guards
from minimal import LightMachine, LightOrchestrator
from order_desk import OrderDeskContext, OrderDeskGuards, OrderDeskMachine, OrderDeskOrchestrator

from pystator_runtime.stores import InMemoryStateStore


class Missing:
    def within_limit(self, ctx: OrderDeskContext) -> bool:
        return True


class Verdict(Missing):
    def is_open_market(self, ctx: OrderDeskContext) -> str:
        return "yes"


class Param(Missing):
    def is_open_market(self, ctx: OrderDeskContext, /, *, maximum: int) -> bool:
        return maximum > 1


class Mute(Missing):
    async def is_open_market(self, ctx: OrderDeskContext) -> None: ...


def a_guard_left_out() -> None:
    # mypy [arg-type] Argument "guards" to "OrderDeskMachine" has incompatible type "Missing"; expected "OrderDeskGuards[Any]"
    # pyright [reportArgumentType] Argument of type "Missing" cannot be assigned to parameter "guards" of type "OrderDeskGuards[GuardAnswerT_co@OrderDeskMachine]" in function "__init__"
    OrderDeskMachine(guards=Missing(), actions=Actions())  # wrong


def a_guard_that_answers_text() -> None:
    # mypy [type-var] Value of type variable "rt.GuardAnswerT_co" of "OrderDeskMachine"
    # pyright [reportArgumentType] Argument of type "Verdict" cannot be assigned to parameter "guards" of type "OrderDeskGuards[GuardAnswerT_co@OrderDeskMachine]" in function "__init__"
    OrderDeskMachine(guards=Verdict(), actions=Actions())  # wrong


def an_async_guard_that_answers_nothing() -> None:
    # mypy [type-var] Value of type variable "rt.GuardAnswerT_co" of "OrderDeskMachine"
    # pyright [reportArgumentType] Argument of type "Mute" cannot be assigned to parameter "guards" of type "OrderDeskGuards[GuardAnswerT_co@OrderDeskMachine]" in function "__init__"
    OrderDeskMachine(guards=Mute(), actions=Actions())  # wrong


def a_param_that_is_never_passed() -> None:
    # mypy [arg-type] Argument "guards" to "OrderDeskMachine" has incompatible type "Param"; expected "OrderDeskGuards[Any]"
    # pyright [reportArgumentType] Argument of type "Param" cannot be assigned to parameter "guards" of type "OrderDeskGuards[GuardAnswerT_co@OrderDeskMachine]" in function "__init__"
    OrderDeskMachine(guards=Param(), actions=Actions())  # wrong


def a_class_instead_of_an_instance() -> None:
    # mypy [arg-type] Argument "guards" to "OrderDeskMachine" has incompatible type "type[Guards]"; expected "OrderDeskGuards[Any]"
    # pyright [reportArgumentType] Argument of type "type[Guards]" cannot be assigned to parameter "guards" of type "OrderDeskGuards[GuardAnswerT_co@OrderDeskMachine]" in function "__init__"
    OrderDeskMachine(guards=Guards, actions=Actions())  # wrong


def actions_left_out() -> None:
    # mypy [call-arg] Missing named argument "actions" for "OrderDeskMachine"
    # pyright [reportCallIssue] Argument missing for parameter "actions"
    OrderDeskMachine(guards=Guards())  # wrong


def guards_of_a_machine_without_any() -> None:
    # mypy [call-arg] Unexpected keyword argument "guards" for "LightMachine"
    # pyright [reportCallIssue] No parameter named "guards"
    LightMachine(guards=Guards())  # wrong


def an_object_that_is_no_guards() -> OrderDeskGuards:
    # mypy [return-value] Incompatible return value type (got "Missing", expected "OrderDeskGuards[bool | Awaitable[bool]]")
    # pyright [reportReturnType] Type "Missing" is not assignable to return type "OrderDeskGuards[bool | Awaitable[bool]]"
    return Missing()  # wrong


def an_unknown_guard(machine: OrderDeskMachine) -> None:
    # mypy [arg-type] Argument 1 to "guard" of "StateMachine" has incompatible type "Literal['within_limits']"; expected "Literal['is_open_market', 'within_limit']"
    # pyright [reportArgumentType] Argument of type "Literal['within_limits']" cannot be assigned to parameter "name" of type "_GuardName" in function "guard"
    machine.guard("within_limits")  # wrong


def an_action_as_a_guard(machine: OrderDeskMachine) -> None:
    # mypy [arg-type] Argument 1 to "guard" of "StateMachine" has incompatible type "Literal['notify']"; expected "Literal['is_open_market', 'within_limit']"
    # pyright [reportArgumentType] Argument of type "Literal['notify']" cannot be assigned to parameter "name" of type "_GuardName" in function "guard"
    machine.guard("notify")  # wrong


def a_machine_of_another_kind(machine: OrderDeskMachine) -> None:
    # mypy [arg-type] Argument 1 to "LightOrchestrator" has incompatible type "OrderDeskMachine[Any]"; expected "LightMachine"
    # pyright [reportArgumentType] Argument of type "OrderDeskMachine[Any]" cannot be assigned to parameter "machine" of type "LightMachine" in function "__init__"
    LightOrchestrator(machine, InMemoryStateStore())  # wrong


def a_path_for_a_store(machine: LightMachine) -> None:
    # mypy [arg-type] Argument 2 to "LightOrchestrator" has incompatible type "str"; expected "StateStore"
    # pyright [reportArgumentType] Argument of type "Literal['lights.db']" cannot be assigned to parameter "store" of type "StateStore" in function "__init__"
    LightOrchestrator(machine, "lights.db")  # wrong


def a_store_for_a_clock(machine: LightMachine) -> None:
    # mypy [arg-type] Argument "scheduler" to "LightOrchestrator" has incompatible type "InMemoryStateStore"; expected "Scheduler | None"
    # pyright [reportArgumentType] Argument of type "InMemoryStateStore" cannot be assigned to parameter "scheduler" of type "Scheduler | None" in function "__init__"
    LightOrchestrator(machine, InMemoryStateStore(), scheduler=InMemoryStateStore())  # wrong


def a_stored_entity_with_an_unknown_trigger(orders: OrderDeskOrchestrator) -> None:
    # mypy [attr-defined] "_OrderDeskEvents[TransitionResult[OrderDeskState]]" has no attribute "aprove"; maybe "approve"?
    # pyright [reportAttributeAccessIssue] Cannot access attribute "aprove" for class "_OrderDeskEvents[OrderDeskResult]"
    orders.on("o-1").aprove()  # wrong


def a_stored_entity_with_a_wrong_payload(orders: OrderDeskOrchestrator) -> None:
    # mypy [arg-type] Argument "reason" to "cancel" of "_OrderDeskEvents" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[3]" cannot be assigned to parameter "reason" of type "str" in function "cancel"
    orders.on("o-1").cancel(reason=3)  # wrong


def a_stored_entity_that_may_not_exist(orders: OrderDeskOrchestrator) -> None:
    # mypy [union-attr] Item "None" of "StoredEntity[OrderDeskState, OrderDeskContext] | None" has no attribute "state"
    # pyright [reportOptionalMemberAccess] "state" is not a known attribute of "None"
    print(orders.get("o-1").state)  # wrong


def a_number_for_an_id(orders: OrderDeskOrchestrator) -> None:
    # mypy [arg-type] Argument 1 to "on" of "OrderDeskOrchestrator" has incompatible type "int"; expected "str"
    # pyright [reportArgumentType] Argument of type "Literal[7]" cannot be assigned to parameter "entity_id" of type "str" in function "on"
    orders.on(7)  # wrong
