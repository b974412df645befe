"""Penalties with an L1 part: working sets, coordinate descent, the duality gap."""
