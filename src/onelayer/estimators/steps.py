"""What fitted scikit-learn transformers do to columns, as an `Encoding` says it: a closed list.

Every step of the list makes each feature of one column. What it has learnt becomes numbers and
text; nothing else of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from onelayer.errors import UsageError
from onelayer.estimators.layer_classifier import LayerClassifier
from onelayer.estimators.table_classifier import TableFeatures
from onelayer.inputs.columns import Column
from onelayer.inputs.date_parts import Part
from onelayer.inputs.encoding import NONE, Encoding, Make, Piece
from onelayer.inputs.fitting import OTHER


@dataclass(frozen=True, eq=False)
class _Levels:
    """One column's levels, the feature of each, and what the features are called; or its terms."""

    levels: tuple[str, ...]
    places: tuple[int, ...]
    names: tuple[str, ...]
    idf: tuple[float, ...] = ()  # of a text, whose terms are the names
    of: Part = ""  # of a date, the part whose levels these are


@dataclass(frozen=True, eq=False)
class _Feature:
    """One feature of one column: (x - centre) * scale, see `Piece`."""

    column: str
    make: Make = "value"
    fill: float | None = None
    text: str | None = None  # what stands for a missing text
    levels: _Levels | None = None
    of: Part = ""
    place: int = 0
    centre: float = 0.0
    scale: float = 1.0

    def moved(self, centre: float, scale: float) -> _Feature:
        """(x' - centre) * scale of this feature x'."""
        return replace(self, centre=self.centre + centre / self.scale, scale=self.scale * scale)


Features = list[_Feature]


def table_of(pipeline: Pipeline) -> tuple[Encoding, LayerClassifier]:
    """Return what a fitted pipeline does before its layer, and the layer.

    Raises
    ------
    UsageError
        For a step that is not of the list, or one that a table cannot say; the message names it.
    """
    name, layer = pipeline.steps[-1]
    if not isinstance(layer, LayerClassifier):
        raise UsageError(
            f"the last step {name!r} is a {type(layer).__name__}: a model file holds a onelayer "
            "LogisticRegression"
        )
    features = [_Feature(column) for column in _names_in(pipeline)]
    for name, step in pipeline.steps[:-1]:
        features = _after(name, step, features)
    return _table(features, pipeline), layer


def _names_in(pipeline: Pipeline) -> list[str]:
    """The columns' names; x0, x1 and so on where the pipeline was fitted on an array."""
    names = _names_given(pipeline)
    if names is None:
        return [f"x{j}" for j in range(entry_of(pipeline).n_features_in_)]
    return [str(name) for name in names]


def _names_given(pipeline: Pipeline) -> Any:
    return vars(entry_of(pipeline)).get("feature_names_in_")


def entry_of(pipeline: Pipeline) -> Any:
    """Return the first step that does something: it knows what the pipeline was fitted on."""
    for _, step in pipeline.steps:
        if isinstance(step, Pipeline):
            inner = entry_of(step)
            if inner is not None:
                return inner
        elif not _is_idle(step):
            return step
    return None


