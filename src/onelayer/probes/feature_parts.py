"""The parts of a file of features, exactly as they are: nothing is left out of a published set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs import held
from onelayer.errors import UsageError
from onelayer.inputs import RowInputs
from onelayer.inputs.examples import Examples, numbered
from onelayer.model.parts import read_sets, split
from onelayer.probes.protocols import ProbeProtocol
from onelayer.readers import stratified_split
from onelayer.settings import Settings
from onelayer.sources import Progress, open_source
from onelayer.sources.folder import PictureFolder
from onelayer.sources.table import TableSource
from onelayer.words import spelt


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureFacts:
    """What results say of features once these are gone from memory.

    Attributes
    ----------
    name
        What they are called.
    labels
        (m,) of each part by name, positions in the classes.
    features, dtype, classes
        How many numbers an example has, their type, and how many classes there are.
    said
        What stands for a part that was not there, and what is odd, in words.
    """

    name: str
    labels: dict[str, np.ndarray]
    features: int
    dtype: str
    classes: int
    said: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        sizes = {part: len(labels) for part, labels in self.labels.items()}
        kind = {"features": self.features, "dtype": self.dtype, "classes": self.classes}
        return {"name": self.name, **sizes, **kind, "notes": list(self.said)}

    def in_words(self) -> str:
        """How many there are of what."""
        sizes = ", ".join(f"{len(labels):,} {part}" for part, labels in self.labels.items())
        return f"{sizes}; {self.features:,} features ({self.dtype}), {self.classes:,} classes"


@dataclass(frozen=True, kw_only=True)
class FeatureParts:
    """What is trained on, what chooses and what judges.

    Attributes
    ----------
    name
        What results call the features.
    train, val, test
        The parts; val is None where the protocol needs none, or draws its own.
    said
        See `FeatureFacts`.
    """

    name: str
    train: Examples
    val: Examples | None
    test: Examples
    said: tuple[str, ...]

    def facts(self) -> FeatureFacts:
        """What results keep."""
        parts = {"train": self.train, "val": self.val, "test": self.test}
        return FeatureFacts(
            name=self.name,
            labels={name: part.labels for name, part in parts.items() if part is not None},
            features=self.train.n,
            dtype=str(self.train.whole.dtype),
            classes=len(self.train.classes),
            said=self.said,
        )


def read_features(
    given: Any, settings: Settings, protocol: ProbeProtocol, progress: Progress
) -> FeatureParts:
    """Read what was given, and split off what the protocol needs and nobody has named.

    Raises
    ------
    UsageError
        For a source of anything but rows of numbers.
    DataError
        Where it cannot be read, or its parts are not of one kind.
    """
    source = open_source(given, settings, progress)
    name, said = source.described, []
    if isinstance(source, (TableSource, PictureFolder)):
        raise _no_features(name, "a table" if isinstance(source, TableSource) else "pictures")
    sets = read_sets(source, settings, progress)
    if not isinstance(sets["train"].inputs, RowInputs):
        raise _no_features(name, "pictures")
    if "test" in sets:
        said += _repeated(sets)
    else:
        sets["train"], sets["test"] = split(sets["train"], settings.test_size, settings.seed)
        said.append(
            f"{name} has no test part: {len(sets['test']):,} of it, stratified, judge; name "
            f"another with {spelt('test')}"
        )
    if protocol.dtype is not None:
        sets = _in_dtype(sets, np.dtype(protocol.dtype))
    train, val = sets["train"], sets.get("val")
    if val is None and protocol.refit:
        train, val = _drawn(train, protocol, settings.seed)
        said.append(f"{name} has no val part: {len(val):,} of train choose C")
    return FeatureParts(name=name, train=train, val=val, test=sets["test"], said=tuple(said))


def _no_features(name: str, what: str) -> UsageError:
    return UsageError(
        f"{name} holds {what}, and a probe takes features: a file of arrays, a row an example "
        f"(.npz, .npy, .h5, .safetensors, .pt, or .parquet with {spelt('x')} and {spelt('y')})"
    )


def _drawn(train: Examples, protocol: ProbeProtocol, seed: int) -> tuple[Examples, Examples]:
    """What is left of train, and the share of it that chooses."""
    m, everyone = len(train), np.arange(len(train))
    if protocol.stratified:
        chosen = stratified_split(train.labels, everyone, protocol.held_out, seed)
    else:
        if int(m * protocol.held_out) == 0:
            raise UsageError(
                f"{train.audit.source} has {m} examples to train on, and a share of "
                f"{protocol.held_out:g} of them would choose C, which is none: give a val part, or "
                f"name one with {spelt('val')}"
            )
        drawn = np.random.default_rng(seed).permutation(m)[: int(m * protocol.held_out)]
        chosen = np.isin(everyone, drawn)
    lost = np.setdiff1d(train.labels, train.labels[~chosen])
    if len(lost):
        raise UsageError(
            f"{train.audit.source} has no example of {train.classes[lost[0]]} left once a tenth is "
            f"drawn to choose C: give a val part, or name one with {spelt('val')}"
        )
    return train.take(~chosen), train.take(chosen)


def _in_dtype(sets: dict[str, Examples], dtype: np.dtype) -> dict[str, Examples]:
    """The same numbers in another type; parts of one array stay so."""
    made: dict[int, Any] = {}
    for one in sets.values():
        if id(one.whole) not in made:
            made[id(one.whole)] = held(one.whole.astype(dtype))
    return {name: replace(one, whole=made[id(one.whole)]) for name, one in sets.items()}


def _repeated(sets: dict[str, Examples]) -> list[str]:
    """How many examples that judge are among those that the layer is trained on."""
    order = [name for name in ("train", "val") if name in sets]
    *seen, test = (part.contents() for part in numbered([*(sets[n] for n in order), sets["test"]]))
    twice = int(np.isin(test, np.concatenate(seen)).sum())
    if not twice:
        return []
    are = "example of test is" if twice == 1 else "examples of test are"
    return [f"{twice:,} {are} in {' or '.join(order)} too, to the last bit; kept, as published"]
