"""What can be shown in every format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from onelayer.errors import UsageError
from onelayer.sheets.formats import html_page, html_part, latex, markdown
from onelayer.sheets.sheet import WIDTH, Sheet, text


class Printable(ABC):
    """What can be shown as text, HTML, Markdown, LaTeX and CSV; printed, it is its text."""

    @property
    @abstractmethod
    def sheet(self) -> Sheet:
        """What is shown."""

    @property
    @abstractmethod
    def frame(self) -> Any:
        """The numbers: a pandas DataFrame."""

    def to_text(self, width: int = WIDTH) -> str:
        """Text for a terminal of so many columns, 40 at least."""
        return text(self.sheet, width)

    def to_html(self) -> str:
        """One HTML page that needs nothing else."""
        return html_page(self.sheet)

    def to_markdown(self) -> str:
        """Markdown, the table with pipes."""
        return markdown(self.sheet)

    def to_latex(self) -> str:
        r"""LaTeX: a `table` with a `tabular`, for `\usepackage{booktabs}`.

        Names in Latin letters compile with any LaTeX; other scripts want XeLaTeX or LuaLaTeX and a
        font that has them.
        """
        return latex(self.sheet)

    def to_csv(self) -> str:
        """Every number with all its digits, a row as in `frame`."""
        return str(self.frame.to_csv(lineterminator="\n"))

    def to(self, form: str) -> str:
        """In the format `text`, `html`, `latex`, `md` or `csv`.

        Raises
        ------
        UsageError
            For another name.
        """
        forms = {
            "text": self.to_text,
            "html": self.to_html,
            "latex": self.to_latex,
            "md": self.to_markdown,
            "csv": self.to_csv,
        }
        if form not in forms:
            raise UsageError(f"Unknown format {form!r}: choose one of {', '.join(forms)}")
        return forms[form]()

    def __str__(self) -> str:
        return self.to_text().rstrip("\n")

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_part(self.sheet)
