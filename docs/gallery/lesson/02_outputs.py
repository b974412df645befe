"""
Why sigma
=========

The same w and b with and without sigma. Without it the output leaves the range of chances.
"""

from onelayer import lesson

lesson.figures.outputs()
