"""Where softmax on sparse rows under a weak penalty begins: stronger penalties lead up to it.

From zero the dual's ascent gets slow there, and Newton's method goes a long way: 590 reads of 11314
texts in 20 classes at C = 1900, to 1e-7. Five penalties from C = 4 on, each begun where the last
optima lead and solved to a hundredth of J, took 65, and the end another 223. At C = 100 it is 96
for 79, and of two classes at 2000 185 for 151: these begin at zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.choose import solver_for
from onelayer.solvers.dual.ascent import DualAscent, answer
from onelayer.solvers.paths.penalty_path import DirectPath
from onelayer.solvers.paths.walking import Walking

FAR = 500.0  # measured: q of a mean example, up to which fits are as quick from zero
QUICK = 5.0  # guard: q of a mean example, up to which the ascent takes some ten reads
RATIO = 5.0  # measured: of two penalties; steps of ten took a fifth more reads in all
LOOSE = 1e-2  # measured: of J, what a penalty on the way may miss


def led_up(objective: Objective) -> Iterator[np.ndarray]:
    """The optima of stronger penalties, and last about where they lead; none are needed near zero.

    Cost: the reads of these fits.
    """
    if objective.head.width == 1 or not isinstance(solver_for(objective)[0], DualAscent):
        return
    far = answer(objective, objective.design.row_squares())
    if not FAR < far < math.inf:
        return
    strength = objective.penalty.strength
    path = DirectPath(objective, Walking(tol=LOOSE))
    for step in range(math.ceil(math.log(far / QUICK, RATIO)), 0, -1):
        yield path.at(strength * RATIO**step).theta
    yield path.ahead(strength)
