"""A model in MLflow: saved, logged, loaded and served as a flavour of its own, without a pickle.

    onelayer.mlflow.log_model(model, name="churn")
    mlflow.pyfunc.load_model("models:/...").predict(frame)

What lies there is the model's own file, numbers and text, beside MLflow's description of it. The
signature says what the model takes; `params={"predict_method": "predict_proba"}` asks for
probabilities, of the scoring server too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import MissingExtraError, UsageError
from onelayer.inputs import TableInputs
from onelayer.model.loading import load

if TYPE_CHECKING:
    from onelayer.model.fitted import Model

__all__ = ["load_model", "log_model", "save_model", "signature_of"]

FLAVOR = "onelayer"
FILE = "model.safetensors"
METHODS = ("predict", "predict_proba")


def save_model(
    model: Model,
    path: str | Path,
    *,
    mlflow_model: Any = None,
    signature: Any = None,
    input_example: Any = None,
    metadata: dict[str, Any] | None = None,
    pip_requirements: list[str] | None = None,
) -> None:
    """Write the model into a folder in MLflow's layout.

    Parameters
    ----------
    model
        What `onelayer.train` or `load` returned.
    path
        A folder that does not exist yet.
    mlflow_model
        MLflow's description, where MLflow itself calls.
    signature
        A `ModelSignature`; None: `signature_of(model)`.
    input_example
        Some rows, kept beside the model.
    metadata
        What else the description shall say.
    pip_requirements
        What a server must install; None: this version of onelayer.

    Raises
    ------
    MissingExtraError
        Without MLflow; the message names the command that installs it.
    UsageError
        Where the folder exists.
    """
    mlflow = _mlflow()
    from mlflow.models.utils import _save_example

    folder = Path(path)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} exists and is not empty: give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / FILE)
    about = mlflow.models.Model() if mlflow_model is None else mlflow_model
    about.signature = signature_of(model) if signature is None else signature
    if metadata is not None:
        about.metadata = metadata
    if input_example is not None:
        _save_example(about, input_example, str(folder))
    _describe(mlflow, about, folder, pip_requirements)


def _describe(mlflow: Any, about: Any, folder: Path, requirements: list[str] | None) -> None:
    """Write MLmodel, and what a server must install."""
    import onelayer

    needed = [f"onelayer=={onelayer.__version__}"] if requirements is None else requirements
    environment = mlflow.utils.environment
    environment._PythonEnv.current().to_yaml(str(folder / "python_env.yaml"))  # noqa: SLF001
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")
    mlflow.pyfunc.add_to_model(
        about, loader_module=__name__, data=FILE, python_env="python_env.yaml"
    )
    about.add_flavor(FLAVOR, onelayer_version=onelayer.__version__, data=FILE)
    about.save(str(folder / "MLmodel"))


def log_model(model: Model, name: str = "model", **options: Any) -> Any:
    """Save the model in MLflow's current run, or one of its own, and return its `ModelInfo`.

    Options are those of `save_model`, and MLflow's `registered_model_name`, `params`, `tags`,
    `step` and `run_id`. Errors as `save_model`.
    """
    mlflow = _mlflow()
    flavor = _this_module()
    return mlflow.models.Model.log(None, flavor, name=name, model=model, **options)


def load_model(model_uri: str) -> Model:
    """Return the model that a URI of MLflow names, as `onelayer.load` would; no code of it is run.

    Raises
    ------
    MissingExtraError
        Without MLflow.
    ModelFileError
        Where the file is damaged or foreign.
    """
    mlflow = _mlflow()
    folder = mlflow.artifacts.download_artifacts(artifact_uri=model_uri)
    return load(Path(folder) / FILE)


def signature_of(model: Model) -> Any:
    """Return MLflow's signature: the columns of a table, or rows or pictures as arrays.

    The cells of a table are of any type: MLflow takes no whole number for a double, and the model
    itself says which cells it cannot read. Errors as `save_model`.
    """
    _mlflow()
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    inputs = model.inputs
    if isinstance(inputs, TableInputs):
        takes = Schema([ColSpec(AnyType(), one.name, required=False) for one in inputs.columns])
    elif inputs.preprocessing is not None:
        shape = (-1, *inputs.preprocessing.shape)
        takes = Schema([TensorSpec(np.dtype(np.uint8), shape)])
    else:
        takes = Schema([TensorSpec(np.dtype(np.float64), (-1, inputs.n))])
    params = ParamSchema([ParamSpec("predict_method", "string", METHODS[0])])
    return ModelSignature(inputs=takes, params=params)


class ServedModel:
    """What MLflow calls: `predict(data, params)`."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Return labels (m,), or with `predict_method="predict_proba"` a frame, a column a class.

        Raises
        ------
        UsageError
            For another method.
        """
        method = (params or {}).get("predict_method", METHODS[0])
        if method not in METHODS:
            raise UsageError(f"predict_method is {method!r}: give {' or '.join(METHODS)}")
        given = self._given(data)
        if method == "predict":
            return self.model.predict(given)
        import pandas as pd

        return pd.DataFrame(self.model.predict_proba(given), columns=self.model.classes.tolist())

    def _given(self, data: Any) -> Any:
        """A frame of a model that has no columns is rows of numbers."""
        named = isinstance(self.model.inputs, TableInputs)
        return data.to_numpy() if not named and hasattr(data, "to_numpy") else data


def _load_pyfunc(path: str) -> ServedModel:
    """Load for `mlflow.pyfunc`, which calls this by its name; `path` is that of the model file."""
    return ServedModel(load(path))


def _this_module() -> Any:
    import sys

    return sys.modules[__name__]


def _mlflow() -> Any:
    try:
        import mlflow
        import mlflow.artifacts
        import mlflow.models
        import mlflow.pyfunc
        import mlflow.utils.environment
    except ImportError as error:
        raise MissingExtraError("this needs MLflow", "mlflow") from error
    return mlflow
