"""The interactive lesson: `onelayer lesson` serves it, `onelayer lesson --export` writes a copy.

Eight chapters, read from top to bottom. A chapter is a pure function from what the reader has
chosen to an `Answer`: numbers, a remark, figures. The numbers come from `onelayer.lesson` (the
last chapter also asks the engine). `app.py` wires sliders to the chapters for marimo, `page.py`
puts them into one file that needs neither server nor script.
"""

from onelayer.playground.page import export

__all__ = ["export"]
