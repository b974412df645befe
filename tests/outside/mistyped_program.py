"""Every line marked `wrong` is one that a type checker must refuse (`scripts/package`)."""

import onelayer
from onelayer import LogisticRegression, lesson

onelayer.train("photos/", penalty_strength=1.0)  # wrong
onelayer.load("model.safetensors").save(3)  # wrong
number: int = onelayer.load("model.safetensors")  # wrong
LogisticRegression(c=1.0)  # wrong
lesson.sigmoid()  # wrong
onelayer.train("photos/", l1_ratio="much")  # wrong
