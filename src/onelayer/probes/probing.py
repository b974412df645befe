"""`onelayer.probe`: features judged by a linear probe, as it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from onelayer.errors import UsageError
from onelayer.estimators.cross_validation import Accuracy
from onelayer.inputs.base import is_path
from onelayer.probes.asked import ProbeAsked
from onelayer.probes.feature_parts import read_features
from onelayer.probes.few_shots import FewShotProbe, probe_few
from onelayer.probes.probed import Probe
from onelayer.probes.protocols import protocol_called
from onelayer.probes.sweeping import sweep
from onelayer.settings import Settings
from onelayer.sources import Progress, no_progress
from onelayer.words import spelt


def probe(  # noqa: PLR0913 - an option a keyword
    *features: Any,
    protocol: str = "onelayer",
    test: Any = None,
    val: Any = None,
    x: str | None = None,
    y: str | None = None,
    measure: str = "top-1",
    shots: Sequence[int] = (1, 2, 4, 8, 16),
    seeds: int = 10,
    seed: int = 0,
    tol: float = 1e-7,
    max_iter: int = 1000,
    progress: Progress = no_progress,
) -> Probe | FewShotProbe:
    """Judge frozen features by one layer on top of them, as a published protocol does it.

    J(W, b) = mean L + lambda/2 ||W||^2, softmax over the classes (sigma for two), b free. What
    penalties are tried and on what one is chosen is the protocol's: `PROTOCOLS[name].rows()`.

    Parameters
    ----------
    *features
        Files of arrays with the parts train and test, and val where there is one; or (X, y).
        Several are put side by side, with paired intervals of their differences.
    protocol
        `onelayer`, `simclr`, `dinov2`, `clip` or `few-shot`.
    test, val
        Sources that judge and that choose; for several files of features a list, one each.
    x, y
        What X and y are called in the files; the list column of a Parquet file.
    measure
        What chooses C: `top-1`, or `mean per class` where a set reports that. `onelayer` chooses by
        log loss.
    shots, seeds
        Of `few-shot`: how many examples a class, and how many draws of them.
    seed
        Of everything random: the same seed gives the same result.
    tol, max_iter
        Of every fit, as in `LogisticRegression`.
    progress
        Called as progress(what is under way, done, total).

    Returns
    -------
    Probe or FewShotProbe
        Printed, it is its table; `to("md")`, `to("latex")`, `to_dict()`, `frame`, `plot()`.

    Raises
    ------
    UsageError
        For a protocol or a measure that there is not, and for test or val parts that are not one
        for each file of features.
    DataError
        Where a source cannot be read.

    Notes
    -----
    Cost: `simclr` and `dinov2` 46 fits, `clip` 16, `few-shot` 15 for each number and seed; each
    begins at a stronger penalty's layer. X is held once, and once more where train and val lie in
    two arrays and are trained on together.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import onelayer
    >>> X, y = load_digits(return_X_y=True)
    >>> found = onelayer.probe((X[:1000], y[:1000]), test=(X[1000:], y[1000:]), protocol="clip")
    >>> found.probed[0].chosen
    0.0001
    """
    if not features:
        raise UsageError("there are no features: give a file of arrays, or several")
    asked = ProbeAsked(
        protocol=protocol_called(protocol),
        measure=measure,
        seed=seed,
        accuracy=Accuracy(tol=tol, max_iter=max_iter),
        shots=tuple(shots),
        seeds=seeds,
        progress=progress,
    )
    tests, vals = (_one_each(*part, len(features)) for part in (("test", test), ("val", val)))
    how = [
        Settings(x=x, y=y, test=its_test, val=its_val, seed=seed)
        for its_test, its_val in zip(tests, vals, strict=True)
    ]
    if asked.protocol.name == "few-shot":
        drawn = tuple(probe_few(*one) for one in _read(features, how, asked))
        return FewShotProbe(protocol=asked.protocol, probed=drawn, measure=measure)
    probed = tuple(sweep(*one) for one in _read(features, how, asked))
    return Probe(protocol=asked.protocol, probed=probed, measure=measure)


def _read(
    features: Sequence[Any], how: list[Settings], asked: ProbeAsked
) -> Any:  # of what a runner takes
    """Each file's parts in turn, so that one is in memory at a time; and when its reading began."""
    for name, given, settings in zip(_names(features), features, how, strict=True):
        since = perf_counter()
        parts = read_features(given, settings, asked.protocol, asked.progress)
        yield replace(parts, name=name), asked, since


def _names(features: Sequence[Any]) -> list[str]:
    """What results call each: the path as it was given, arrays by their number; none twice."""
    named = [str(one) if is_path(one) else "arrays" for one in features]
    times = Counter(named)
    met: Counter[str] = Counter()
    found = []
    for name in named:
        met[name] += 1
        found.append(f"{name} ({met[name]})" if times[name] > 1 else name)
    return found


def _one_each(part: str, given: Any, count: int) -> list[Any]:
    """A source that judges or chooses for every file of features, or none at all."""
    if given is None:
        return [None] * count
    several = list(given) if isinstance(given, list) else [given]
    if len(several) != count:
        raise UsageError(
            f"{spelt(part)} names {len(several)} and there are {count} of features: give one for "
            "each, in their order"
        )
    return several
