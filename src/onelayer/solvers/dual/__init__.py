"""Solvers in one variable an example: ascent of the dual, and the Gram matrix of the rows."""
