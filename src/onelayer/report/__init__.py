"""The report: results computed once, figures and pictures, and one page that holds them all.

jinja2 is imported when a page is written, matplotlib when weights become a file of pictures.
"""

from onelayer.report.weight_pictures import save_weights

__all__ = ["save_weights"]
