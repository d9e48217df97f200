"""Regions that a config does not have, states that a region can't be in, and other machines' configs."""

from __future__ import annotations

from typing import assert_never

from parallel import OrderFulfilmentConfig, OrderMachine, OrderSession, OrderState
from parallel_initial import LampLampConfig, LampMachine, LampSession, LampState
from parallel_nested import StudioMachine, StudioMixedConfig, StudioOnAirConfig, StudioSession, StudioState


def making() -> None:
    LampLampConfig(power=LampState.ON)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    LampLampConfig(power=LampState.ON, color=LampState.OFF)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LampLampConfig(power="on", color=LampState.RED)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LampLampConfig(LampState.ON, LampState.RED)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    LampLampConfig(power=LampState.ON, color=LampState.RED, size=LampState.ON)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    StudioOnAirConfig(sound=StudioState.MIXED, picture=StudioState.STILL)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    StudioOnAirConfig(sound=StudioState.PLAYING, picture=StudioState.STILL)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def asking(config: LampLampConfig, lamp: LampSession, inner: StudioMixedConfig) -> None:
    print(config.size)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    config.power = LampState.OFF  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    print(lamp.is_power)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    print(inner.voice.loudness)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]


def handing(
    lamp: LampMachine, order: OrderMachine, studio: StudioMachine, config: OrderFulfilmentConfig, text: str
) -> None:
    lamp.process(text, "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lamp.process("lamp:color=red,power=on", "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lamp.process(config, "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lamp.process_parallel(config, "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lamp.process_parallel("lamp", "press", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lamp.create(initial_state=config)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.process_parallel(config, "press", {"amount": 3})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    order.process_parallel(config, "pay", {})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    order.get_parallel_exit_actions("fulfilment")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    inner = StudioMixedConfig(voice=StudioState.SPOKEN, music=StudioState.SOFT)
    studio.process(inner, "on", {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def forgotten_config(session: StudioSession) -> str:
    match session.current_state:
        case StudioState.DARK:
            return "dark"
        case _:
            assert_never(session.current_state)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def forgotten_state(session: OrderSession) -> str:
    match session.current_state:
        case OrderFulfilmentConfig():
            return "at work"
        case OrderState.PLACED | OrderState.HELD | OrderState.OVERDUE | OrderState.DONE:
            return "elsewhere"
        case _:
            assert_never(session.current_state)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def forgotten_part(config: StudioOnAirConfig) -> str:
    match config.sound:
        case StudioState.SILENT | StudioState.INTRO:
            return "alone"
        case _:
            assert_never(config.sound)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
