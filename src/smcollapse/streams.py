"""Named random streams: (seed, replicate, purpose) to draws that depend on nothing else.

>>> rows = stream(7, 0, "real rows")
>>> rows.uniforms(3)[2] == rows.uniforms(np.array([2]))[0]
np.True_

A stream is a 64-bit key.  Row i of a draw is a function of the key and of i alone, so any
part of the rows, in any order, on any number of threads, gives the same numbers.  Every kind
of draw has its own part of the stream, with two couplings by design: ``facts`` equals
``contexts`` followed by ``answers``, and ``features`` uses the same normals as ``normals``.
Draw each quantity from a stream with a purpose of its own.
"""

from __future__ import annotations

import hashlib
import operator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from smcollapse.kernels import draws, normals, phrases

Ids: TypeAlias = int | npt.NDArray[np.integer[Any]]
Int32: TypeAlias = npt.NDArray[np.int32]
Int64: TypeAlias = npt.NDArray[np.int64]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]

# Kernels read item numbers only; filling fresh memory with them took a third of a draw.
_FIRST_ITEMS: Int64 = np.arange(2**17, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class AliasTable:
    """A discrete law over 0 .. K - 1, prepared for drawing.

    entries : (K,) uint64, threshold * 2^32 + alias of each column
    """

    entries: npt.NDArray[np.uint64]

    @classmethod
    def from_weights(cls, weights: npt.ArrayLike) -> AliasTable:
        """Table of a law proportional to ``weights`` (K,), exact to 2^-32.

        Raises ValueError unless weights are finite, not negative and have a positive sum.
        """
        values = np.ascontiguousarray(weights, dtype=np.float64)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"weights must have shape (K,) with K >= 1, got {values.shape}")
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
        if bad.size:
            raise ValueError(
                f"weights must be finite and >= 0: weights[{bad[0]}] is {values[bad[0]]}"
            )
        largest = values.max()
        if largest == 0.0:
            raise ValueError("weights are all 0: give at least one a positive value")
        entries = np.empty(values.size, dtype=np.uint64)
        draws.fill_alias_table(values / largest, entries)
        return cls(entries)

    @property
    def size(self) -> int:
        """Number of outcomes K."""
        return self.entries.size

    @property
    def probabilities(self) -> Float64:
        """The probabilities (K,) that draws from the table have."""
        alias = (self.entries & np.uint64(0xFFFFFFFF)).astype(np.int64)
        kept = (self.entries >> np.uint64(32)) / 2.0**32
        columns = np.arange(self.size)
        kept = np.where(alias == columns, 1.0, kept)
        given = np.bincount(alias, weights=1.0 - kept, minlength=self.size)
        return np.asarray((kept + given) / self.size, dtype=np.float64)


