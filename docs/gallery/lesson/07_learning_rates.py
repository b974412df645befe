"""
Four learning rates
===================

The smallest creeps. The largest steps across the valley, back and forth, and never settles.
"""

from onelayer import lesson

lesson.figures.learning_rates()
