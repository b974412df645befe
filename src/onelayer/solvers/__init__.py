"""Minimise an objective: one file a solver, one loop for all, one ladder that chooses."""

from onelayer.solvers.choose import SOLVERS, choose_solver, named_solver
from onelayer.solvers.loop import Callback, Run
from onelayer.solvers.path import PathPoint, solve_path
from onelayer.solvers.solver import Solver, State

__all__ = [
    "SOLVERS",
    "Callback",
    "PathPoint",
    "Run",
    "Solver",
    "State",
    "choose_solver",
    "named_solver",
    "solve_path",
]