@dataclass(frozen=True)
class Stream:
    """Draws of one purpose.  ``ids`` are row numbers (n,), or an int n for 0 .. n - 1.

    key : integer in 0 .. 2^64 - 1
    """

    key: int

    def __post_init__(self) -> None:
        if not 0 <= operator.index(self.key) < 2**64:
            raise ValueError(f"key must be in 0 .. 2^64 - 1, got {self.key}")

    @property
    def _key(self) -> np.uint64:
        return np.uint64(self.key)

    def uniforms(self, ids: Ids) -> Float64:
        """Uniform numbers in [0, 1), shape (n,), multiples of 2^-53."""
        items = _item_numbers(ids)
        out = np.empty(items.size, dtype=np.float64)
        draws.fill_uniforms(self._key, items, out)
        return out

    def normals(self, ids: Ids, dimension: int) -> Float32:
        """Standard normals (n, dimension); column j is the same for every dimension > j."""
        items = _item_numbers(ids)
        if dimension < 0:
            raise ValueError(f"dimension must be >= 0, got {dimension}")
        out = np.empty((items.size, dimension), dtype=np.float32)
        normals.fill_normals(self._key, items, out)
        return out

    def contexts(self, ids: Ids, table: AliasTable) -> Int32:
        """Contexts (n,) with the probabilities of ``table``."""
        items = _item_numbers(ids)
        out = np.empty(items.size, dtype=np.int32)
        draws.fill_contexts(self._key, items, table.entries, out)
        return out

    def permutation(self, n: int) -> Int64:
        """A uniform permutation of 0 .. n - 1."""
        if not 0 <= n < 2**32:
            raise ValueError(f"n must be in 0 .. 2^32 - 1, got {n}")
        out = np.empty(n, dtype=np.int64)
        draws.fill_permutation(self._key, out)
        return out

    def templates(self, ids: Ids, n_templates: int) -> Int64:
        """Template (n,) of each row, uniform over 0 .. n_templates - 1.

        With n_templates = 0 every row is its own template: the row numbers themselves.
        """
        items = _item_numbers(ids)
        if not 0 <= n_templates < 2**32:
            raise ValueError(
                f"n_templates must be in 0 .. 2^32 - 1 (0: every row its own), got {n_templates}"
            )
        out = np.empty(items.size, dtype=np.int64)
        draws.fill_templates(self._key, items, n_templates, out)
        return out

    def answers(
        self,
        ids: Ids,
        truth: npt.ArrayLike,
        consensus: npt.ArrayLike,
        *,
        n_answers: int,
        fidelity: float = 1.0,
        contamination: float = 0.0,
        noise: float = 0.0,
    ) -> Int32:
        """Labels (n,) of rows with that true and that consensus answer, each (n,).

        The truth is given, except: where the consensus differs from it, the consensus with
        probability 1 - fidelity; with probability ``contamination`` instead an answer uniform
        over the n_answers - 1 that are not the truth; and with probability ``noise`` the label
        is replaced by one uniform over all n_answers.  Probabilities are exact to 2^-32.
        """
        items = _item_numbers(ids)
        knobs = _knobs(n_answers, fidelity, contamination, noise)
        right = _integers("truth", truth, n_answers, items.shape)
        common = _integers("consensus", consensus, n_answers, items.shape)
        out = np.empty(items.size, dtype=np.int32)
        draws.fill_answers(self._key, items, right, common, *knobs, n_answers, out)
        return out

    def facts(
        self,
        ids: Ids,
        table: AliasTable,
        truth: npt.ArrayLike,
        consensus: npt.ArrayLike,
        *,
        n_answers: int,
        fidelity: float = 1.0,
        contamination: float = 0.0,
        noise: float = 0.0,
    ) -> tuple[Int32, Int32]:
        """Contexts (n,) and labels (n,): ``contexts``, then ``answers``, in one pass.

        Here ``truth`` and ``consensus`` are those of each context, (K,).
        """
        items = _item_numbers(ids)
        knobs = _knobs(n_answers, fidelity, contamination, noise)
        right = _integers("truth", truth, n_answers, table.entries.shape)
        common = _integers("consensus", consensus, n_answers, table.entries.shape)
        context = np.empty(items.size, dtype=np.int32)
        label = np.empty(items.size, dtype=np.int32)
        entries = table.entries
        draws.fill_facts(
            self._key, items, entries, right, common, *knobs, n_answers, context, label
        )
        return context, label

    def sentences(
        self,
        ids: Ids,
        context: npt.ArrayLike,
        label: npt.ArrayLike,
        style: npt.ArrayLike,
        wording: phrases.Wording,
    ) -> tuple[Int32, Int32]:
        """Tokens (n, L) of sentences that say those labels of those contexts, and labels (n,).

        In a denial the label is replaced by the answer that is denied, uniform over those that are
        not the truth; the others are as given. ``style`` (n,) says whose phrase templates are used.
        """
        items = _item_numbers(ids)
        subject = _integers("context", context, len(wording.truth), items.shape)
        said = _integers("label", label, wording.n_answers, items.shape)
        shown = _integers("style", style, len(wording.templates), items.shape)
        rows = np.empty((items.size, phrases.LENGTH), dtype=np.int32)
        named = np.empty(items.size, dtype=np.int32)
        phrases.fill_sentences(self._key, items, subject, said, shown, wording, rows, named)
        return rows, named

    def scales(self, ids: Ids, dof: float) -> Float32:
        """Scales (n,) that turn normal rows into Student-t rows with ``dof`` > 0 (inf: all 1).

        Rows have unit variance for dof > 2; for dof <= 2, where there is none, they are not
        normalised.  Scales stop at 1e30.
        """
        items = _item_numbers(ids)
        if not dof > 0.0:
            raise ValueError(f"dof must be > 0 (math.inf for normal tails), got {dof}")
        out = np.empty(items.size, dtype=np.float32)
        normals.fill_scales(self._key, items, float(dof), out)
        return out

    def features(
        self,
        ids: Ids,
        means: npt.ArrayLike,
        mean_of_row: npt.ArrayLike,
        scale: npt.ArrayLike,
    ) -> Float32:
        """means[mean_of_row] + scale * standard normals, shape (n, d).

        means : (M, d);  mean_of_row, scale : (n,)
        """
        items = _item_numbers(ids)
        centres = np.ascontiguousarray(means, dtype=np.float32)
        if centres.ndim != 2:
            raise ValueError(f"means must have shape (M, d), got {centres.shape}")
        which = _integers("mean_of_row", mean_of_row, len(centres), items.shape)
        scales = np.ascontiguousarray(scale, dtype=np.float32)
        _check_shape("scale", scales, items.shape)
        out = np.empty((items.size, centres.shape[1]), dtype=np.float32)
        normals.fill_features(self._key, items, centres, which, scales, out)
        return out


