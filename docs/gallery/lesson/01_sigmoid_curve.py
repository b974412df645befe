"""
A chance from any number
========================

Sigma takes z to a number between 0 and 1, and the cut-off makes a label of it. An a of exactly
0.5 is class 0.
"""

from onelayer import lesson

lesson.figures.sigmoid_curve()
