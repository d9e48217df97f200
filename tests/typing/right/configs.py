"""What is active in parallel states, as checkers see it (S6.2; docs/generated-module.md#typing)."""

from __future__ import annotations

from typing import Literal, assert_never, assert_type

from parallel import OrderFulfilmentConfig, OrderMachine, OrderResult, OrderSession, OrderState
from parallel_initial import LampLampConfig, LampMachine, LampSession, LampState
from parallel_nested import StudioMixedConfig, StudioOnAirConfig, StudioSession, StudioState

from pystator_runtime import ActionSpec, TransitionResult


def described(session: OrderSession) -> str:
    """`match` is exhaustive: by members, and by the class of a config."""
    match session.current_state:
        case OrderState.PLACED | OrderState.HELD | OrderState.OVERDUE:
            return "waiting"
        case OrderState.DONE | OrderState.CANCELLED:
            return "over"
        case OrderFulfilmentConfig(payment=OrderState.PAID):
            return "paid"
        case OrderFulfilmentConfig(shipping=shipping):
            return f"unpaid, {shipping.value}"
        case _:
            assert_never(session.current_state)


def where(session: StudioSession) -> str:
    """An inner parallel state is found in the region that it lies in, and is no place of its own to rest in."""
    state = session.current_state
    match state:
        case StudioState.DARK:
            return "nowhere"
        case StudioOnAirConfig(sound=StudioMixedConfig(music=StudioState.LOUD)):
            return "loud"
        case StudioOnAirConfig():
            return "on air"
        case _:
            assert_never(state)


def inside(config: StudioOnAirConfig) -> str:
    """What is active in one region is exhaustive as well."""
    match config.sound:
        case StudioState.SILENT | StudioState.INTRO:
            return "alone"
        case StudioMixedConfig(voice=voice, music=music):
            assert_type(voice, Literal[StudioState.SPEAKING, StudioState.SPOKEN])
            assert_type(music, Literal[StudioState.SOFT, StudioState.LOUD, StudioState.FADED])
            return f"{voice} over {music}"
        case _:
            assert_never(config.sound)


def always_parallel(lamp: LampSession) -> bool:
    """A machine that is parallel at its root rests in nothing else."""
    assert_type(lamp.current_state, LampLampConfig)
    return lamp.current_state.power == LampState.ON


def fields(config: OrderFulfilmentConfig) -> None:
    assert_type(config.payment, Literal[OrderState.UNPAID, OrderState.PAID])
    assert_type(config.shipping, Literal[OrderState.PICKING, OrderState.BOXING, OrderState.DELIVERED])
    assert_type(config.to_string(), str)
    assert_type(OrderFulfilmentConfig.parse("fulfilment:…"), OrderFulfilmentConfig)
    assert_type(OrderFulfilmentConfig.from_string("fulfilment:…"), OrderFulfilmentConfig)
    OrderFulfilmentConfig(
        payment=OrderState.PAID,
        shipping=OrderState.BOXING,
        fraud=OrderState.CHECKED,
        letters=OrderState.QUIET,
    )
    StudioOnAirConfig(
        sound=StudioMixedConfig(voice=StudioState.SPOKEN, music=StudioState.SOFT), picture=StudioState.STILL
    )


def statelessly(order: OrderMachine, lamp: LampMachine) -> None:
    """A config is accepted wherever a state is; what is given back are the machine's own."""
    config = order.enter_parallel_state("fulfilment")
    assert_type(config, OrderFulfilmentConfig)
    config, result = order.process_parallel(config, "pay", {"amount": 3}, history={})
    assert_type(result, TransitionResult[OrderState | OrderFulfilmentConfig])
    assert_type(order.process(config, "hold", {"amount": 3}), OrderResult)
    assert_type(order.process("boxing", "hold", {"amount": 3}).target_state, OrderState | OrderFulfilmentConfig | None)
    assert_type(order.get_parallel_exit_actions(config), tuple[ActionSpec, ...])
    assert_type(order.get_parallel_enter_actions("fulfilment"), tuple[ActionSpec, ...])
    order.create("o1", {"amount": 3}, config)
    order.create("o1", {"amount": 3}, "fulfilment")
    order.can_transition(config, "pay", {"amount": 3})
    order.get_available_triggers(config)
    assert_type(order.get_initial_state(), OrderState | OrderFulfilmentConfig)
    assert_type(lamp.get_initial_state(), LampState | LampLampConfig)


def of_result(result: OrderResult) -> str:
    match result.target_state:
        case None:
            return "refused"
        case OrderFulfilmentConfig() as config:
            return config.letters.value
        case state:
            return state.value


def compared(order: OrderSession) -> bool:
    """Configs are compared with configs, before an event and after it."""
    before = order.current_state
    order.next()
    assert before != order.current_state
    assert order.is_fulfilment
    order.hold()
    assert not order.is_fulfilment
    return order.is_held and order.current_state == before
