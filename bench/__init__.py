"""Benchmarks: what this project promises about speed and memory, measured beside its peers in one run."""
