"""
What one example costs
======================

The loss by the activation a: nothing for a sure right answer, without limit for a sure wrong one.
"""

from onelayer import lesson

lesson.figures.loss_curves()
