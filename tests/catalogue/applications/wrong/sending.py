"""Triggers, payloads, states and contexts that the machine does not have."""

from __future__ import annotations

from decimal import Decimal

from declared_types import DeclaredSession
from minimal import LightMachine, LightSession, LightState
from order_desk import OrderDeskContext, OrderDeskMachine, OrderDeskSession, OrderDeskState, OrderDeskTrigger
from parallel import OrderFulfilmentConfig, OrderState

from pystator_runtime import Event


def an_unknown_trigger(order: OrderDeskSession) -> None:
    # mypy [attr-defined] "OrderDeskSession[Any]" has no attribute "aprove"; maybe "approve"?
    # pyright [reportAttributeAccessIssue] Cannot access attribute "aprove" for class "OrderDeskSession[Any]"
    order.aprove()  # wrong


def an_unknown_name(order: OrderDeskSession) -> None:
    # mypy [call-overload] No overload variant of "send" of "OrderDeskSession" matches argument type "str"
    # pyright [reportArgumentType] Argument of type "Literal['aprove']" cannot be assigned to parameter "_trigger" of type "Literal[OrderDeskTrigger.REJECT, 'reject']" in function "send"
    # pyright [reportCallIssue] No overloads for "send" match the provided arguments
    order.send("aprove")  # wrong


def a_name_known_only_at_run_time(order: OrderDeskSession, name: str) -> None:
    # mypy [call-overload] No overload variant of "send" of "OrderDeskSession" matches argument type "str"
    # pyright [reportArgumentType] Argument of type "str" cannot be assigned to parameter "_trigger" of type "Literal[OrderDeskTrigger.REJECT, 'reject']" in function "send"
    # pyright [reportCallIssue] No overloads for "send" match the provided arguments
    order.send(name)  # wrong


def a_payload_left_out(order: OrderDeskSession) -> None:
    # mypy [call-arg] Missing named argument "price" for "fill" of "OrderDeskSession"
    # pyright [reportCallIssue] Argument missing for parameter "price"
    order.fill(amount=1)  # wrong


def a_float_for_a_decimal(order: OrderDeskSession) -> None:
    # mypy [arg-type] Argument "price" to "fill" of "OrderDeskSession" has incompatible type "float"; expected "Decimal"
    # pyright [reportArgumentType] Argument of type "float" cannot be assigned to parameter "price" of type "Decimal" in function "fill"
    order.fill(amount=1, price=1.5)  # wrong


def a_payload_by_position(order: OrderDeskSession) -> None:
    # mypy [call-arg] Too many positional arguments for "fill" of "OrderDeskSession"
    # pyright [reportCallIssue] Expected 0 positional arguments
    order.fill(1, Decimal(1))  # wrong


def a_payload_where_none_is_taken(order: OrderDeskSession) -> None:
    # mypy [call-arg] Unexpected keyword argument "reason" for "approve" of "OrderDeskSession"
    # pyright [reportCallIssue] No parameter named "reason"
    order.approve(reason="why")  # wrong


def a_variable_of_the_wrong_type(order: OrderDeskSession) -> None:
    # mypy [arg-type] Argument "quantity" to "reject" of "OrderDeskSession" has incompatible type "str"; expected "int"
    # pyright [reportArgumentType] Argument of type "Literal['three']" cannot be assigned to parameter "quantity" of type "int" in function "reject"
    order.reject(quantity="three")  # wrong


def a_value_that_is_not_listed(order: OrderDeskSession) -> None:
    # mypy [arg-type] Argument "side" to "reject" of "OrderDeskSession" has incompatible type "Literal['hold']"; expected "Literal['buy', 'sell']"
    # pyright [reportArgumentType] Argument of type "Literal['hold']" cannot be assigned to parameter "side" of type "Literal['buy', 'sell']" in function "reject"
    order.reject(side="hold")  # wrong


def an_unknown_query(order: OrderDeskSession) -> None:
    # mypy [attr-defined] "OrderDeskSession[Any]" has no attribute "is_opened"; maybe "is_open"?
    # pyright [reportAttributeAccessIssue] Cannot access attribute "is_opened" for class "OrderDeskSession[Any]"
    print(order.is_opened)  # wrong


def an_unknown_member() -> None:
    # mypy [attr-defined] "type[OrderDeskState]" has no attribute "OPENED"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "OPENED" for class "type[OrderDeskState]"
    print(OrderDeskState.OPENED)  # wrong


def an_unknown_trigger_member() -> None:
    # mypy [attr-defined] "type[OrderDeskTrigger]" has no attribute "APROVE"
    # pyright [reportAttributeAccessIssue] Cannot access attribute "APROVE" for class "type[OrderDeskTrigger]"
    print(OrderDeskTrigger.APROVE)  # wrong


def an_unknown_state(machine: LightMachine) -> None:
    # mypy [arg-type] Argument 1 to "process" of "StateMachine" has incompatible type "Literal['onn']"; expected "Literal['off', 'on'] | LightState"
    # pyright [reportArgumentType] Argument of type "Literal['onn']" cannot be assigned to parameter "current_state" of type "_StateName" in function "process"
    machine.process("onn", "press", {})  # wrong


def a_state_of_another_machine(machine: LightMachine) -> None:
    # mypy [arg-type] Argument 1 to "process" of "StateMachine" has incompatible type "Literal[OrderDeskState.OPEN]"; expected "Literal['off', 'on'] | LightState"
    # pyright [reportArgumentType] Argument of type "Literal[OrderDeskState.OPEN]" cannot be assigned to parameter "current_state" of type "_StateName" in function "process"
    machine.process(OrderDeskState.OPEN, "press", {})  # wrong


