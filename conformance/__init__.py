"""PyStator 0.0.47 and the compiled machines, side by side, in an environment that has both: `make conformance`."""
