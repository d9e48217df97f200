"""YAML state machines in, typed Python modules out."""