def plain_text_for_a_state(machine: LightMachine, text: str) -> None:
    # mypy [arg-type] Argument "initial_state" to "create" of "StateMachine" has incompatible type "str"; expected "Literal['off', 'on'] | LightState | None"
    # pyright [reportArgumentType] Argument of type "str" cannot be assigned to parameter "initial_state" of type "_StateName | None" in function "create"
    machine.create(initial_state=text)  # wrong


def an_unknown_key(context: OrderDeskContext) -> None:
    # mypy [typeddict-item] TypedDict "OrderDeskContext" has no key "colour"
    # pyright [reportGeneralTypeIssues] Could not access item in TypedDict
    print(context["colour"])  # wrong


def a_key_of_the_wrong_type() -> OrderDeskContext:
    # mypy [typeddict-item] Incompatible types (expression has type "str", TypedDict item "quantity" has type "int")
    # pyright [reportReturnType] Type "dict[str, str]" is not assignable to return type "OrderDeskContext"
    return {"symbol": "X", "quantity": "1", "side": "buy"}  # wrong


def a_required_key_left_out(machine: OrderDeskMachine) -> None:
    # mypy [arg-type] Argument 2 to "create" of "StateMachine" has incompatible type "dict[str, str]"; expected "OrderDeskContext | None"
    # pyright [reportArgumentType] Argument of type "dict[str, str]" cannot be assigned to parameter "context" of type "OrderDeskContext | None" in function "create"
    machine.create("o-1", {"symbol": "X"})  # wrong


def a_misspelt_habit(machine: OrderDeskMachine) -> None:
    # mypy [call-arg] Unexpected keyword argument "excute_actions" for "create" of "StateMachine"; did you mean "execute_actions"?
    # pyright [reportCallIssue] No parameter named "excute_actions"
    machine.create("o-1", excute_actions=True)  # wrong


def a_session_of_another_machine(order: OrderDeskSession) -> LightSession:
    # mypy [return-value] Incompatible return value type (got "OrderDeskSession[Any]", expected "LightSession")
    # pyright [reportReturnType] Type "OrderDeskSession[Any]" is not assignable to return type "LightSession"
    return order  # wrong


def an_event_without_a_trigger(order: OrderDeskSession) -> None:
    # mypy [call-arg] Missing positional argument "trigger" in call to "Event"
    # pyright [reportCallIssue] Argument missing for parameter "trigger"
    order.handle(Event())  # wrong


def a_name_instead_of_an_event(order: OrderDeskSession) -> None:
    # mypy [arg-type] Argument 1 to "handle" of "EntitySession" has incompatible type "str"; expected "Event"
    # pyright [reportArgumentType] Argument of type "Literal['approve']" cannot be assigned to parameter "event" of type "Event" in function "handle"
    order.handle("approve")  # wrong


def a_config_with_a_state_of_another_region() -> OrderFulfilmentConfig:
    boxing, checked, quiet = OrderState.BOXING, OrderState.CHECKED, OrderState.QUIET
    # mypy [arg-type] Argument "fraud" to "OrderFulfilmentConfig" has incompatible type "OrderState"; expected "Literal[OrderState.UNCHECKED, OrderState.CHECKED]"
    # mypy [arg-type] Argument "letters" to "OrderFulfilmentConfig" has incompatible type "OrderState"; expected "Literal[OrderState.QUIET, OrderState.WRITING]"
    # mypy [arg-type] Argument "payment" to "OrderFulfilmentConfig" has incompatible type "OrderState"; expected "Literal[OrderState.UNPAID, OrderState.PAID]"
    # mypy [arg-type] Argument "shipping" to "OrderFulfilmentConfig" has incompatible type "OrderState"; expected "Literal[OrderState.PICKING, OrderState.BOXING, OrderState.DELIVERED]"
    # pyright [reportArgumentType] Argument of type "Literal[OrderState.BOXING]" cannot be assigned to parameter "payment" of type "_OrderFulfilmentConfig_payment" in function "__init__"
    return OrderFulfilmentConfig(payment=boxing, shipping=boxing, fraud=checked, letters=quiet)  # wrong


def an_application_type(declared: DeclaredSession) -> None:
    # mypy [arg-type] Argument "at" to "paint" of "DeclaredSession" has incompatible type "int"; expected "date"
    # mypy [arg-type] Argument "color" to "paint" of "DeclaredSession" has incompatible type "Literal['blue']"; expected "Literal['red', 'green']"
    # pyright [reportArgumentType] Argument of type "Literal['blue']" cannot be assigned to parameter "color" of type "Literal['red', 'green']" in function "paint"
    # pyright [reportArgumentType] Argument of type "Literal[3]" cannot be assigned to parameter "at" of type "date" in function "paint"
    declared.paint(color="blue", at=3)  # wrong


def a_result_that_is_changed(light: LightSession) -> None:
    # mypy [misc] Property "success" defined in "TransitionResult" is read-only
    # pyright [reportAttributeAccessIssue] Cannot assign to attribute "success" for class "LightResult"
    light.press().success = True  # wrong


def a_state_that_is_set(light: LightSession) -> None:
    # mypy [misc] Property "current_state" defined in "EntitySession" is read-only
    # pyright [reportAttributeAccessIssue] Cannot assign to attribute "current_state" for class "LightSession"
    light.current_state = LightState.ON  # wrong
