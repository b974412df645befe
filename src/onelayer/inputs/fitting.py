"""What a table's encoding learns from the rows that are trained on: medians, spreads, levels.

Everything is weighted: a row of weight 2 counts as two rows, so that both give the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from onelayer.errors import DataError
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.date_fitting import date_made
from onelayer.inputs.encoding import NONE, Encoding, Piece
from onelayer.inputs.made import (
    RANGE,
    Made,
    level_sizes,
    of_rows,
    pieces_of,
    spread_of,
    weighted_quantiles,
)
from onelayer.inputs.tf_idf import LEAST_TEXTS, MOST_TERMS, learn_terms, words_in
from onelayer.words import count_of, in_shell, spelt, to_drop

RARE = 10
"""Rows below which a level is pooled with the others of its column; in tables of fewer than 1000
rows one row in a hundred, and always at least 2."""

LEVELS = 1000
"""The most levels of a column that have a feature of their own; rarer ones are pooled."""

SENTENCE = 5
"""Words from which on a cell is taken for a sentence; names of people have four or fewer."""

ROWS_A_TEXT = 5
"""Rows a different text, on average, above which sentences are taken for the levels of a category,
as answers to choose from are. It counts weights: a row of weight 2 is the row twice."""

OTHER = "other"

ALL_DIFFERENT = "all different whole numbers"

INDICES = ("column 0", "Unnamed: 0", "rownames", "__index_level_0__")
"""What a column is called that is a table's index, which pandas and R write along with it."""


@dataclass(frozen=True)
class Fitted:
    """A table's encoding, what to say of it, and which columns are lost as text, and why."""

    table: Encoding
    notes: tuple[str, ...]
    lost: tuple[str, ...] = ()


def fit_table(codes: Codes, weights: np.ndarray | None = None) -> Fitted:
    """Learn from codes how each of their columns becomes features.

    Numbers: the median where they are missing, and a feature that says so where any are;
    standardised. Categories: one feature a level, rare ones and those beyond `LEVELS` in one.
    A column that says nothing, or is text, is left out, and an index that was written along.

    The columns stay in the order of the codes, as people know them. The features are in the order
    of their columns' names: a sum over features rounds by their order, and the same table with its
    columns in another order is to give the same model, to the last bit.

    Parameters
    ----------
    codes
        Those of the rows that are trained on.
    weights
        (m,), above 0; None: every row counts the same.

    Raises
    ------
    DataError
        Where no column is left, or a number is too large to be standardised.
    """
    made = [_with_terms(one, codes, weights) for one in _columns_made(codes, weights, _one_made)]
    used = [one for one in made if one.pieces]
    if not used:
        raise DataError("no column is left to look at: " + "; ".join(_left_out(made)))
    by_name = sorted(enumerate(used), key=lambda one: one[1].column.name)
    pieces = [replace(piece, column=at) for at, one in by_name for piece in one.pieces]
    spreads = [
        one.spreads[piece.of] if piece.make == "value" else (0.0, 1.0)
        for _, one in by_name
        for piece in one.pieces
        for _ in range(piece.width)
    ]
    centre, scale = np.array(spreads).T
    table = Encoding(
        columns=tuple(one.column for one in used),
        pieces=tuple(pieces),
        centre=np.ascontiguousarray(centre),
        scale=np.ascontiguousarray(scale),
    )
    counts = _counts(weights)
    least = least_rows(len(codes) if counts is None else counts.sum())
    lost = [f"{said}{_way_out(one)}" for one in made if one.is_text for said in _left_out([one])]
    return Fitted(table, tuple(_notes(table, made, least)), tuple(lost))


def telling(codes: Codes, weights: np.ndarray | None) -> tuple[Column, ...]:
    """Return the columns that `fit_table` would look at; all of them where it would look at none.

    Only these tell rows apart: rows that differ in an identifier alone are the same to a model.
    """
    made = _columns_made(codes, weights, _one_told)
    told = [
        one.column if one.texts else column
        for column, one in zip(codes.columns, made, strict=True)
        if one.pieces or one.texts
    ]
    return tuple(told) or codes.columns


def _columns_made(codes: Codes, weights: np.ndarray | None, ask: Callable[..., Made]) -> list[Made]:
    if weights is not None and (weights == 1).all():
        weights = None  # nothing of size m is made, or sent to workers
    made = codes.by_column(partial(ask, weights=weights))
    unnamed = all(one.column.name.startswith("column ") for one in made)
    return made if unnamed or len(made) < 2 else [_without_index(one) for one in made]


def _without_index(made: Made) -> Made:
    """Leave an index out: it tells the rows apart, and where they are sorted, their classes too."""
    if made.column.name not in INDICES or made.remark != _identifies(made.column.name):
        return made
    why = f"no name, and {ALL_DIFFERENT}: the rows' index; name the column to have it looked at"
    return Made(made.column, why=why)


