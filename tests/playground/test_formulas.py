"""Formulas as MathML: what is read, what is refused."""

from html.parser import HTMLParser

import pytest

from onelayer.playground.chapters import CHAPTERS
from onelayer.playground.formulas import display, inline, words


def test_a_formula_is_mathml():
    found = str(inline(r"a = \frac{1}{1 + e^{-z}}"))
    assert found == (
        "<math><mrow><mi>a</mi><mo>=</mo><mfrac><mrow><mn>1</mn></mrow><mrow><mn>1</mn><mo>+</mo>"
        '<msup><mi>e</mi><mrow><mo form="prefix" lspace="0" rspace="0">\N{MINUS SIGN}</mo>'
        "<mi>z</mi></mrow></msup></mrow></mfrac></mrow></math>"
    )


@pytest.mark.parametrize(
    ("tex", "due"),
    [
        ("w_1^T", "<msubsup><mi>w</mi><mn>1</mn><mi>T</mi></msubsup>"),
        (r"\sum_i", "<munder>"),
        (r"\sum_{i=1}^m", "<munderover>"),
        ("a - y", "<mo>\N{MINUS SIGN}</mo>"),
        ("= -0.5", "<mn>0.5</mn>"),
        ("1.5\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁵", "<mn>⁻⁵</mn>"),
        (r"w \gets w", "<mo>:=</mo>"),
        ("a < b", "<mo>&lt;</mo>"),
    ],
)
def test_the_notation(tex, due):
    assert due in inline(tex)


def test_formulas_of_a_line_stand_side_by_side():
    assert str(display(r"a \quad b")).count('<math display="block">') == 2


def test_words_are_escaped_and_marked_up():
    found = words("<b> $x$ & `w.T @ x` **not**")
    assert found == (
        "&lt;b&gt; <math><mrow><mi>x</mi></mrow></math> &amp; <code>w.T @ x</code> "
        "<strong>not</strong>"
    )


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\beta", "not among the names known"),
        ("a # b", "'#' in the formula 'a # b': not in the notation known"),
        ("{a", "ends too early"),
        ("a}", "a brace too many"),
        ("a^", "ends too early"),
    ],
)
def test_what_is_not_known_is_refused(tex, message):
    with pytest.raises(ValueError, match=message):
        inline(tex)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_chapters_formulas_and_words_are_well_formed(chapter):
    for text in (*chapter.words, *chapter.after):
        _Balanced().feed(f"<p>{words(text)}</p>")
    for line in chapter.formulas:
        _Balanced().feed(f"<p>{display(line)}</p>")


class _Balanced(HTMLParser):
    """Holds the elements that are open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        del attrs
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
