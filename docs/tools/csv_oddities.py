"""A hundred oddities of CSV files: what is written, what is read of it, and what R reads.

Each is a small table whose column x matters. `read` was written by hand, from what the file's
author meant; R's reading is that of `read.csv` with its defaults, by its documentation.
"""

from __future__ import annotations

from typing import NamedTuple


class Oddity(NamedTuple):
    """One file: its title, its bytes, and the last two cells of x as they are read."""

    kind: str
    title: str
    content: bytes
    read: str
    r: str


def among(*odd: str, start: float = 0.5) -> bytes:
    """Twenty numbers, and then odd cells."""
    return column(*[f"{start + place}" for place in range(20)], *odd)


def column(*cells: str, sep: str = ",") -> bytes:
    """A table of x and y, in which every cell that needs it is quoted."""
    quoted = [f'"{cell}"' if sep in cell or "\n" in cell else cell for cell in cells]
    return text(f"x{sep}y", *[f"{cell}{sep}{'ab'[place % 2]}" for place, cell in enumerate(quoted)])


def text(*lines: str, end: str = "\n") -> bytes:
    """Lines of UTF-8."""
    return "".join(f"{line}{end}" for line in lines).encode()


GONE = "numbers: 19.5, missing"
ODD = f"{GONE} (warned)"
_MISSING = {
    "": "numbers, NA",
    "   ": "numbers, NA",
    "NA": "numbers, NA",
    "NaN": "numbers, NaN",
    "nan": "numbers, NaN",
    "null": "words",
    "NULL": "words",
    "N/A": "words",
    "n/a": "words",
    "#N/A": "words",
    "<NA>": "words",
    "None": "words",
    "nil": "words",
    "NaT": "words",
    "?": "words",
    "-": "words",
    "--": "words",
    ".": "words",
    "..": "words",
    "n.a.": "words",
    "unknown": "words",
}
_MISTAKES = {
    "12%": "words",
    "$14.50": "words",
    ">5": "words",
    "<0.1": "words",
    "#DIV/0!": "words",
    "#VALUE!": "words",
    "see below": "words",
    "1.2.3": "words",
    "5-": "words",
    "3 (est.)": "words",
    "0x1A": "numbers, 26",
    "1_000": "words",
    "TRUE": "words",
    "1,234": "words",
}
_LEVELS = {
    "none": ("words: 'b', 'none'", "words, a level"),
    "?": ("words: 'b', '?'", "words, a level"),
    "-": ("words: 'b', '-'", "words, a level"),
    "unknown": ("words: 'b', 'unknown'", "words, a level"),
    "None": ("words: 'b', 'None'", "words, a level"),
    "": ("words: 'b', missing", "words, an empty one"),
    "NA": ("words: 'b', missing", "words, NA"),
    "null": ("words: 'b', missing", "words, a level"),
    "N/A": ("words: 'b', missing", "words, a level"),
}
_COLUMNS = [
    (
        "decimal commas, semicolons",
        column("1,5", "-0,25", sep=";"),
        "numbers: 1.5, -0.25",
        "row names and one column; read.csv2 reads numbers",
    ),
    (
        "decimal commas, tabs",
        column("1,5", "-0,25", sep="\t"),
        "numbers: 1.5, -0.25",
        "row names and one column",
    ),
    ("decimal commas in quotes", column("1,5", "-0,25"), "numbers: 1.5, -0.25", "words"),
    (
        "decimal commas, three digits, semicolons",
        column("1,500", "2,250", sep=";"),
        "numbers: 1.5, 2.25",
        "row names and one column; read.csv2 reads numbers",
    ),
    ("commas between thousands", column("1,500", "2,250"), "numbers: 1500, 2250", "words"),
    ("commas and points", column("1,500.5", "2,250.25"), "numbers: 1500.5, 2250.25", "words"),
    (
        "points and commas",
        column("1.500,5", "2.250,25", sep=";"),
        "numbers: 1500.5, 2250.25",
        "row names and one column",
    ),
    ("apostrophes between thousands", column("1'500", "2'250"), "numbers: 1500, 2250", "words"),
    (
        "spaces between thousands",
        column("1 500,5", "2 250,5", sep=";"),
        "numbers: 1500.5, 2250.5",
        "row names and one column",
    ),
    (
        "hard spaces between thousands",
        column("1\u00a0500", "2\u00a0250"),
        "numbers: 1500, 2250",
        "words",
    ),
    ("per cents", column("12%", "5.5 %"), "numbers: 12, 5.5", "words"),
    ("dollars", column("$14,006.50", "-$5"), "numbers: 14006.5, -5", "words"),
    ("euros", column("1,50 €", "3 €", sep=";"), "numbers: 1.5, 3", "row names and one column"),
    ("an accountant's minus", column("$7.00", "($3.20)"), "numbers: 7, -3.2", "words"),
    ("a typographer's minus", column("2", "\u22125"), "numbers: 2, -5", "words"),
    ("exponents", column("1e3", "-2.5E-1"), "numbers: 1000, -0.25", "numbers"),
    ("bare points", column(".5", "5."), "numbers: 0.5, 5", "numbers"),
    ("plus signs", column("+1", "+2.5"), "numbers: 1, 2.5", "numbers"),
    ("spaces around numbers", column(" 1.5", "2.5  "), "numbers: 1.5, 2.5", "numbers"),
    ("numbers in quotes", text("x,y", '"1.5",a', '"2.5",b'), "numbers: 1.5, 2.5", "numbers"),
    ("infinity", column("1", "inf"), "refused: column 'x' has inf in row 1", "numbers, Inf"),
    (
        "leading zeros of one length",
        column("02139", "10001"),
        "words: '02139', '10001'",
        "numbers, 2139",
    ),
    ("zero as 00 among decimals", column("1.5", "00"), "numbers: 1.5, 0", "numbers, 0"),
    ("one leading zero", among("007", start=1), "numbers: 20, 7", "numbers, 7"),
    ("TRUE and FALSE", column("TRUE", "FALSE"), "booleans: true, false", "booleans"),
    ("true and false", column("true", "false"), "booleans: true, false", "booleans"),
    ("T and F", column("T", "F"), "words: 'T', 'F'", "booleans"),
    (
        "booleans and a question mark",
        column("TRUE", "FALSE", "?"),
        "booleans: false, missing",
        "words",
    ),
    ("yes and no", column("yes", "no"), "words: 'yes', 'no'", "words"),
    ("dates", column("2024-01-31", "2024-02-01"), "dates: 2024-01-31, 2024-02-01", "words"),
    (
        "dates with points",
        column("31.01.2024", "01.02.2024"),
        "dates: 2024-01-31, 2024-02-01",
        "words",
    ),
    ("times", column("12:30", "7:05"), "dates: 12:30, 07:05", "words"),
    (
        "dates of which no number is above 12",
        column("01/02/2024", "03/04/2024"),
        "dates: 2024-01-02, 2024-03-04 (warned)",
        "words",
    ),
    (
        "dates that name the month, with a time",
        column("3 May 2024", "Jan 5, 2024 2:30 pm"),
        "dates: 2024-05-03, 2024-01-05 14:30",
        "words",
    ),
    (
        "whole numbers of 20 digits",
        column("1", "12345678901234567890"),
        "numbers: 1, 1.23457e+19",
        "numbers",
    ),
    (
        "words and spaces around them",
        column(" a", "b "),
        "words: 'a', 'b'",
        "words, with the spaces",
    ),
]
_FILES = [
    ("semicolons", text("x;y", "1;a", "2;b"), "numbers: 1, 2", "one column x.y"),
    ("tabs", text("x\ty", "1\ta", "2\tb"), "numbers: 1, 2", "one column x.y"),
    ("bars", text("x|y", "1|a", "2|b"), "numbers: 1, 2", "one column x.y"),
    ("spaces", text("x y", "1 a", "2 b"), "numbers: 1, 2", "one column x.y"),
    ("a line sep=;", text("sep=;", "x;y", "1;a", "2;b"), "numbers: 1, 2", "one column"),
    ("tags with semicolons", text("x,y", "a;b,1", "c;d,2"), "words: 'a;b', 'c;d'", "words"),
    (
        "addresses with commas",
        text("x;y", "Elm 3, Rye;1", "Oak 4, Ely;2"),
        "words: 'Elm 3, Rye', 'Oak 4, Ely'",
        "row names and one column",
    ),
    (
        "a byte order mark",
        "\ufeff".encode() + text("x,y", "1,a", "2,b"),
        "numbers: 1, 2",
        "a column X.U.FEFF.x, or ï..x",
    ),
    ("UTF-16", "x,y\n1,a\n2,b\n".encode("utf-16"), "numbers: 1, 2", "an error; fileEncoding"),
    (
        "Latin-1",
        "x,y\nü,a\nö,b\n".encode("latin-1"),
        "refused: is not UTF-8: say what it is written in, as encoding='cp1252'",
        "words, broken",
    ),
    ("ends of lines of old Macs", text("x,y", "1,a", "2,b", end="\r"), "numbers: 1, 2", "numbers"),
    ("ends of lines of Windows", text("x,y", "1,a", "2,b", end="\r\n"), "numbers: 1, 2", "numbers"),
    ("no end of the last line", b"x,y\n1,a\n2,b", "numbers: 1, 2", "numbers, a warning"),
    (
        "blank lines before the header",
        text("", "  ", "x,y", "1,a", "2,b"),
        "numbers: 1, 2",
        "numbers",
    ),
    ("blank lines between rows", text("x,y", "", "1,a", "", "2,b", ""), "numbers: 1, 2", "numbers"),
    ("a row of commas", text("x,y", "1,a", ",", "2,b"), "numbers: missing, 2", "numbers, NA"),
    (
        "a comma after each row",
        text("x,y", "1,a,", "2,b,"),
        "numbers: 1, 2",
        "row names, and x is a and b",
    ),
    (
        "a comma after each line",
        text("x,y,", "1,a,", "2,b,"),
        "numbers: 1, 2",
        "numbers, a column X",
    ),
    (
        "row names of R",
        text('"x","y"', '"r1",1,"a"', '"r2",2,"b"'),
        "numbers: 1, 2 (warned)",
        "numbers, row names",
    ),
    ("an index of pandas", text(",x,y", "0,1,a", "1,2,b"), "numbers: 1, 2", "numbers, a column X"),
    (
        "a row too short",
        text("x,y", "1,a", "2"),
        "refused: a row has 1 cell, and the first one 2",
        "filled up",
    ),
    (
        "a row too long",
        text("x,y", *["1,a"] * 20, "2,b,c"),
        "refused: a row has 3 cells, and the first one 2",
        "an extra row c",
    ),
    (
        "a title above the header",
        text("Report", "x,y", "1,a", "2,b"),
        "refused: a row has 2 cells, and the first one 1",
        "row names and one column",
    ),
    (
        "a comment above the header",
        text("# by me", "x,y", "1,a", "2,b"),
        "refused: a row has 2 cells, and the first one 1",
        "row names and one column",
    ),
    (
        "a line of totals",
        text("x,y", "1,a", "2,b", "Total: 3"),
        "refused: a row has 1 cell, and the first one 2",
        "words",
    ),
    (
        "a line's end in quotes",
        text("x,y", '"a\r\nb",1', '"c\nd",2'),
        "words: 'a\\r\\nb', 'c\\nd'",
        "words",
    ),
    ("doubled quotes", text("x,y", '"a ""b""",1', '"c",2'), "words: 'a \"b\"', 'c'", "words"),
    (
        "a quote within a cell",
        text("x,y", '5" pipe,1', '6" pipe,2'),
        "words: '5\" pipe', '6\" pipe'",
        "one cell to the next quote",
    ),
    (
        "single quotes",
        text("x,y", "'a',1", "'b',2"),
        "words: \"'a'\", \"'b'\"",
        "words, with the quotes",
    ),
    (
        "two columns of one name",
        text("x,x,y", "1,2,a", "3,4,b"),
        "refused: has 2 columns called 'x'",
        "x and x.1",
    ),
    ("a header alone", text("x,y"), "refused: has no rows", "no rows"),
    ("an empty file", b"", "refused: is empty", "an error"),
    ("bytes that are no text", b"PK\x03\x04\x00\x00", "refused: is no text", "an error"),
]

ODDITIES = [
    *(
        Oddity(
            "A word among numbers",
            f"`{w}`" if w.strip() else f"{len(w)} spaces" if w else "an empty cell",
            among(w),
            GONE,
            r,
        )
        for w, r in _MISSING.items()
    ),
    *(
        Oddity("An odd cell among numbers", f"`{w}`", among(w), ODD, r)
        for w, r in _MISTAKES.items()
    ),
    *(
        Oddity("A word among words", f"`{w}`" if w else "an empty cell", column("a", "b", w), *both)
        for w, both in _LEVELS.items()
    ),
    *(Oddity("A column", *one) for one in _COLUMNS),
    *(Oddity("A file", *one) for one in _FILES),
]
