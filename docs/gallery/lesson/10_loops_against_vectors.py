"""
Loops against vectors
=====================

The same step with for-loops and with matrix products, measured when the figure is drawn.
"""

from onelayer import lesson

lesson.figures.loops_against_vectors()
