"""Pictures that are nearly the same: bursts of a telephone, other sizes, qualities or crops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

SMALLEST = 32
"""Pixels a side. In smaller pictures, 28 x 28 shirts say, different ones look nearly the same."""

DISTANCE = 24
"""Bits of 120 in which the hashes of two pictures may differ, and the correlation that they need.

Measured on 500 photographs of flowers at 64 x 64: the one true pair among them differs in 20 bits,
the next in 32. Of copies with JPEG quality 30, brightness 0.8 to 1.25, 3 % cropped, or moved by up
to 3 pixels of 128, at least 99.6 % are found; moved by 4 pixels, 93 %.
"""

CORRELATION = 0.9

_FREQUENCIES = 11  # a side; the lowest 11 x 11 cosines less the mean are 120 numbers
_THUMB = 8  # pixels a side of the thumbnails whose colours must correlate
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Rec. 601
_BLOCK = 256  # pictures: 12 MB as float32 at 64 x 64
_EXACT = 2048  # pictures up to which every pair is compared
_ORDERS, _NEIGHBOURS = 64, 16  # beyond: measured, 60000 pictures take 3 s
_MANY = 16


@dataclass(frozen=True)
class Fingerprints:
    """What is kept of each picture: 120 bits as two words, and a thumbnail of unit length."""

    words: np.ndarray
    thumbs: np.ndarray

    @classmethod
    def of(cls, images: Any) -> Fingerprints:
        """Read pictures (m, height, width, channels), or what gives slices of such, once."""
        blocks = (images[at : at + _BLOCK] for at in range(0, max(1, len(images)), _BLOCK))
        bits, thumbs = zip(*map(_fingerprints, blocks), strict=True)
        packed = np.packbits(np.pad(np.concatenate(bits), [(0, 0), (0, 8)]), axis=1)
        return cls(
            np.ascontiguousarray(packed).view(">u8").astype(np.uint64), np.concatenate(thumbs)
        )

    def joined(self, other: Fingerprints) -> Fingerprints:
        """Return those of both, one after the other."""
        words = np.concatenate([self.words, other.words])
        return Fingerprints(words, np.concatenate([self.thumbs, other.thumbs]))


def nearly_same(found: Fingerprints) -> np.ndarray:
    """Return the pairs (p, 2) of rows whose pictures are nearly or wholly the same, i < j, sorted.

    The hash is pHash's: which of the lowest frequencies lie above their median (Zauner 2010).
    Up to 2048 pictures every pair is compared. Beyond, the hashes are sorted by 64 random orders
    of their bits, and each is compared with its 16 neighbours in every order: near hashes share
    their first bits in some of them. The cost grows as m log m. Where most pictures are like many
    others, 16 pairs a picture end it: more would link what is linked.
    """
    m = len(found.words)
    random = np.random.default_rng(0)
    orders, neighbours = (1, m - 1) if m <= _EXACT else (_ORDERS, _NEIGHBOURS)
    bits = np.unpackbits(found.words.astype(">u8").view(np.uint8), axis=1)
    pairs = np.zeros(0, dtype=np.int64)
    for _ in range(orders):
        order = _sorted_by(bits, random.permutation(120)[:64])
        near = [_near(found.words, order, step) for step in range(1, neighbours + 1)]
        pairs = np.union1d(pairs, np.concatenate([pairs[:0], *near]))
        if orders > 1 and len(pairs) > _MANY * m:
            break
    return _verified(np.column_stack(np.divmod(pairs, max(m, 1))), found.thumbs)


def joined_groups(*numberings: np.ndarray) -> np.ndarray:
    """Number the rows so that any two alike in one numbering, or by a chain, are alike: (m,)."""
    m = len(numberings[0])
    links = []
    for numbers in numberings:
        _, first, number = np.unique(numbers, return_index=True, return_inverse=True)
        links.append(np.column_stack([np.arange(m), first[number]]))
    return connected(np.concatenate(links), m)


def connected(pairs: np.ndarray, m: int) -> np.ndarray:
    """Number m rows so that those which a chain of pairs (p, 2) connects have one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), dtype=bool), tuple(pairs.T)), shape=(m, m))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _sorted_by(bits: np.ndarray, columns: np.ndarray) -> np.ndarray:
    packed = np.ascontiguousarray(np.packbits(bits[:, columns], axis=1))
    return np.argsort(packed.view(">u8")[:, 0].astype(np.uint64), kind="stable")


def _near(words: np.ndarray, order: np.ndarray, step: int) -> np.ndarray:
    """Pairs as i m + j of the pictures `step` places apart whose hashes are near."""
    one, other = order[:-step], order[step:]
    differing = np.bitwise_count(words[one] ^ words[other]).sum(axis=1)
    near = differing <= DISTANCE
    one, other = one[near], other[near]
    return np.minimum(one, other) * len(words) + np.maximum(one, other)


def _verified(pairs: np.ndarray, thumbs: np.ndarray) -> np.ndarray:
    """Return the pairs whose colours correlate too; flat pictures correlate with nothing."""
    agreeing = [
        np.einsum("ij,ij->i", thumbs[some[:, 0]], thumbs[some[:, 1]]) >= CORRELATION
        for some in _in_blocks(pairs)
    ]
    return pairs[np.concatenate([np.zeros(0, dtype=bool), *agreeing])]


def _in_blocks(pairs: np.ndarray, size: int = 65536) -> Iterator[np.ndarray]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def _fingerprints(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits (m, 120) and thumbnails (m, 64 c), of mean 0 and length 1, or 0 where flat."""
    m, height, width, _ = images.shape
    block = images[..., :3].astype(np.float32)
    grey = block @ _LUMA if block.shape[3] == 3 else block[..., 0]
    waves = (_cosines(height) @ grey @ _cosines(width).T).reshape(m, _FREQUENCIES**2)[:, 1:]
    columns = np.tensordot(_means(height), block, axes=(1, 1))
    thumbs = np.tensordot(_means(width), columns, axes=(1, 2)).transpose(2, 1, 0, 3)
    thumbs = thumbs.reshape(m, _THUMB**2 * block.shape[3])
    thumbs -= thumbs.mean(axis=1, keepdims=True)
    length = np.linalg.norm(thumbs, axis=1, keepdims=True)
    return waves > np.median(waves, axis=1, keepdims=True), thumbs / np.maximum(length, 1)


def _cosines(n: int) -> np.ndarray:
    """cos(pi (2 i + 1) u / 2 n): the lowest rows of the DCT-II, (11, n)."""
    at, frequency = 2 * np.arange(n) + 1, np.arange(_FREQUENCIES)[:, None]
    return np.cos(np.pi * at * frequency / (2 * n)).astype(np.float32)


def _means(n: int) -> np.ndarray:
    """Means over eighths of n pixels, (8, n); a pixel on a border counts for both in part."""
    edges = np.linspace(0, n, _THUMB + 1)[:, None]
    covered = np.minimum(edges[1:], np.arange(1, n + 1)) - np.maximum(edges[:-1], np.arange(n))
    return (covered.clip(0) / (n / _THUMB)).astype(np.float32)
