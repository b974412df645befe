"""Problems side by side: one read for all of them, whatever the precision that each asks for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest

from onelayer.designs import make_design, make_scaling
from onelayer.designs.passes import Ledger, Pass
from onelayer.designs.shared_reads import Place, shared_reads
from onelayer.logistic import Binary

M, N = 6000, 100  # 2.4 MB of float32: products in float32
READS = 3


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(3, 2, size=(M, N)).astype(np.float32)


def asked(number):
    random = np.random.default_rng(number)
    weights = random.uniform(size=(M, 1))
    return Pass(
        W=random.normal(size=(N, 1)) / 10,
        b=random.normal(size=1),
        head=Binary(),
        targets=np.arange(M) % 2,
        weights=weights / weights.sum(),
    )


def places(reads):
    return [Place(reads, number, Ledger()) for number in range(3)]


def side_by_side(reads, there):
    """READS passes of each place, in step: nobody may begin the next before all have the last."""
    in_step = Barrier(len(there))

    def work(number):
        try:
            found = []
            for _ in range(READS):
                found.append(there[number].sums(asked(number)))
                in_step.wait(timeout=120)
            return found[-1]
        except BaseException as error:
            in_step.abort()
            reads.close(error)
            raise
        finally:
            reads.leave()

    with ThreadPoolExecutor(len(there)) as threads:
        return list(threads.map(work, range(len(there))))


def test_a_problem_that_goes_on_in_float64_keeps_its_place(rows):
    """It was waited for until it had ended."""
    design = make_design(rows)
    reads = shared_reads(design, 3)
    single, double, other = places(reads)
    exact = double.exactly()
    assert exact.exactly() == exact
    found = side_by_side(reads, [single, exact, other])
    expected = [design.sums(asked(0)), design.exactly().sums(asked(1)), design.sums(asked(2))]
    for ours, alone in zip(found, expected, strict=True):
        for value, true in zip(ours, alone, strict=True):
            np.testing.assert_allclose(value, true, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(found[1][1], expected[1][1], rtol=1e-12, atol=1e-14)
    assert abs(found[1][1] - design.sums(asked(1))[1]).max() > 1e-10  # not those of float32


def test_each_counts_its_share_of_what_was_read_for_it(rows):
    design = make_design(rows)
    reads = shared_reads(design, 3)
    single, double, other = places(reads)
    exact = double.exactly()
    side_by_side(reads, [single, exact, other])
    assert single.ledger.bytes_read == other.ledger.bytes_read == READS * rows.nbytes // 2
    assert exact.ledger is double.ledger
    assert exact.ledger.bytes_read == READS * rows.nbytes
    assert design.ledger.bytes_read == 2 * READS * rows.nbytes


@pytest.mark.parametrize("exact", [False, True])
def test_a_fold_has_moments_sums_and_z_of_its_own_scaling(rows, exact):
    whole, half = np.full(M, 1 / M), np.repeat([2 / M, 0], M // 2)
    tilted = rows + np.linspace(0, 5, M, dtype=np.float32)[:, None]  # the halves are not alike
    shared, own = (make_scaling(tilted, "standard", weights) for weights in (whole, half))
    design, fold = make_design(tilted, shared), make_design(tilted, own)
    beyond = own.beyond(shared)
    place = Place(shared_reads(design, 1), 0, Ledger(), beyond)
    loss = design.bind(Binary(), asked(0).targets, half, beyond)
    loss, fold = replace(loss, shared=place), fold.bind(Binary(), asked(0).targets, half)
    loss, fold = (loss.exactly(), fold.exactly()) if exact else (loss, fold)
    for ours, alone in zip(loss.moments(), fold.moments(), strict=True):
        np.testing.assert_allclose(ours, alone, rtol=1e-12, atol=1e-14)
    tolerance = 1e-9 if exact else 1e-4
    W, b = asked(0).W, asked(0).b
    np.testing.assert_allclose(loss.forward(W, b), fold.forward(W, b), atol=tolerance)
    ours, alone = loss.value_and_gradient(W, b), fold.value_and_gradient(W, b)
    for value, true in zip(ours, alone, strict=True):
        np.testing.assert_allclose(value, true, rtol=tolerance, atol=tolerance)
