"""Named streams: keys, validation, and the same numbers without a compiler."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smcollapse import streams
from smcollapse.streams import AliasTable, Stream, stream
from tests.kernels.agreement import assert_same_bits, needs_compiler
from tests.kernels.test_phrases import C, K, wording

TABLE = AliasTable.from_weights([3.0, 0.0, 1.0])
KNOBS = {"n_answers": 4, "fidelity": 0.4, "contamination": 0.2, "noise": 0.3}
ROWS = stream(7, 0, "rows")


def every_draw(n: int) -> list[np.ndarray]:
    ids = np.arange(n) ** 5 % 2**62
    mean = np.arange(10.0).reshape(2, 5)
    scale = np.linspace(0.0, 2.0, n)
    return [
        ROWS.uniforms(ids),
        ROWS.normals(ids, 5),
        ROWS.contexts(ids, TABLE),
        ROWS.permutation(n),
        ROWS.templates(ids, 3),
        ROWS.answers(ids, ids % 4, ids % 3, **KNOBS),
        *ROWS.facts(ids, TABLE, [0, 1, 2], [1, 1, 1], **KNOBS),
        ROWS.scales(ids, 0.8),
        ROWS.scales(ids, 4.0),
        ROWS.features(ids, mean, ids % 2, scale),
        *ROWS.sentences(ids, ids % K, ids % C, ids % 2, wording()),
    ]


def digest(n: int) -> str:
    return hashlib.sha256(b"".join(draw.tobytes() for draw in every_draw(n))).hexdigest()


def digest_under(n: int, **variables: str) -> str:
    """The digest from a new interpreter with those environment variables."""
    paths = [str(Path(__file__).parents[2]), str(Path(streams.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), **variables}
    program = f"from tests.kernels.test_streams import digest; print(digest({n}))"
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@needs_compiler
def test_the_same_numbers_without_a_compiler():
    assert digest_under(9, NUMBA_DISABLE_JIT="1") == digest(9)


@needs_compiler
def test_the_same_numbers_on_a_processor_with_narrow_vectors():
    narrow = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert digest_under(1100, **narrow) == digest(1100)


def test_streams_differ_in_everything_they_are_named_by():
    names = [
        (7, 0, "rows"),
        (8, 0, "rows"),
        (7, 1, "rows"),
        (7, None, "rows"),
        (7, 0, "row"),
        (7, 0, "rows", 0),
        (7, 0, "rows", "0"),
        (7, 0, "rows", "a", "b"),
        (7, 0, "rows", "ab"),
        (70, 0, "rows"),
    ]
    assert len({stream(*name).key for name in names}) == len(names)
    assert stream(7, 0, "rows") == stream(np.int64(7), np.int32(0), "rows")


def test_keys_are_stable():
    """Stored results are named by seeds: a change of the hash would silently change them."""
    text = b"5:int 7" + b"5:int 0" + b"8:str rows"
    expected = hashlib.blake2b(text, digest_size=8).digest()
    assert ROWS.key == int.from_bytes(expected, "little")


def test_kinds_of_draw_are_told_apart():
    uniform = ROWS.uniforms(1000)
    normal = ROWS.normals(1000, 1)[:, 0]
    scale = ROWS.scales(1000, 3.0)
    template = ROWS.templates(1000, 2**31)
    correlation = np.corrcoef([uniform, normal, scale, template]) - np.eye(4)
    assert np.max(np.abs(correlation)) < 4.5 / math.sqrt(1000)


def test_numbers_of_rows_and_arrays_of_rows_agree():
    assert_same_bits(ROWS.uniforms(6)[[4, 1]], ROWS.uniforms(np.array([4, 1], np.uint8)))
    assert_same_bits(ROWS.normals(6, 3)[::2], ROWS.normals(np.arange(6)[::2], 3))
    assert ROWS.uniforms(0).shape == (0,)
    assert ROWS.normals(np.array([], dtype=np.int64), 3).shape == (0, 3)


def test_facts_couple_to_contexts_and_answers():
    truth, consensus = np.array([0, 1, 2]), np.array([1, 1, 1])
    context, label = ROWS.facts(500, TABLE, truth, consensus, **KNOBS)
    assert_same_bits(context, ROWS.contexts(500, TABLE))
    assert_same_bits(label, ROWS.answers(500, truth[context], consensus[context], **KNOBS))
    assert set(context) == {0, 2}


def test_defaults_give_the_truth():
    truth = np.array([2, 0, 1])
    assert list(ROWS.answers(3, truth, [0, 1, 2], n_answers=3)) == [2, 0, 1]


def test_probabilities_of_a_table():
    np.testing.assert_allclose(TABLE.probabilities, [0.75, 0.0, 0.25], atol=2.0**-32)
    assert TABLE.size == 3
    huge = AliasTable.from_weights([1e308, 1e308, 0.0])
    np.testing.assert_allclose(huge.probabilities, [0.5, 0.5, 0.0], atol=2.0**-32)


BAD = {
    "key": (lambda: Stream(-1), "key must be"),
    "weights shape": (lambda: AliasTable.from_weights([]), "shape"),
    "weights sign": (lambda: AliasTable.from_weights([1.0, -2.0]), r"weights\[1\] is -2"),
    "weights nan": (lambda: AliasTable.from_weights([math.nan]), "finite"),
    "weights zero": (lambda: AliasTable.from_weights([0.0, 0.0]), "all 0"),
    "purpose": (lambda: stream(1, 0, ""), "purpose"),
    "seed": (lambda: stream(1.5, 0, "a"), "must be int or str"),
    "part": (lambda: stream(1, 0, "a", True), "must be int or str"),
    "count": (lambda: ROWS.uniforms(-1), "ids"),
    "negative": (lambda: ROWS.uniforms(np.array([3, -1])), "ids must be in"),
    "float ids": (lambda: ROWS.uniforms(np.array([0.5])), "integer array"),
    "dimension": (lambda: ROWS.normals(3, -1), "dimension"),
    "permutation": (lambda: ROWS.permutation(-1), "n must be"),
    "templates": (lambda: ROWS.templates(3, -1), "n_templates"),
    "truth range": (lambda: ROWS.answers(2, [0, 3], [0, 0], n_answers=3), "truth must be in"),
    "truth shape": (lambda: ROWS.answers(2, [0], [0, 0], n_answers=3), "shape"),
    "truth type": (lambda: ROWS.answers(1, [0.5], [0], n_answers=3), "integers"),
    "per context": (lambda: ROWS.facts(9, TABLE, [0], [0], n_answers=3), r"shape \(3,\)"),
    "probability": (lambda: ROWS.answers(1, [0], [0], n_answers=2, noise=1.5), "noise"),
    "nan": (lambda: ROWS.answers(1, [0], [0], n_answers=2, noise=math.nan), "noise"),
    "no answers": (lambda: ROWS.answers(1, [0], [0], n_answers=0), "n_answers"),
    "no wrong": (lambda: ROWS.answers(1, [0], [0], n_answers=1, contamination=0.1), "wrong"),
    "dof": (lambda: ROWS.scales(2, 0.0), "dof"),
    "means": (lambda: ROWS.features(1, [0.0], [0], [1.0]), "means"),
    "which": (lambda: ROWS.features(1, [[0.0]], [1], [1.0]), "mean_of_row"),
    "scale": (lambda: ROWS.features(1, [[0.0]], [0], [1.0, 2.0]), "scale must have"),
}


@pytest.mark.parametrize("case", BAD)
def test_errors_say_what_was_wrong(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
