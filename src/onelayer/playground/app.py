# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""The lesson as a marimo app: each part of each chapter on a board of its own."""

import marimo

app = marimo.App(width="full", app_title="Logistic regression is one neuron")


@app.cell
def imports():
    """Everything that is shown comes from the chapters."""
    import marimo as mo

    from onelayer.playground import fragments
    from onelayer.playground.board import boards
    from onelayer.playground.chapters import CHAPTERS

    return CHAPTERS, boards, mo, fragments


@app.cell
def lesson(CHAPTERS, boards, mo, fragments):
    """Show the head of the page, then each chapter: its words, its boards, its last words."""
    _shown = [fragments.title()]
    for _chapter in CHAPTERS:
        _shown.append(fragments.opening(_chapter))
        _shown += [mo.ui.anywidget(board).text for board in boards(_chapter)]
        _shown.append(fragments.closing(_chapter))
    mo.Html("".join(_shown))


if __name__ == "__main__":
    app.run()
