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

    from onelayer.playground import page
    from onelayer.playground.board import boards
    from onelayer.playground.chapters import CHAPTERS

    return CHAPTERS, boards, mo, page


@app.cell
def lesson(CHAPTERS, boards, mo, page):
    """Show the head of the page, then each chapter: its words, its boards, its last words."""
    _shown = [page.title()]
    for _chapter in CHAPTERS:
        _shown.append(page.opening(_chapter))
        _shown += [mo.ui.anywidget(board).text for board in boards(_chapter)]
        _shown.append(page.closing(_chapter))
    mo.Html("".join(_shown))


if __name__ == "__main__":
    app.run()
