"""The report: results computed once, figures and pictures, and one page that holds them all.

matplotlib and jinja2 are imported when something is drawn or written.
"""

from onelayer.report.weight_pictures import save_weights

__all__ = ["save_weights"]