def _one_made(column: Column, codes: np.ndarray, weights: np.ndarray | None) -> Made:
    if column.kind == "number":
        return _number(column, codes, weights)
    if column.kind == "date":
        return date_made(column, codes, weights)
    return _words(column, codes, _counts(weights))


def _one_told(column: Column, codes: np.ndarray, weights: np.ndarray | None) -> Made:
    """The same as far as `telling` asks: of a number whether it has pieces, not what these are."""
    if column.kind != "number" or column.name in INDICES:
        return _one_made(column, codes, weights)
    least, most = np.fmin.reduce(codes), np.fmax.reduce(codes)  # NaN where all are missing
    tells = least < most or (least == most and np.isnan(codes).any())
    return Made(column, (Piece(column=0, make="value"),) if tells else ())


def _counts(weights: np.ndarray | None) -> np.ndarray | None:
    """How many rows each counts for, at least one on average: weights may be fractions."""
    return None if weights is None else weights * max(1.0, len(weights) / weights.sum())


def least_rows(m: float) -> float:
    """Rows below which a level is rare, among m in all; see `RARE`."""
    return float(min(RARE, max(2.0, m / 100)))


def _number(column: Column, codes: np.ndarray, weights: np.ndarray | None) -> Made:
    missing = np.isnan(codes)
    if missing.all():
        return Made(column, why="no value at all")
    present = codes[~missing]
    indicator = (Piece(column=0, make="missing"),) if missing.any() else ()
    if present.min() == present.max():
        only = float(present[0])
        known = replace(column, median=only, low=only, high=only, least=only, most=only)
        if not indicator:
            return Made(column, why=f"always {present[0]:g}")
        remark = f"{present[0]:g} wherever it is known, so only whether it is missing counts"
        return Made(known, indicator, remark=remark)
    low, median, high = weighted_quantiles(present, of_rows(weights, ~missing), RANGE)
    filled = np.where(missing, median, codes) if indicator else codes
    spread = spread_of(filled, weights, column.name)
    value = Piece(column=0, make="value", fill=median)
    least, most = float(present.min()), float(present.max())
    known = replace(column, median=median, low=low, high=high, least=least, most=most)
    remark = ""
    if _like_identifier(present, len(codes)):
        remark = _identifies(column.name)
    return Made(known, (value, *indicator), {"": spread}, remark=remark)


def _identifies(name: str) -> str:
    return f"{ALL_DIFFERENT}, as an identifier has; kept, and {to_drop([name])} leaves it out"


def _like_identifier(values: np.ndarray, m: int) -> bool:
    """Whether these are whole numbers, none twice, and as many as there are rows."""
    whole = all((some == np.rint(some)).all() for some, _ in pieces_of(values))
    if len(values) < m or m <= 20 or not whole:
        return False
    ordered = np.sort(values)
    return bool((ordered[1:] > ordered[:-1]).all())


def _words(column: Column, codes: np.ndarray, counts: np.ndarray | None) -> Made:
    """A column of text, as asked for or as it looks; or one of categories."""
    if column.kind == "text":
        return _text(column, codes, "")
    rows = level_sizes(codes, len(column.levels))
    sizes = rows if counts is None else level_sizes(codes, len(column.levels), counts)
    if not _are_sentences(column, sizes[:-1]):
        return _category(column, sizes, rows)
    return _text(column, codes, f"taken as text, as most cells have {SENTENCE} words or more")


def _text(column: Column, codes: np.ndarray, remark: str) -> Made:
    known = replace(column, kind="text", levels=())
    missing = np.isnan(codes)
    if missing.all():
        return Made(known, why="no value at all")
    indicator = (Piece(column=0, make="missing"),) if missing.any() else ()
    return Made(known, indicator, remark=remark, texts=column.levels)


def _are_sentences(column: Column, sizes: np.ndarray) -> bool:
    """Whether most cells that are not missing have the words of a sentence, and many differ.

    `sizes` (K,) are those of the levels.
    """
    if np.count_nonzero(sizes) * ROWS_A_TEXT < sizes.sum():
        return False
    long = words_in(column.levels, SENTENCE) >= SENTENCE
    return bool(sizes[long].sum() > 0.5 * sizes.sum())


def _with_terms(made: Made, codes: Codes, weights: np.ndarray | None) -> Made:
    """Learn the words of a column of text; it is left out where it has none that come twice."""
    if not made.texts:
        return made
    sizes = level_sizes(codes.of(made.column), len(made.texts), _counts(weights))
    terms, idf = learn_terms(made.texts, sizes[:-1])
    if not terms:
        return replace(made, pieces=(), why="no word that two rows have", is_text=True)
    piece = Piece(column=0, make="terms", names=terms, idf=idf)
    return replace(made, pieces=(piece, *made.pieces))


