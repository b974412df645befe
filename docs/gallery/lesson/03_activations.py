"""
Other activations
=================

Sigma beside the activations of hidden layers.
"""

from onelayer import lesson

lesson.figures.activations()
