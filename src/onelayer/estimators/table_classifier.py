"""A scikit-learn pipeline for a data frame: numbers and categories into one layer."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from onelayer.errors import DataWarning, UsageError
from onelayer.estimators.classifier import LogisticRegression
from onelayer.inputs.encoding import Column
from onelayer.inputs.fitting import LEVELS, RANGE, fit_table, least_rows, weighted_quantiles

if TYPE_CHECKING:
    import pandas as pd

    from onelayer.inputs.encoding import Table

HERE = "the data frame"


class TableCells(TransformerMixin, BaseEstimator):
    """Cells as `onelayer train` reads them: numbers as float64, categories as text, NaN if missing.

    What pandas or polars hold, and the words that stand for no value ("?", "NA", " "), become one
    thing, so that the steps behind need not know.

    Parameters
    ----------
    numbers, categories : sequence of str
        The columns, by name; all others are left out.
    booleans : sequence of str
        Those of the categories that are true or false, in any case.
    notations : dict of str to str, default=None
        How the numbers of a column are written, by an example as "1.234,5"; None and columns that
        are not in it: 1234.5.

    Attributes
    ----------
    ranges_ : dict of str to (float, float, float)
        Of each number: the hundredth of a hundred of its values, the median, the ninety-ninth.
    feature_names_in_ : ndarray of str
        Numbers, then categories.
    """

    def __init__(
        self,
        numbers: Sequence[str] = (),
        categories: Sequence[str] = (),
        booleans: Sequence[str] = (),
        notations: Mapping[str, str] | None = None,
    ) -> None:
        self.numbers = numbers
        self.categories = categories
        self.booleans = booleans
        self.notations = notations

    def fit(self, X: Any, y: Any = None) -> TableCells:
        """Look at the numbers' ranges.

        Parameters
        ----------
        X : data frame
            Of pandas, polars or pyarrow.
        y
            Ignored.
        """
        del y
        frame = self._frame(X)
        self.feature_names_in_ = np.array([*self.numbers, *self.categories], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.ranges_ = {name: _range(frame[name].to_numpy()) for name in self.numbers}
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return a pandas frame of the columns, numbers first.

        Raises
        ------
        DataError
            Where a column is not there, or a number is none.
        """
        check_is_fitted(self)
        return self._frame(X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the columns' names."""
        del input_features
        check_is_fitted(self)
        return self.feature_names_in_

    def _frame(self, X: Any) -> pd.DataFrame:
        import pandas as pd

        from onelayer.inputs.codes import codes_of, require_columns
        from onelayer.inputs.given import given_table
        from onelayer.readers.tables.cells import read_cells, texts_of

        numbers = [number_column(name, self.notations) for name in self.numbers]
        categories = [Column(name=name, kind="category") for name in self.categories]
        table, source = given_table(X, [*numbers, *categories])
        require_columns(self.categories, table.column_names, source)
        codes = codes_of(numbers, table, source)
        columns = {column.name: codes.of(column) for column in numbers}
        for name in self.categories:
            cells = read_cells(name, table[name])
            texts = texts_of(cells, boolean=name in self.booleans).to_pylist()
            columns[name] = np.array([np.nan if t is None else t for t in texts], dtype=object)
        return pd.DataFrame(columns)


def number_column(name: str, notations: Mapping[str, str] | None) -> Column:
    """Return a column of numbers that are written as `TableCells.notations` has them."""
    return Column(name=name, kind="number", notation=(notations or {}).get(name, Column.notation))


def make_table_classifier(
    frame: Any, target: str, *, drop: Sequence[str] = (), **options: Any
) -> Pipeline:
    """Return a pipeline, not fitted, for data frames like this one.

    Numbers are standardised, with the median where they are missing and a feature that says so
    where any are; categories are one-hot, levels of fewer than ten rows (of a hundredth, in small
    frames) pooled, and levels that training has not seen count as these. The same as `onelayer
    train` does, on scikit-learn's transformers, which weigh every row the same.

    Parameters
    ----------
    frame : data frame
        Of pandas or polars (or any that narwhals reads): its columns' types, and what is missing,
        say what is done to each.
    target : str
        The column of the classes; it is not looked at.
    drop : sequence of str
        More columns that are not looked at.
    **options
        Of `LogisticRegression`: C, l1_ratio, class_weight and so on.

    Returns
    -------
    Pipeline
        `cells`, `features` and `layer`. Fit it on frames with or without the target:
        `pipeline.fit(frame, frame[target])`. `onelayer.save` takes it.

    Raises
    ------
    UsageError
        Where a column that is named is not there.
    DataError
        For columns of dates and the like, or where none is left.

    Warns
    -----
    DataWarning
        Where a column is left out, as it is constant or text, or cells of one are no numbers.
    """
    table = _looked_at(frame, target, drop)
    numbers = [c.name for c in table.columns if c.kind == "number"]
    categories = [c.name for c in table.columns if c.kind == "category"]
    booleans = [c.name for c in table.columns if c.boolean]
    notations = {c.name: c.notation for c in table.columns if c.notation != Column.notation}
    return Pipeline(
        [
            ("cells", TableCells(numbers, categories, booleans, notations or None)),
            ("features", _features(table, _rows(frame))),
            ("layer", LogisticRegression(**options)),
        ]
    )


def _looked_at(frame: Any, target: str, drop: Sequence[str]) -> Table:
    """What `onelayer train` would make of the frame."""
    import narwhals as nw

    from onelayer.inputs.codes import codes_of
    from onelayer.inputs.inference import ReadTable, inferred
    from onelayer.readers.tables.cells import as_classes, read_cells
    from onelayer.readers.tables.files import plain_types

    table = nw.from_native(frame, eager_only=True).to_arrow()
    for name in (target, *drop):
        if name not in table.column_names:
            raise UsageError(
                f"{HERE} has no column {name!r}: it has {', '.join(table.column_names[:40])}"
            )
    names = [name for name in table.column_names if name not in {target, *drop}]
    table = plain_types(table)
    known = table.filter(~as_classes(read_cells(target, table[target])).missing)
    columns, _ = inferred(ReadTable(HERE, [read_cells(name, known[name]) for name in names]))
    codes = codes_of(columns, known, HERE)
    fitted = fit_table(codes, np.ones(len(codes)))
    for note in fitted.notes:
        if note.startswith("left out"):
            warnings.warn(note, DataWarning, stacklevel=3)
    return fitted.table


def _rows(frame: Any) -> int:
    import narwhals as nw

    return len(nw.from_native(frame, eager_only=True))


def _features(table: Table, m: int) -> ColumnTransformer:
    of: dict[str, list[str]] = {"value": [], "missing": [], "levels": []}
    for piece in table.pieces:
        of[piece.make].append(table.columns[piece.column].name)
    steps = {
        "value": make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
        "missing": MissingIndicator(features="all"),
        "levels": OneHotEncoder(
            min_frequency=math.ceil(least_rows(m)),
            max_categories=LEVELS + 1,
            handle_unknown="infrequent_if_exist",
            sparse_output=table.is_wide,
        ),
    }
    names = {"value": "numbers", "missing": "missing", "levels": "categories"}
    return ColumnTransformer(
        [(names[make], steps[make], columns) for make, columns in of.items() if columns],
        sparse_threshold=float(table.is_wide),
        verbose_feature_names_out=False,
    )


def _range(values: np.ndarray) -> tuple[float, float, float]:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return (0.0, 0.0, 0.0)
    low, median, high = weighted_quantiles(known, np.ones(len(known)), RANGE)
    return low, median, high
