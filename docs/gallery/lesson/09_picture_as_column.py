"""
A picture as a column
=====================

How a picture becomes one column of X.
"""

from onelayer import lesson

lesson.figures.picture_as_column()
