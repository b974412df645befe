"""A scikit-learn pipeline for a data frame: numbers and categories into one layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from onelayer.errors import DataWarning, UsageError
from onelayer.estimators.classifier import LogisticRegression

if TYPE_CHECKING:
    from onelayer.inputs.columns import Codes
    from onelayer.inputs.fitting import Fitted

HERE = "the data frame"


class TableFeatures(TransformerMixin, BaseEstimator):
    """A table's columns become features by the encoding that `onelayer train` learns and saves.

    `fit` learns all of it from the rows that it is given, those of one fold say: which columns hold
    numbers, their medians and spreads, the levels of the others and which of them are rare.

    Parameters
    ----------
    columns : sequence of str
        Those that are looked at, by name; all others are left out.

    Attributes
    ----------
    table_ : Table
        The encoding.
    feature_names_in_ : ndarray of str
        The columns.
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> TableFeatures:
        """Learn the encoding.

        Parameters
        ----------
        X : data frame
            Of pandas, polars or pyarrow.
        y
            Ignored.
        sample_weight : array of shape (m,), default=None
            How many rows each counts for; rows of weight 0 are not looked at. In a pipeline both
            steps take it: `pipeline.fit(X, y, features__sample_weight=w, layer__sample_weight=w)`.

        Raises
        ------
        DataError
            Where a column is not there or holds dates, or where none is left.
        """
        del y
        from onelayer.inputs.codes import require_columns
        from onelayer.inputs.given import given_table

        table, source = given_table(X, self.columns)
        require_columns(self.columns, table.column_names, source)
        weights = np.ones(table.num_rows) if sample_weight is None else np.asarray(sample_weight)
        self.table_ = _fitted(table.filter(weights > 0), self.columns, weights[weights > 0]).table
        self.feature_names_in_ = np.array(self.columns, dtype=object)
        self.n_features_in_ = len(self.columns)
        return self

    def transform(self, X: Any) -> Any:
        """Return features (m, n), dense, or CSR where most are of levels.

        Raises
        ------
        DataError
            Where a column is not there, or one of numbers has none.
        """
        check_is_fitted(self)
        return self.table_.features_of(self._codes(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the features' names."""
        del input_features
        check_is_fitted(self)
        return np.array(self.table_.features, dtype=object)

    def _codes(self, X: Any) -> Codes:
        from onelayer.inputs.codes import codes_of
        from onelayer.inputs.columns import number_notations
        from onelayer.inputs.given import given_table

        notations = number_notations(self.table_.columns)
        table, source = given_table(X, list(notations), notations=notations)
        return codes_of(self.table_.columns, table, source)


def make_table_classifier(
    frame: Any, target: str, *, drop: Sequence[str] = (), **options: Any
) -> Pipeline:
    """Return a pipeline, not fitted, for data frames like this one.

    It is made of the encoding that `onelayer train` learns of a table and of the layer, so that
    both give the same model. Numbers are standardised, with the median where they are missing and a
    feature that says so where any are; categories are one-hot, levels of fewer than ten rows (of a
    hundredth, in small frames) pooled, and levels that training has not seen count as these.

    Parameters
    ----------
    frame : data frame
        Of pandas or polars (or any that narwhals reads): which of its columns say something.
    target : str
        The column of the classes; it is not looked at.
    drop : sequence of str
        More columns that are not looked at.
    **options
        Of `LogisticRegression`: C, l1_ratio, class_weight and so on.

    Returns
    -------
    Pipeline
        `features` and `layer`. Fit it on frames with or without the target:
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
    columns = _looked_at(frame, target, drop)
    return Pipeline(
        [("features", TableFeatures(columns)), ("layer", LogisticRegression(**options))]
    )


def _looked_at(frame: Any, target: str, drop: Sequence[str]) -> list[str]:
    """The columns beside these, with a warning for those that say nothing; `fit` leaves them out.

    Which are left out is for the rows and weights of the fit to say.
    """
    from onelayer.inputs.given import frame_table, known_frame
    from onelayer.readers.tables.cells import as_classes, read_cells

    table = frame_table(known_frame(frame, HERE))
    for name in (target, *drop):
        if name not in table.column_names:
            raise UsageError(
                f"{HERE} has no column {name!r}: it has {', '.join(table.column_names[:40])}"
            )
    names = [name for name in table.column_names if name not in {target, *drop}]
    known = table.filter(~as_classes(read_cells(target, table[target])).missing)
    fitted = _fitted(known, names, np.ones(known.num_rows))
    for note in fitted.notes:
        if note.startswith("left out"):
            warnings.warn(note, DataWarning, stacklevel=3)
    return names


def _fitted(table: Any, names: Sequence[str], weights: np.ndarray) -> Fitted:
    """What `onelayer train` makes of these columns of an Arrow table."""
    from onelayer.inputs.codes import codes_of
    from onelayer.inputs.column_kinds import ReadTable, inferred
    from onelayer.inputs.fitting import fit_table
    from onelayer.readers.tables.cells import read_cells

    columns, _ = inferred(ReadTable(HERE, [read_cells(name, table[name]) for name in names]))
    return fit_table(codes_of(columns, table, HERE), weights)
