"""Three levels of states: events that change leaf and parent, the leaf's own and inherited ones."""
