"""A trained model: weights, classes, what is done to pictures first, and the card."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from onelayer.calibration import Readout
from onelayer.designs import Scaling
from onelayer.errors import DataError, ModelFileError, ShapeError
from onelayer.evaluation import Evaluation, evaluate
from onelayer.inputs.encoding import Codes, Column, Table
from onelayer.layer import Layer, Score
from onelayer.logistic import Head
from onelayer.measures import head_of
from onelayer.model.card import Card
from onelayer.model.readouts import kept_arrays, kept_fields, read_readout
from onelayer.model.soundness import require_known, sound_layer
from onelayer.model_file import ModelRecord, decode_labels, encode_labels, read, write
from onelayer.readers import Preprocessing, find_pictures, read_files
from onelayer.readers.arrays.formats import Asked, array_kind
from onelayer.readers.arrays.layout import Names
from onelayer.readers.rows import given_rows
from onelayer.readers.tables.options import TableOptions
from onelayer.sources.arrays import file_rows
from onelayer.sources.opening import (
    Progress,
    Reading,
    Source,
    described,
    no_progress,
    read_source,
)
from onelayer.sources.table import asked_again, given_codes

if TYPE_CHECKING:
    from onelayer.estimators import LogisticRegression
    from onelayer.model.reporting import Evidence

Inputs: TypeAlias = Any
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
    preprocessing
        What makes a picture a row of X; None where X is a table.
    table
        What makes a row of a table's cells a row of X; None for arrays and pictures.
    parameters
        Those of the estimator that was fitted.
    readout
        What z means: the temperature, and the rule that answers.
    card
        Where the model comes from and how well it did.
    evidence
        What it was trained and judged on, for `report`; None once it was saved and loaded.
    """

    layer: Layer
    classes: np.ndarray
    readout: Readout
    card: Card
    preprocessing: Preprocessing | None = None
    table: Table | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    evidence: Evidence | None = None

    def __repr__(self) -> str:
        return f"<Model of {len(self.classes)} classes, {self.layer.n} features>"

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
        return () if self.table is None else self.table.columns

    @cached_property
    def estimator(self) -> LogisticRegression:
        """The fitted `LogisticRegression` with these weights, without temperature and rule."""
        from onelayer.model.restoring import restored

        return restored(
            layer=self.layer,
            classes=self.classes,
            parameters=self.parameters,
            solution=self.card.solution,
        )

    def predict(self, inputs: Inputs) -> np.ndarray:
        """Return the label of each input, (m,), with the dtype of `classes`, by the model's rule.

        Parameters
        ----------
        inputs
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
        return self.classes[self.readout.answers(self.forward(self.rows(inputs)))]

    def predict_proba(self, inputs: Inputs) -> np.ndarray:
        """Return the calibrated probability of each class, (m, K); inputs as for `predict`."""
        return self.probabilities(self.rows(inputs))

    def contributions(self, inputs: Inputs) -> np.ndarray:
        """Return what each number adds to z, x_j w_j: (m, n), with softmax (m, n, K).

        Of a table what each of `columns` adds, all its features together: (m, columns) or
        (m, columns, K). z_i = sum_j contributions_ij + b, b of `layer`: exact. Where the model
        standardises, a number adds nothing at its mean. Inputs and errors as for `predict`.
        """
        shares = self.layer.contributions(self._require_rows(self.rows(inputs)))
        if self.table is not None:
            shares = self.table.by_column(shares)
        return shares[:, :, 0] if self.head.name == "binary" else shares

    def evaluate(
        self,
        source: Source,
        *,
        x: str | None = None,
        y: str | None = None,
        report: str | Path | None = None,
        progress: Progress = no_progress,
        options: TableOptions | None = None,
    ) -> Evaluation:
        """Judge the model on a source of any kind that `train` takes; x and y name its arrays.

        Of a file with parts the one for testing judges. `report` names the HTML file of a report
        on it; `options` say how a table is read, by default as the model's own was.

        Raises
        ------
        DataError
            Where the source cannot be read, or has classes or features unknown to the model.
        """
        reading = Reading.like(
            self.preprocessing,
            self.classes,
            progress=progress,
            arrays=self.asked(x, y),
            table=asked_again(self.card.settings or {}, self.table, y, options),
        )
        examples = read_source(source, reading)
        if self.table is not None and examples.columns is not None:
            examples = examples.encoded(self.table)
        if examples.n != self.layer.n:
            raise DataError(
                f"{described(source)} has {examples.n} features, and the model "
                f"{self.layer.n}: give a source of the same kind"
            )
        Z = self.forward(examples.matrix)
        if report is not None:
            from onelayer.model.reporting import report_on_examples

            report_on_examples(self, report, source, examples, Z)
        return evaluate(Z, examples.labels, self.classes, examples.weights, self.readout)

    def report(
        self,
        path: str | Path,
        source: Source | None = None,
        *,
        progress: Progress = no_progress,
    ) -> None:
        """Write a report as one HTML file, and `mistakes.csv` beside it.

        On what the model was trained on and judged by, with a five-fold cross-validation at its C
        that looks for examples in the wrong class; or on another source, whose classes are known.

        Raises
        ------
        UsageError
            Without a source, for a model that was loaded: it holds no examples.
        DataError
            Where the source cannot be read, or has classes or features unknown to the model.
        """
        if source is not None:
            self.evaluate(source, report=path, progress=progress)
            return
        from onelayer.model.reporting import report_on_training

        report_on_training(self, path, progress)

    def save(self, path: str | Path) -> None:
        """Write the model to one safetensors file, whole or not at all."""
        write(self.to_record(), path)

    def forward(self, X: np.ndarray) -> np.ndarray:
        """z = X w + b, before calibration: (m, K), or (m, 1) for two classes; X is (m, n)."""
        return self.layer.forward(self._require_rows(X))

    def score(self, X: Any, k: int) -> Score:
        """Class k's score as a sum over the numbers of X, of a table over its columns."""
        score = self.layer.score(X, k)
        if self.table is None:
            return score
        return replace(score, shares=self.table.by_column(score.shares[:, :, None])[:, :, 0])

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """a for every class, calibrated, (m, K)."""
        return self.readout.probabilities(self.forward(X))

    def read_files(
        self, files: list[Path], progress: Any = None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Read pictures as the model's own were read: rows (m, n), and why the others failed."""
        images, failures = read_files(files, self._pictures("files"), progress)
        return images.reshape(len(images), self.layer.n), failures

    def asked(self, x: str | None = None, y: str | None = None) -> Asked:
        """Return how arrays are read for this model: by the names given, else those of its own.

        A file of labels is no name: that of the training set is not taken for another's.
        """
        settings = self.card.settings or {}
        own = settings.get("y")
        usual = own if own is not None and not Path(str(own)).suffix else None
        names = Names(x or settings.get("x"), y or usual)
        base = (self.card.reading or {}).get("index_base")
        return Asked(names, self.layer.n, base)

    def read_arrays(self, path: Path, x: str | None = None) -> Any:
        """Read a file of arrays as rows (m, n), dense or CSR, as the model's own were read."""
        return file_rows(path, self.preprocessing, self.asked(x), self.layer.n)

    def to_record(self) -> ModelRecord:
        """Return what the file holds."""
        metadata = {
            "classes": encode_labels(self.classes),
            "preprocessing": self.preprocessing and self.preprocessing.to_dict(),
            "table": self.table and self.table.to_dict(),
            "parameters": self.parameters,
            "readout": kept_fields(self.readout),
            "card": self.card.to_dict(),
        }
        arrays = {"coef": self.coef, "intercept": self.intercept, **kept_arrays(self.readout)}
        if self.scaling is not None:
            arrays |= {"centre": self.scaling.centre, "scale": self.scaling.scale}
        return ModelRecord(arrays, metadata)

    @classmethod
    def from_record(cls, record: ModelRecord) -> Model:
        """Return the model that `to_record` described; ModelFileError if it cannot have."""
        require_known(record)
        arrays, metadata = record.arrays, record.metadata
        try:
            preprocessing, classes = metadata["preprocessing"], decode_labels(metadata["classes"])
            readout, table = metadata.get("readout"), metadata.get("table")
            model = cls(
                layer=sound_layer(arrays, classes),
                classes=classes,
                readout=read_readout(head_of(classes), len(classes), arrays, readout),
                preprocessing=preprocessing and Preprocessing.from_dict(preprocessing),
                table=table and Table.from_dict(table),
                parameters=dict(metadata["parameters"]),
                card=Card.from_dict(metadata["card"]),
            )
        except ModelFileError:
            raise
        except KeyError as error:
            raise ModelFileError(f"is damaged: {error} is missing") from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ModelFileError(f"is damaged: {error}") from error
        model._require_consistent()
        return model

    def _require_consistent(self) -> None:
        to = self.preprocessing
        if to is not None and np.prod(to.shape) != self.layer.n:
            raise ModelFileError(
                f"is damaged: {self.layer.n} weights a class for pictures of {to.shape}"
            )
        if self.table is not None and len(self.table.centre) != self.layer.n:
            raise ModelFileError(
                f"is damaged: {self.layer.n} weights a class for a table of "
                f"{len(self.table.centre)} features"
            )

    def rows(self, inputs: Inputs) -> Any:
        """Return X (m, n), which the forward pass takes, of what `predict` takes."""
        if self.table is not None:
            return self.table.features_of(self._codes(inputs))
        rows = given_rows(inputs)
        if rows is not None:
            return self._array(rows)
        several = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
        if len(several) == 1 and array_kind(Path(several[0])):
            return self.read_arrays(Path(several[0]))
        files = find_pictures(several)
        X, failures = self.read_files(files)
        if failures:
            lines = "".join(f"\n  {files[row]}: {why}" for row, why in failures.items())
            raise DataError(f"{len(failures)} of {len(files)} files cannot be read:{lines}")
        return X

    def _codes(self, inputs: Inputs) -> Codes:
        return given_codes(inputs, self.columns, self.card.settings or {})

    def _require_rows(self, X: Any) -> Any:
        if X.ndim != 2 or X.shape[1] != self.layer.n:
            raise ShapeError(
                f"X has the shape {X.shape}: the model takes (m, {self.layer.n}), a row an example"
            )
        return X

    def _array(self, array: np.ndarray) -> np.ndarray:
        if array.ndim != 4:
            return array
        shape = self._pictures("an array of pictures").shape
        if array.shape[1:] != shape or array.dtype != np.uint8:
            raise ShapeError(
                f"pictures have the shape {array.shape} and dtype {array.dtype}: the model takes "
                f"(m, {', '.join(map(str, shape))}) of uint8, 0 to 255"
            )
        return array.reshape(len(array), -1)

    def _pictures(self, what: str) -> Preprocessing:
        if self.preprocessing is None:
            raise DataError(
                f"the model was not trained on pictures but on a table of {self.layer.n} "
                f"features: it cannot take {what}. Give an array (.npy, .npz, .h5, .svm), a row "
                "an example"
            )
        return self.preprocessing


def load(path: str | Path) -> Model:
    """Read a model file; no code from it is ever run.

    Raises
    ------
    ModelFileError
        Where the file is damaged, foreign or newer than this version; the message says which.
    FileNotFoundError
        Where there is none.
    """
    record = read(path)
    try:
        return Model.from_record(record)
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from error
