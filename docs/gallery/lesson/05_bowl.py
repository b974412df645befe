"""
Down the bowl
=============

The cost over w and b, and the way down. Each dot is a step.
"""

from onelayer import lesson

lesson.figures.bowl()