def _category(column: Column, sizes: np.ndarray, rows: np.ndarray) -> Made:
    """A column of categories, by what the rows of its levels count for, and how many there are.

    Both (K + 1,), missing cells last.
    """
    K = len(column.levels)
    present = np.flatnonzero(sizes)
    if len(present) < 2:
        return Made(column, why="always the same" if rows[:K].any() else "no value at all")
    rare = _rare_ones(sizes, least_rows(sizes.sum()))
    if sizes[rare].sum() > 0.5 * sizes.sum() or _all_different(rows):
        few = f"{np.count_nonzero(sizes[:K])} different values, most of them rare"
        return Made(column, why=few, is_text=True)
    kept = [at for at in present.tolist() if not rare[at]]
    places = {at: place for place, at in enumerate(kept)}
    other = len(kept) if rare.any() else NONE
    names = [f"= {column.levels[at]}" if at < K else "missing" for at in kept]
    # After the levels: one that was not seen in training, and a missing cell.
    of_levels = [places.get(at, other) for at in range(K)]
    piece = Piece(
        column=0,
        make="levels",
        places=(*of_levels, other, places.get(K, other)),
        names=(*names, OTHER) if rare.any() else tuple(names),
    )
    pooled = [column.levels[at] if at < K else "missing" for at in np.flatnonzero(rare)]
    return Made(_with_usual(column, sizes[:K]), (piece,), pooled=tuple(pooled))


def _with_usual(column: Column, sizes: np.ndarray) -> Column:
    """Note the most frequent level, and how many rows have a level of their own."""
    alone = sizes[sizes < 2].sum() / sizes.sum()
    return replace(column, usual=column.levels[int(sizes.argmax())], fresh=float(alone))


def _all_different(rows: np.ndarray) -> bool:
    """Whether most rows have a level, and no two the same, whatever they weigh."""
    return bool(rows[:-1].sum() > 0.5 * rows.sum() and rows[:-1].max(initial=0) <= 1)


def _rare_ones(sizes: np.ndarray, least: float) -> np.ndarray:
    """Mark the levels that are pooled: too rare, or beyond the `LEVELS` most frequent."""
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return (sizes > 0) & ((sizes < least) | (rank >= LEVELS))


def _notes(table: Encoding, made: list[Made], least: float) -> Iterator[str]:
    numbers = [one for one in made if one.pieces and one.column.kind == "number"]
    categories = [one for one in made if one.pieces and one.column.kind == "category"]
    if numbers:
        yield _on_numbers(numbers)
    if categories:
        named = _some([f"{one.column.name} {one.pieces[0].width}" for one in categories])
        yield f"{_count(categories, 'category', 'categories')}, one feature a level: {named}"
        yield from _on_pooled(categories, least)
    for one in made:
        if one.pieces and one.texts:
            yield _on_terms(one)
    left_out = _left_out(made)
    if left_out:
        yield f"left out: {_some(left_out)}"
    for one in made:
        if one.remark:
            yield f"{one.column.name}: {one.remark}"
    how = "sparse, as most are zeros" if table.is_wide else "dense"
    made_of = count_of(len(table.columns), "columns")
    yield f"{count_of(len(table.centre), 'features')} of {made_of}, {how}"


def _on_numbers(numbers: list[Made]) -> str:
    count = _count(numbers, "number", "numbers")
    said = f"{count}, standardised: {_some([one.column.name for one in numbers])}"
    lacking = [one.column.name for one in numbers if len(one.pieces) > 1]
    if not lacking:
        return f"{said}; none is missing in training, and one that is later counts as the median"
    return f"{said}; missing ones count as the median, and have a feature: {_some(lacking)}"


def _on_terms(made: Made) -> str:
    pairs = sum(" " in term for term in made.pieces[0].names)
    words = made.pieces[0].width - pairs
    capped = ", the most frequent ones" * (words + pairs == MOST_TERMS)
    return (
        f"{made.column.name}: free text, {words:,} words and {pairs:,} pairs of words that "
        f"{LEAST_TEXTS} rows or more have{capped}, weighted by TF-IDF"
    )


def _on_pooled(categories: list[Made], least: float) -> Iterator[str]:
    pooled = [one for one in categories if one.pooled]
    if not pooled:
        yield "a level that was not seen in training is all zeros, as none of the others"
        return
    named = _some([f"{one.column.name} ({_some(list(one.pooled), 3)})" for one in pooled])
    yield f"fewer than {least:g} rows, so pooled as other: {named}"
    rest = ", elsewhere as all zeros" * (len(pooled) < len(categories))
    yield f"a level that was not seen in training counts as other there{rest}"


def _way_out(made: Made) -> str:
    """How the words of a column that is lost are looked at, where its cells have several."""
    texts, name = made.column.levels, made.column.name
    if made.texts or not texts or np.median(words_in(texts, 2)) < 2:
        return ""
    return f"; {spelt(f'text={name!r}', f'--text {in_shell(name)}')} looks at its words"


def _left_out(made: list[Made]) -> list[str]:
    return [f"{one.column.name} ({one.why})" for one in made if not one.pieces]


def _count(made: list[Made], one: str, several: str) -> str:
    return f"{len(made)} {one if len(made) == 1 else several}"


def _some(names: list[str], shown: int = 12) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