def stream(seed: int, replicate: int | None, purpose: str, *parts: int | str) -> Stream:
    """The stream of a purpose, further told apart by ``parts``, in a replicate of a seed.

    The key is a BLAKE2b hash of all of them; ``replicate`` None is for what all replicates
    share.  Raises ValueError for an empty purpose or values that are not int or str.
    """
    if not isinstance(purpose, str) or not purpose:
        raise ValueError(f"purpose must be a name such as 'real rows', got {purpose!r}")
    digest = hashlib.blake2b(digest_size=8)
    for value in (seed, replicate, purpose, *parts):
        text = _canonical(value).encode()
        digest.update(f"{len(text)}:".encode() + text)
    return Stream(int.from_bytes(digest.digest(), "little"))


def _canonical(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return "str " + value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"int {operator.index(value)}"
    raise ValueError(
        f"seed, replicate and parts must be int or str (replicate may be None), got {value!r}"
    )


def _item_numbers(ids: Ids) -> Int64:
    if isinstance(ids, int | np.integer):
        if ids < 0:
            raise ValueError(f"ids must be a number of rows >= 0 or an array, got {ids}")
        if ids <= _FIRST_ITEMS.size:
            return _FIRST_ITEMS[:ids]
        return np.arange(ids, dtype=np.int64)
    items = np.asarray(ids)
    if items.ndim != 1 or items.dtype.kind not in "iu":
        raise ValueError(
            f"ids must be an int or an integer array (n,), got {items.dtype} {items.shape}"
        )
    if items.size and (items.min() < 0 or items.max() > np.iinfo(np.int64).max):
        raise ValueError(f"ids must be in 0 .. 2^63 - 1, got {items.min()} .. {items.max()}")
    return np.ascontiguousarray(items, dtype=np.int64)


def _integers(name: str, values: npt.ArrayLike, bound: int, shape: tuple[int, ...]) -> Int32:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, got {array.dtype}")
    if array.size and (array.min() < 0 or array.max() >= bound):
        raise ValueError(f"{name} must be in 0 .. {bound - 1}, got {array.min()} .. {array.max()}")
    _check_shape(name, array, shape)
    return np.ascontiguousarray(array, dtype=np.int32)


def _check_shape(name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def _knobs(
    n_answers: int, fidelity: float, contamination: float, noise: float
) -> tuple[float, float, float]:
    if not 1 <= n_answers < 2**31:
        raise ValueError(f"n_answers must be in 1 .. 2^31 - 1, got {n_answers}")
    knobs = {"fidelity": fidelity, "contamination": contamination, "noise": noise}
    for name, value in knobs.items():
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} must be a probability in 0 .. 1, got {value}")
    if contamination > 0.0 and n_answers < 2:
        raise ValueError("contamination needs a wrong answer: n_answers must be >= 2")
    return float(fidelity), float(contamination), float(noise)
