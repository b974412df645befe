"""
Coefficients and how sure they are
==================================

Intervals at 95 % of a fit without a penalty.
"""

import statsmodels.api as sm

import onelayer
from onelayer.displays import CoefficientsDisplay

frame = sm.datasets.spector.load_pandas().data
result = onelayer.logit("GRADE ~ GPA + TUCE + PSI", frame)
CoefficientsDisplay.from_frame(result.summary().frame)
