"""
Forward and backward through one example
========================================

Every node of one example: its value in blue, and in vermilion how J changes with it.
"""

from onelayer import lesson

lesson.figures.graph()