def _is_idle(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _after(name: str, step: Any, features: Features) -> Features:
    if _is_idle(step):
        return features
    if isinstance(step, str) and step == "drop":
        return []
    known = _KNOWN.get(type(step))
    if known is None:
        raise UsageError(
            f"step {name!r}, a {type(step).__name__}, is not one that a model file can hold. It "
            f"knows {', '.join(sorted(kind.__name__ for kind in _KNOWN))} and LogisticRegression"
        )
    return known(name, step, features)


def _pipeline(_: str, step: Any, features: Features) -> Features:
    for name, inner in step.steps:
        features = _after(name, inner, features)
    return features


def _columns(_: str, step: Any, features: Features) -> Features:
    names = vars(step).get("feature_names_in_")
    made: Features = []
    for name, inner, columns in step.transformers_:
        at = _places(columns, len(features), None if names is None else list(names))
        made += _after(name, inner, [features[j] for j in at])
    return made


def _places(columns: Any, n: int, names: list[str] | None) -> list[int]:
    """Positions of what a ColumnTransformer was given: names, numbers, a mask or a slice."""
    if isinstance(columns, slice):
        if names is not None and isinstance(columns.start or columns.stop, str):
            first = 0 if columns.start is None else names.index(columns.start)
            last = n - 1 if columns.stop is None else names.index(columns.stop)
            return list(range(n))[first : last + 1 : columns.step]
        return list(range(n))[columns]
    several: list[Any] = [columns] if np.isscalar(columns) else list(columns)
    if several and all(isinstance(one, (bool, np.bool_)) for one in several):
        return np.flatnonzero(several).tolist()
    return [names.index(one) if isinstance(one, str) and names else int(one) % n for one in several]


def _identity(name: str, step: Any, features: Features) -> Features:
    if step.func is not None:
        raise UsageError(f"step {name!r} runs a function, which a model file cannot hold")
    return features


def _encoded(_: str, step: Any, features: Features) -> Features:
    """Those of a table's encoding, feature by feature."""
    del features
    table: Encoding = step.table_
    made = [
        _Feature(
            table.columns[piece.column].name,
            piece.make,
            piece.fill,
            levels=levels,
            of=piece.of,
            place=at,
        )
        for piece in table.pieces
        for levels in [_levels_of(table, piece)]
        for at in range(piece.width)
    ]
    pairs = zip(made, table.centre.tolist(), table.scale.tolist(), strict=True)
    return [replace(feature, centre=centre, scale=scale) for feature, centre, scale in pairs]


def _levels_of(table: Encoding, piece: Piece) -> _Levels | None:
    if piece.make == "terms":
        return _Levels((), (), piece.names, piece.idf)
    if piece.make != "levels":
        return None
    return _Levels(table.columns[piece.column].levels, piece.places, piece.names, of=piece.of)


def _impute(name: str, step: Any, features: Features) -> Features:
    _require_nan(name, step)
    filled: Features = []
    for feature, value in zip(features, step.statistics_.tolist(), strict=True):
        if isinstance(value, str):
            filled.append(replace(feature, text=value))
        elif feature.make != "value" or feature.fill is not None:
            filled.append(feature)
        elif not np.isnan(value):  # a column without any value is left out
            filled.append(replace(feature, fill=value / feature.scale + feature.centre))
        elif step.keep_empty_features:
            filled.append(replace(feature, fill=feature.centre))
    if step.add_indicator:
        filled += _indicate(name, step.indicator_, features)
    return filled


def _indicate(name: str, step: Any, features: Features) -> Features:
    _require_nan(name, step)
    return [_Feature(features[j].column, "missing") for j in step.features_.tolist()]


def _require_nan(name: str, step: Any) -> None:
    missing = step.missing_values
    if isinstance(missing, (str, int)) or (isinstance(missing, float) and not np.isnan(missing)):
        raise UsageError(
            f"step {name!r} takes {missing!r} for missing: a model file knows NaN and None alone"
        )


def _standardise(_: str, step: Any, features: Features) -> Features:
    n = len(features)
    centre = step.mean_ if step.with_mean else np.zeros(n)
    scale = step.scale_ if step.with_std else np.ones(n)
    return _moved(features, centre, 1 / scale)


def _robust(_: str, step: Any, features: Features) -> Features:
    n = len(features)
    centre = step.center_ if step.with_centering else np.zeros(n)
    scale = step.scale_ if step.with_scaling else np.ones(n)
    return _moved(features, centre, 1 / scale)


def _min_max(name: str, step: Any, features: Features) -> Features:
    _require_no_clip(name, step)
    return _moved(features, -step.min_ / step.scale_, step.scale_)


def _max_abs(name: str, step: Any, features: Features) -> Features:
    _require_no_clip(name, step)
    return _moved(features, np.zeros(len(features)), 1 / step.scale_)


def _require_no_clip(name: str, step: Any) -> None:
    if vars(step).get("clip"):
        raise UsageError(f"step {name!r} clips, which a model file cannot hold: clip=False")


def _moved(features: Features, centre: np.ndarray, scale: np.ndarray) -> Features:
    pairs = zip(features, centre.tolist(), scale.tolist(), strict=True)
    return [feature.moved(*by) for feature, *by in pairs]


def _one_hot(name: str, step: Any, features: Features) -> Features:
    made: Features = []
    for j, feature in enumerate(features):
        if feature.make != "value" or feature.fill is not None or feature.scale != 1:
            raise UsageError(
                f"step {name!r} makes levels of {feature.column!r}, which is no longer a column as "
                "it was read: a model file cannot hold that"
            )
        levels = _levels(name, step, j, feature)
        made += [
            _Feature(feature.column, "levels", levels=levels, place=place)
            for place in range(len(levels.names))
        ]
    return made


def _levels(name: str, step: Any, j: int, feature: _Feature) -> _Levels:
    """The places of one column's categories, in scikit-learn's order: frequent ones, then other."""
    categories = step.categories_[j].tolist()
    pooled = _pooled(step, j)
    dropped = None if step.drop_idx_ is None else step.drop_idx_[j]
    if dropped is not None and pooled:
        raise UsageError(f"step {name!r} both drops a level and pools some: choose one of them")
    texts = [_text(one) for one in categories]
    kept = [at for at, text in enumerate(texts) if text not in pooled and at != dropped]
    place = {at: number for number, at in enumerate(kept)}
    other = len(kept) if pooled else NONE
    unseen = other if step.handle_unknown in ("infrequent_if_exist", "warn") else NONE
    known = {text: place.get(at, other) for at, text in enumerate(texts) if text is not None}
    if len(known) < len(texts) - texts.count(None) or texts.count(None) > 1:
        raise UsageError(f"step {name!r} tells levels of {feature.column!r} apart that read alike")
    if None in texts and feature.text is not None:
        raise UsageError(
            f"step {name!r} has a level for missing cells of {feature.column!r}, which a step "
            "before it fills: scikit-learn tells None from NaN, a model file does not. Let the "
            "column hold one of them"
        )
    absent = place.get(texts.index(None), other) if None in texts else unseen
    missing = absent if feature.text is None else known.get(_text(feature.text) or "", unseen)
    levels = tuple(sorted(known))
    names = [f"= {texts[at]}" if texts[at] is not None else "missing" for at in kept]
    return _Levels(
        levels,
        (*(known[level] for level in levels), unseen, missing),
        (*names, OTHER) if pooled else tuple(names),
    )


def _pooled(step: Any, j: int) -> set[str | None]:
    enabled = step.min_frequency is not None or step.max_categories is not None
    found = step.infrequent_categories_[j] if enabled else None
    return set() if found is None else {_text(one) for one in found.tolist()}


def _text(level: Any) -> str | None:
    """A level as a cell of it is read; None where the cell counts as missing."""
    import pyarrow as pa

    from onelayer.readers.tables.cells import read_cells, texts_of

    if level is None or (isinstance(level, float) and np.isnan(level)):
        return None
    text: str | None = texts_of(read_cells("level", pa.array([level])))[0].as_py()
    return text


_KNOWN: dict[type, Callable[[str, Any, Features], Features]] = {
    ColumnTransformer: _columns,
    FunctionTransformer: _identity,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
    MissingIndicator: _indicate,
    OneHotEncoder: _one_hot,
    Pipeline: _pipeline,
    RobustScaler: _robust,
    SimpleImputer: _impute,
    StandardScaler: _standardise,
    TableFeatures: _encoded,
}


def _table(features: Features, pipeline: Pipeline) -> Encoding:
    read = _columns_read(pipeline)
    used = dict.fromkeys(feature.column for feature in features)
    names = [name for name in read if name in used] or list(used)
    if _names_given(pipeline) is None:
        names = _names_in(pipeline)  # an array has all its columns, and in their order
    levels = {feature.column: feature.levels for feature in features if feature.levels}
    for feature in features:
        if feature.make == "value" and not feature.of and feature.column in levels:
            raise UsageError(f"column {feature.column!r} is both a number and a category")
    fills = {f.column: f.fill for f in features if f.make == "value" and f.fill is not None}
    columns = [
        read.get(name) or _column(name, levels.get(name), fills.get(name, 0.0)) for name in names
    ]
    return Encoding(
        columns=tuple(columns),
        pieces=tuple(_pieces(features, names)),
        centre=np.array([feature.centre for feature in features]),
        scale=np.array([feature.scale for feature in features]),
    )


def _column(name: str, levels: _Levels | None, median: float) -> Column:
    """A column of which only its features are known."""
    if levels is None:
        return Column(name=name, kind="number", median=median, low=median, high=median)
    boolean = set(levels.levels) <= {"false", "true"}
    return Column(name=name, kind="category", levels=levels.levels, boolean=boolean)


def _pieces(features: Features, names: list[str]) -> list[Piece]:
    """Neighbouring features of one column's levels are one piece."""
    pieces: list[Piece] = []
    for _, group in groupby(features, key=lambda f: id(f) if f.levels is None else id(f.levels)):
        several = list(group)
        first, levels = several[0], several[0].levels
        column = names.index(first.column)
        if levels is None:
            pieces.append(Piece(column=column, make=first.make, fill=first.fill, of=first.of))
            continue
        if first.make == "terms":
            pieces.append(Piece(column=column, make="terms", names=levels.names, idf=levels.idf))
            continue
        new = {feature.place: at for at, feature in enumerate(several)}
        pieces.append(
            Piece(
                column=column,
                make="levels",
                places=tuple(new.get(place, NONE) for place in levels.places),
                names=tuple(levels.names[feature.place] for feature in several),
                of=levels.of,
            )
        )
    return pieces


def _columns_read(pipeline: Pipeline) -> dict[str, Column]:
    """The columns of a table's encoding, by name; none where the pipeline has no such step."""
    steps = (step for _, step in pipeline.steps if isinstance(step, TableFeatures))
    return {column.name: column for step in steps for column in step.table_.columns}
