"""
What a linear probe chooses, and from how many examples it learns
=================================================================

A linear probe judges features by one layer on top of them. Each point of the left figure is a fit
at its optimum, judged by the part that chooses C; the ring is the C taken. The right figure has the
mean over draws of a few examples a class, and its 95 % interval.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import onelayer
from onelayer.displays import ProbeDisplay, ShotsDisplay

X, y = load_digits(return_X_y=True)
half = X[:, :32]
pixels, rest = (X[:1000], y[:1000]), (X[1000:], y[1000:])
upper, lower = (half[:1000], y[:1000]), (half[1000:], y[1000:])

_, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
found = onelayer.probe(pixels, upper, test=[rest, lower], protocol="clip", tol=1e-4)
drawn: ProbeDisplay = found.plot(ax=left)

# %%
# The upper half of the digits tells less: its curve lies lower, and the difference is paired.

few = onelayer.probe(pixels, test=rest, protocol="few-shot", shots=(1, 2, 4), seeds=3, tol=1e-4)
means: ShotsDisplay = few.plot(ax=right)
plt.show()
