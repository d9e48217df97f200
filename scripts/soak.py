"""A pytest plugin for `make soak`: tests of generated examples try a hundred times as many, and new ones each time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("soak", max_examples=10_000, deadline=None, derandomize=False, print_blob=True)
settings.load_profile("soak")
