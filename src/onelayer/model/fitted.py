"""A trained model: weights, classes, what is done to pictures first, and the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from onelayer.calibration import Readout
from onelayer.card import Card
from onelayer.designs import Scaling
from onelayer.errors import UsageError
from onelayer.evaluation import Evaluation, evaluate
from onelayer.inputs import EncoderInputs, Inputs
from onelayer.inputs.columns import Column
from onelayer.inputs.kept_pictures import KeptPictures, Similar
from onelayer.layer import Layer, Score
from onelayer.logistic import Head
from onelayer.model.answering import require_rows, said_of
from onelayer.model.judged_on import judged_on, read_for
from onelayer.model_file import write
from onelayer.readers import Preprocessing
from onelayer.readers.tables.table_options import TableOptions
from onelayer.sources import Progress, no_progress, who_is_told

if TYPE_CHECKING:
    from onelayer.estimators import LogisticRegression
    from onelayer.estimators.optimality import Optimality
    from onelayer.export.check import Agreement
    from onelayer.model.reporting import Evidence
    from onelayer.report.case import NextStep

Given: TypeAlias = Any
"""Files, one or several, or an array; a SciPy sparse matrix too; for a table, see `given_table`."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Model:
    """One layer, ready to use: z = X w + b, a = sigma(z) or softmax(z).

    Attributes
    ----------
    layer
        W, b and the change of variables that they were found in.
    classes
        (K,), what the labels are called, with their dtype.
    inputs
        What makes a row of X from what a person has.
    parameters
        Those of the estimator that was fitted.
    readout
        What z means: the temperature, and the rule that answers.
    card
        Where the model comes from and how well it did.
    kept
        Some pictures of its training, for `similar`; None where it keeps none.
    evidence
        What it was trained and judged on, for `report`; None once it was saved and loaded.
    """

    layer: Layer
    classes: np.ndarray
    inputs: Inputs
    readout: Readout
    card: Card
    parameters: dict[str, Any] = field(default_factory=dict)
    kept: KeptPictures | None = None
    evidence: Evidence | None = None

    def __repr__(self) -> str:
        return f"<Model of {len(self.classes)} classes, {self.layer.n} features>"

    def _repr_html_(self) -> str:
        from onelayer.model.in_short import in_notebook

        return in_notebook(self)

    @property
    def coefficients(self) -> Any:
        """`coef` with names, a pandas DataFrame: a row a feature, a column a class.

        Of two classes the weights are those for the second, in the order of the features.
        """
        from onelayer.model.weights_left import as_frame

        return as_frame(self)

    @property
    def coef(self) -> np.ndarray:
        """w, one row a class, (K, n), or (1, n) for two classes; for X as given, unscaled."""
        return self.layer.coef

    @property
    def intercept(self) -> np.ndarray:
        """b, (K,) or (1,)."""
        return self.layer.b

    @property
    def scaling(self) -> Scaling | None:
        """The change of variables that the weights were found in, None for none."""
        return self.layer.scaling

    @property
    def head(self) -> Head:
        """Binary or softmax."""
        return self.readout.head

    @property
    def temperature(self) -> float:
        """T of a = sigma(z / T) or softmax(z / T); 1 where the model is not calibrated."""
        return self.readout.temperature

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a table that the model looks at; none for arrays and pictures."""
        return self.inputs.columns

    @property
    def preprocessing(self) -> Preprocessing | None:
        """What is done to a picture; None where the model takes none."""
        return self.inputs.preprocessing

    @cached_property
    def estimator(self) -> LogisticRegression:
        """The fitted `LogisticRegression` with these weights, without temperature and rule."""
        from onelayer.model.restoring import restored

        return restored(self.layer, self.classes, self.parameters, self.card.solution)

    def predict(self, given: Given) -> np.ndarray:
        """Return the label of each input, (m,), with the dtype of `classes`, by the model's rule.

        Parameters
        ----------
        given
            Files and folders of pictures, one or several; a file of arrays (.npz, .npy, .h5, IDX,
            LIBSVM); or an array or sparse matrix, `(m, n)` or, for pictures, uint8
            `(m, height, width, channels)`. For a model of a table: a file (.csv, .parquet), a
            data frame of pandas or polars, an Arrow table or a list of dictionaries, columns in
            any order.

        Raises
        ------
        DataError
            Where a file cannot be read; the message names all of them.
        ShapeError
            Where an array does not fit the model.
        """
        return said_of(self, given, lambda Z: self.classes[self.readout.answers(Z)])

    def predict_proba(self, given: Given) -> np.ndarray:
        """Return the calibrated probability of each class, (m, K); given is as for `predict`."""
        return said_of(self, given, self.readout.probabilities)

    def unlike(self, given: Given) -> list[str]:
        """Say of each input why it is unlike any trained on, empty where it is not: m texts.

        A number or a date far outside its range, a level or words never seen, a picture of one
        colour, far lighter or darker or like none of those kept: an answer is a guess there.
        Given and errors as for `predict`.
        """
        from onelayer.model.unlike import in_words, rows_and_unlike

        X, found = rows_and_unlike(self, given)
        return [in_words(found.get(row, {})) for row in range(X.shape[0])]

    def contributions(self, given: Given) -> np.ndarray:
        """Return what each number adds to z, x_j w_j: (m, n), with softmax (m, n, K).

        Of a table what each of `columns` adds, all its features together: (m, columns) or
        (m, columns, K). z_i = sum_j contributions_ij + b, b of `layer.inner`. Where the model
        standardises, a number adds nothing at its mean. Given and errors as for `predict`.
        """
        from onelayer.model.explaining import contributions_of

        return contributions_of(self, require_rows(self.layer, self.rows(given)))

    def words(self, given: Given, label: Any = None) -> list[dict[str, list[tuple[str, float]]]]:
        """Return what the words of each row's texts add to the score of a class: largest first.

        A dictionary a row: of each column of free text the words and pairs of words that the row
        has, each with what it adds. `label` names the class; None: each row's answer.

        Raises
        ------
        UsageError
            Where the model does not know the class. Otherwise as for `predict`.
        """
        return self.words_of(self.rows(given), None if label is None else self._known(label))

    def words_of(self, X: Any, k: int | None = None) -> list[dict[str, list[tuple[str, float]]]]:
        """Return the same of rows of X, for class k; None: each row's answer."""
        from onelayer.model.explaining import words_of

        return words_of(self, X, k)

    def evaluate(
        self,
        source: Any,
        *,
        x: str | None = None,
        y: str | None = None,
        report: str | Path | None = None,
        mistakes: str | Path | None = None,
        progress: Progress | None = no_progress,
        options: TableOptions | None = None,
    ) -> Evaluation:
        """Judge the model on a source of any kind that `train` takes; x and y name its arrays.

        Of a file with parts the one for testing judges. `report` names the HTML file of a report
        on it, `mistakes` the CSV file of its table of mistakes; `options` say how a table is read,
        by default as the model's own was.

        Raises
        ------
        DataError
            Where the source cannot be read, or has classes or features unknown to the model.
        """
        opened, examples = judged_on(self, source, x=x, y=y, options=options, progress=progress)
        Z = examples.forward(self.layer)
        if report is not None or mistakes is not None:
            from onelayer.model.reporting import Outputs, report_on_examples

            report_on_examples(self, Outputs(report, mistakes), opened, examples, Z)
        return evaluate(Z, examples.labels, self.classes, examples.weights, self.readout)

    def optimality(self, source: Any, *, x: str | None = None, y: str | None = None) -> Optimality:
        """Hold the weights against the optimum of their own objective on a source.

        On the examples that the model was trained on its `gap` is that of the training, whoever
        made it; of a source with parts the one for training is read.

        Raises
        ------
        DataError
            Where the source cannot be read, or has classes or features unknown to the model.
        """
        from onelayer.estimators.optimality import optimality

        examples = read_for(self, source, part="train", x=x, y=y)[1].encoded(self.inputs)
        labels = self.classes[examples.labels]
        return optimality(self.estimator, examples.matrix, labels, examples.weights)

    def report(
        self,
        path: str | Path | None,
        source: Any = None,
        *,
        mistakes: str | Path | None = None,
        progress: Progress | None = no_progress,
    ) -> tuple[NextStep, ...]:
        """Write a report as one HTML file, and its table of mistakes, `m.mistakes.csv` of `m.html`.

        On what the model was trained on and judged by, with a five-fold cross-validation at its C
        that looks for examples in the wrong class; or on another source, whose classes are known.
        `mistakes` names the table; with a path of None it alone is written. Returns what the report
        advises, each a `title`, its `evidence` and the `advice`, what to see to first at the front.

        Raises
        ------
        UsageError
            Without a source, for a model that was loaded: it holds no examples.
        DataError
            Where the source cannot be read, or has classes or features unknown to the model.
        """
        from onelayer.model.reporting import Outputs, report_on_examples, report_on_training

        outputs, told = Outputs(path, mistakes), who_is_told(progress)
        if source is None:
            return report_on_training(self, outputs, told)
        opened, examples = judged_on(self, source, progress=told)
        return report_on_examples(self, outputs, opened, examples, examples.forward(self.layer))

    def save(self, path: str | Path) -> None:
        """Write the model to one safetensors file, whole or not at all."""
        from onelayer.model.record import record_of

        write(record_of(self), path)

    def export(
        self, path: str | Path, *, dtype: Any = np.float64, check: Any = None
    ) -> dict[str, Agreement]:
        """Write the model as one ONNX file (extra `onnx`) or, of a table, as one SELECT of SQL.

        Outputs are `label` (N,) and `probabilities` (N, K). onnxruntime and onnx's own evaluator,
        or SQLite, must answer as the model does first, on hostile rows.

        Parameters
        ----------
        path
            The file, .onnx or .sql.
        dtype
            Of its numbers: float64, or float32 for smaller files and devices without the other.
        check
            A source whose rows, 10,000 or of an encoder 500 at random, they must answer alike too.

        Returns
        -------
        How far each evaluator is from the model, by its name; the file says it too.

        Raises
        ------
        MissingExtraError
            Without onnx and onnxruntime.
        UsageError
            For another suffix, or a kind of inputs that cannot be written so.
        ExportError
            Where the file does not answer as the model does; nothing is written then.
        """
        from onelayer.export import Subject, export

        given = None if check is None else read_for(self, check)[1]
        return export(Subject.of(self), path, dtype, given)

    def forward(self, X: np.ndarray) -> np.ndarray:
        """z = X w + b, before calibration: (m, K), or (m, 1) for two classes; X is (m, n)."""
        return self.layer.forward(require_rows(self.layer, X))

    def score(self, X: Any, k: int) -> Score:
        """Class k's score as a sum over the numbers of X, of a table over its columns."""
        score = self.layer.score(X, k)
        return replace(score, shares=self.inputs.explain(score.shares[:, :, None])[:, :, 0])

    def maps(self, given: Given, label: Any = None) -> np.ndarray:
        """Return what each place of a picture adds to the score of a class: (m, h, w).

        Of a model of an encoder that ends in a mean over places: the map's sum and the intercept
        of `score` are z (Zhou et al. 2016, here exact). `label` as for `words`.

        Raises
        ------
        UsageError
            Where the model sees no places, or does not know the class.
        """
        from onelayer.model.places import maps_of

        return maps_of(self, given, None if label is None else self._known(label))

    def score_of_places(self, picture: np.ndarray, k: int) -> tuple[np.ndarray, float] | None:
        """What each place of a decoded picture adds to class k's score, (h, w), and the intercept.

        Features are kept in float32, the mean over places is not: the last bits between them are
        shared out among the places, so that all adds up.
        """
        from onelayer.model.places import score_of_places

        return score_of_places(self, picture, k)

    def similar(self, given: Given, most: int = 3) -> list[list[Similar]]:
        """Return the kept pictures of training most like each one given, the most similar first.

        By the cosine of the encoder's features; empty lists where the model keeps no pictures.
        Given and errors as for `predict`.
        """
        return self.similar_to(self.rows(given), most)

    def similar_to(self, X: np.ndarray, most: int = 3) -> list[list[Similar]]:
        """Return the same of rows of X, the encoder's features (m, n)."""
        X = require_rows(self.layer, X)
        return [[] for _ in X] if self.kept is None else self.kept.nearest(X, self.classes, most)

    def with_encoder(self, function: Callable[[Any], Any]) -> Model:
        """Return the model with the function that it sees pictures through, which no file holds.

        Raises
        ------
        DataError
            Where the function gives other features than in training.
        UsageError
            For a model of anything else.
        """
        if not isinstance(self.inputs, EncoderInputs):
            raise UsageError("the model sees no pictures through an encoder")
        return replace(self, inputs=self.inputs.with_encoder(function))

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """a for every class, calibrated, (m, K)."""
        return self.readout.probabilities(self.forward(X))

    def rows(self, given: Given) -> Any:
        """Return X (m, n), which the forward pass takes, of what `predict` takes."""
        return self.inputs.rows(given)

    def _known(self, label: Any) -> int:
        known = self.classes.tolist()
        if label not in known:
            raise UsageError(f"the class {label!r} is unknown: choose one of {known[:20]}")
        return int(known.index(label))
