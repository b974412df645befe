r"""Formulas as MathML, which browsers draw themselves: no script, no font, no network.

The notation is a small part of TeX: letters, numbers, operators, `_` and `^` with a token or a
group in braces, `\frac{}{}`, Greek letters and the names below. Anything else is an error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from markupsafe import Markup

_NAMED = {
    "alpha": "<mi>α</mi>",
    "sigma": "<mi>σ</mi>",
    "lambda": "<mi>λ</mi>",
    "theta": "<mi>θ</mi>",
    "varepsilon": "<mi>ε</mi>",
    "cdot": "<mo>·</mo>",
    "times": "<mo>×</mo>",
    "to": "<mo>→</mo>",
    "sum": '<mo movablelimits="false">∑</mo>',
    "leq": "<mo>≤</mo>",
    "approx": "<mo>≈</mo>",
    "gets": "<mo>:=</mo>",
    "log": '<mi>log</mi><mo>&#8289;</mo><mspace width="0.14em"></mspace>',
    ",": '<mspace width="0.2em"></mspace>',
    "|": "<mo>‖</mo>",
}
# A minus that begins a term is no difference: no space around it.
_PREFIX = ' form="prefix" lspace="0" rspace="0"'
_FENCE = ' stretchy="false"'  # else browsers without a font for formulas draw them far too tall
_OPERATORS = {"-": "\N{MINUS SIGN}", "*": "·"}
_TOKEN = re.compile(
    r"(?:(?P<command>\\(?:[A-Za-z]+|[,|]))|(?P<digits>\d+(?:\.\d+)?)|(?P<letter>[A-Za-z])"
    r"|(?P<script>[_^])|(?P<open>\{)|(?P<close>\})|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<operator>:=|[-−+=*×/()\[\],.:<>]))"
)


def inline(tex: str) -> Markup:
    """Return the formula as `<math>` within a line."""
    return Markup(f"<math>{_Parser(tex).everything()}</math>")  # noqa: S704


def display(line: str) -> Markup:
    r"""Return a line of formulas, with `\quad` between them, each as a `<math>` of its own."""
    bodies = [_Parser(tex).everything() for tex in line.split(r"\quad")]
    return Markup("").join(
        Markup(f'<math display="block">{body}</math>')  # noqa: S704
        for body in bodies
    )


@lru_cache(maxsize=1000)
def words(text: str) -> Markup:
    """Escape `text`; between dollars it is a formula, between backticks code, stars weigh."""
    pieces = re.split(r"(\$[^$]+\$|`[^`]+`|\*\*[^*]+\*\*)", text)
    return Markup("").join(map(_piece, pieces))


def _piece(piece: str) -> Markup:
    if piece.startswith("$"):
        return inline(piece.strip("$"))
    if piece.startswith("`"):
        return Markup("<code>{}</code>").format(piece.strip("`"))
    if piece.startswith("**"):
        return Markup("<strong>{}</strong>").format(piece.strip("*"))
    return Markup(escape(piece))  # noqa: S704


class _Parser:
    """Reads from left to right; every method returns the MathML of what it has read."""

    def __init__(self, tex: str) -> None:
        self._tex = tex
        self._tokens = _tokens(tex)
        self._at = 0

    def everything(self) -> str:
        body = self._row()
        if self._at < len(self._tokens):
            raise ValueError(f"a brace too many in the formula {self._tex!r}")
        return f"<mrow>{body}</mrow>"

    def _row(self) -> str:
        parts = []
        while self._peek() not in ("close", ""):
            parts.append(self._scripted())
        return "".join(parts)

    def _scripted(self) -> str:
        """Return an atom with what stands below and above it."""
        base = self._atom()
        scripts: dict[str, str] = {}
        while self._peek() == "script":
            place = self._take()
            scripts[place] = self._atom()
        if not scripts:
            return base
        below, above = scripts.get("_"), scripts.get("^")
        under = ("munder", "mover", "munderover") if "∑" in base else ("msub", "msup", "msubsup")
        kind = under[2] if below and above else under[0] if below else under[1]
        return f"<{kind}>{base}{below or ''}{above or ''}</{kind}>"

    def _atom(self) -> str:
        sign = _PREFIX if self._at == 0 or self._tokens[self._at - 1][1] in "=({" else ""
        kind, text = self._peek(), self._take()
        if kind == "open":
            body = self._row()
            if self._take() != "}":
                raise ValueError(f"a brace is not closed in the formula {self._tex!r}")
            return f"<mrow>{body}</mrow>"
        if kind == "command":
            return self._command(text[1:])
        if kind in ("digits", "raised"):
            return f"<mn>{text}</mn>"
        if kind == "letter":
            return f"<mi>{text}</mi>"
        sign = sign if text in "-−" else _FENCE if text in "()" else ""
        return f"<mo{sign}>{escape(_OPERATORS.get(text, text))}</mo>"

    def _command(self, name: str) -> str:
        if name == "frac":
            return f"<mfrac>{self._atom()}{self._atom()}</mfrac>"
        if name not in _NAMED:
            raise ValueError(f"\\{name} in the formula {self._tex!r}: not among the names known")
        return _NAMED[name]

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise ValueError(f"the formula {self._tex!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1][1]


def _tokens(tex: str) -> list[tuple[str, str]]:
    found = []
    rest = tex.strip()
    while rest:
        match = _TOKEN.match(rest)
        if match is None or match.lastgroup is None:
            raise ValueError(f"{rest[0]!r} in the formula {tex!r}: not in the notation known")
        found.append((match.lastgroup, match[match.lastgroup]))
        rest = rest[match.end() :].lstrip()
    return found
