"""The interactive lesson: `onelayer lesson` serves it, `onelayer lesson --export` writes a copy.

Ten chapters, read from top to bottom. A part of a chapter says what there is to move, and is a pure
function from what the reader has chosen to an `Answer`: numbers, a remark, figures. The numbers
come from `onelayer.lesson` (the chapter that trains also asks the engine). `board.py` lets a hand
move a part while Python answers; `copy.py` answers every position that is kept, for one file that
needs no server. The same script, `templates/lesson.js`, moves both, and computes nothing.
"""

from onelayer.playground.one_file import export

__all__ = ["export"]
