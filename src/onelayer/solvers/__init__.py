"""Minimise an objective: one file a solver, one loop for all, one ladder that chooses.

A constant says where it is from: *theory*; *measured*, by benchmarks/thresholds.py where it says
so, else in single runs whose figures stand beside it; or *guard*, a limit that no usual fit meets,
or whose exact value does not matter.
"""

from onelayer.solvers.choose import (
    SOLVERS,
    choose_solver,
    goes_on_by_class,
    named_solver,
    solver_for,
)
from onelayer.solvers.dual.gram import Gram, Rows
from onelayer.solvers.loop import Callback, Run
from onelayer.solvers.paths.leading_up import led_up
from onelayer.solvers.paths.leave_one_out import leave_one_out
from onelayer.solvers.paths.penalty_path import make_path, solve_path
from onelayer.solvers.paths.walking import Path, PathPoint, Walking
from onelayer.solvers.paths.weighted_folds import Folds, FoldsThere
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton
from onelayer.solvers.solver import Solver, State

__all__ = [
    "SOLVERS",
    "Callback",
    "Folds",
    "FoldsThere",
    "Gram",
    "Path",
    "PathPoint",
    "Rows",
    "Run",
    "Solver",
    "State",
    "TruncatedNewton",
    "Walking",
    "choose_solver",
    "goes_on_by_class",
    "leave_one_out",
    "led_up",
    "make_path",
    "named_solver",
    "solve_path",
    "solver_for",
]
