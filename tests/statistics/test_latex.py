"""LaTeX: what names are escaped to, and that pdfLaTeX compiles it, where there is one."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.sheets.formats import _tex

AWKWARD = r"a_b % & # $ {c} ~ ^ \ <d> | -- *e* [f] '' \end{table}"
DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


@pytest.mark.parametrize(
    ("words", "tex"),
    [
        ("a_b 5 % & #1 $", r"a\_b 5 \% \& \#1 \$"),
        (r"{x} \y", r"\{x\} \textbackslash{}y"),
        ("y ~ x^2", r"y $\sim$ x\textasciicircum{}2"),
        ("a<b>c|d", r"a$<$b$>$c\textbar{}d"),
        ("[0, 1) *", "{[}0, 1) {*}"),
        ("a---b ``c''", "a-{}-{}-b `{}`c'{}'"),
        ("gr\u00f6\u00dfe \u0141\u00f3d\u017a", "gr\u00f6\u00dfe \u0141\u00f3d\u017a"),
        ("e\u0301t\u0065\u0301", "\u00e9t\u00e9"),
        ("two\n\nlines\x00\tand a tab", "two  lines  and a tab"),
    ],
)
def test_words_are_escaped(words, tex):
    assert _tex(words) == tex


def frame(seed=0, m=300):
    """Columns, levels and classes with every mark that means something to LaTeX."""
    random = np.random.default_rng(seed)
    dose = random.normal(size=m)
    several = np.array(["*A_1 {%}", "B & C~", "ä^\\ #$"])
    return pd.DataFrame(
        {
            "dose_mg/kg %": dose,
            "größe naïve Łódź": random.normal(size=m),
            "R&D^2 ~ {x}": random.choice([AWKWARD, "plain", "e\u0301te\u0301 – œuvre"], m),
            "back\\slash <t> $#": random.normal(size=m),
            "two": np.where(dose + random.logistic(size=m) > 0, "ja & nein_%", "{no}"),
            "three": several[(dose + random.logistic(size=m) > 0) + 1 * (random.random(m) > 0.6)],
        }
    )


def sheets():
    data = frame()
    two = onelayer.logit("two ~ . - three", data)
    three = onelayer.logit("three ~ . - two", data, robust=True)
    apart = data.assign(two=data["dose_mg/kg %"] > 0)
    yield two.summary(interval="profile")
    yield three.summary()
    yield three.marginal_effects()
    yield onelayer.compare(two, onelayer.logit("two ~ `dose_mg/kg %`", data))
    yield onelayer.logit("two ~ . - three", apart).summary()


def test_it_compiles(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("no LaTeX here: apt-get install texlive-latex-recommended")
    found = subprocess.run(["kpsewhich", "booktabs.sty"], check=False, capture_output=True)
    if found.returncode:
        pytest.skip("LaTeX lacks booktabs: apt-get install texlive-latex-recommended")
    body = "\n\\clearpage\n".join(shown.to_latex() for shown in sheets())
    assert "NO ESTIMATES" in body
    (tmp_path / "t.tex").write_text(DOCUMENT % body, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-halt-on-error", "-interaction=nonstopmode", "t.tex"]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, timeout=120, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "t.log").read_text(encoding="utf-8", errors="replace")
    assert not re.findall(r"^!.*|.*Missing character.*|.*Unicode character.*", log, re.MULTILINE)
