"""Clocks: what makes delayed transitions fire."""

from __future__ import annotations

from pystator_runtime.schedulers.manual import ManualScheduler as ManualScheduler
