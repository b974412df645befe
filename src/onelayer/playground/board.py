"""A part of the lesson as a widget: the hand moves, Python answers, the figure follows.

marimo and Jupyter show it alike. The script of the widget computes nothing; it sends what is
chosen, one question at a time and always the newest, and puts the answer in its place.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from onelayer.playground import copy, fragments
from onelayer.playground.screen import Chapter, Part

_RENDER = """
const GIVEN_UP = 120000; // ms: should Python fail, the hand may go on

function render({ model, el }) {
  el.innerHTML = model.get("body");
  let waiting = null;
  let count = 0;
  model.on("change:answer", () => {
    const { number, html } = model.get("answer");
    if (waiting?.number === number) waiting = void waiting.done(html);
    else shown(html);
  });
  const shown = play(el.querySelector(".part"), (chosen) => new Promise((done) => {
    waiting = { number: ++count, done };
    setTimeout(done, GIVEN_UP, null); // an answer that is late is shown all the same
    model.set("asked", { number: count, chosen });
    model.save_changes();
  }), false);
}
export default { render };
"""


class Board(anywidget.AnyWidget):
    """One part: its controls and its answer, which follows what is chosen."""

    _esm = copy.moving() + _RENDER
    _css = fragments.style()
    body = traitlets.Unicode().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, part: Part, beside: Board | None = None) -> None:
        """Show `part`; what it shares is chosen on the board of the chapter's first part."""
        self._part, self._beside = part, beside
        super().__init__(body=fragments.whole(part))
        self.observe(self._answer, "asked")
        if beside is not None:
            beside.observe(self._follow, "asked")

    def _follow(self, change: Any) -> None:
        """Answer anew where what is shared was chosen anew beside."""
        before, after = (asked.get("chosen", {}) for asked in (change["old"], change["new"]))
        if any(before.get(n, own) != after.get(n, own) for n, own in self._part.shares.items()):
            self._answer(change)

    def _answer(self, _change: Any) -> None:
        chosen = dict(self.asked.get("chosen", {}))
        if self._beside is not None:
            others = self._beside.asked.get("chosen", {})
            chosen |= {name: others[name] for name in self._part.shares if name in others}
        html = fragments.shown(self._part, chosen)
        self.answer = {"number": self.asked.get("number", 0), "html": html}


def boards(chapter: Chapter) -> list[Board]:
    """Return a board for each part of the chapter."""
    found: list[Board] = []
    for part in chapter.parts:
        found.append(Board(part, found[0] if part.shares else None))
    return found
