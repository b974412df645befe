"""
The bowl as a surface
=====================

The same cost, seen from the side.
"""

from onelayer import lesson

lesson.figures.bowl_surface()
