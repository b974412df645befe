"""What a source becomes: rows of numbers, their labels, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from onelayer.readers import Audit, Preprocessing, content_groups


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Examples of one source, or of a part of it.

    Attributes
    ----------
    X
        (m, n), a row an example; pictures as uint8, row by row, channels last.
    labels
        int64 (m,), positions in `classes`.
    classes
        (K,), the labels that the user knows.
    names
        (m,), the file of each row, or its number.
    scaling
        What the layer does to X first: 1/255 for pictures, "standard" for a table.
    preprocessing
        What made the pictures; None for a table.
    audit
        What was read, left out and chosen.
    features
        (n,), what the columns of a table are called; None where nobody said.
    """

    X: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    names: np.ndarray
    scaling: float | str
    preprocessing: Preprocessing | None
    audit: Audit
    features: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def unit(self) -> str:
        """What one example is, in the plural."""
        return self.audit.unit

    def take(self, rows: np.ndarray) -> Examples:
        """Return the examples of these rows; the audit stays that of the whole source."""
        return replace(self, X=self.X[rows], labels=self.labels[rows], names=self.names[rows])

    def groups(self) -> np.ndarray:
        """Number the rows by content: what is identical must lie on one side of a split."""
        return content_groups(self.X)


def joined(parts: list[Examples]) -> Examples:
    """Return all examples of several parts, in order."""
    return replace(
        parts[0],
        X=np.concatenate([part.X for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        names=np.concatenate([part.names for part in parts]),
    )


def also_in(examples: Examples, others: list[Examples]) -> np.ndarray:
    """Mark the examples whose content is also among the others: bool (m,)."""
    groups = content_groups(np.concatenate([examples.X, *(other.X for other in others)]))
    return np.isin(groups[: len(examples)], groups[len(examples) :])


def in_two_classes(examples: Examples) -> np.ndarray:
    """Mark the examples whose content has also another label: bool (m,)."""
    groups = examples.groups()
    pairs = np.unique(np.column_stack([groups, examples.labels]), axis=0)
    ambiguous = np.bincount(pairs[:, 0]) > 1
    return ambiguous[groups]
