"""Canaries of layer `measures`: numbers from predictions, from rows and from texts."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from smcollapse.metrics import (
    MEASURES,
    Predictions,
    distinct_n,
    duplication_rate,
    measure,
    mode_coverage,
    reliability,
    template_rate,
)
from smcollapse.metrics.calibration import ece_mass, ece_smooth
from smcollapse.mixtures import Mixture
from smcollapse.models import Outcome, Task
from smcollapse.streams import stream
from smcollapse.texts import text_measures
from smcollapse.worlds import Rows, world_of
from tests.canaries.tables import Canaries, Canary
from tests.canaries.world_settings import worlds


def predictions(n: int, classes: int, sharpness: float, rare: float = 0.3) -> Predictions:
    """Predictions that are right more often than not, with groups of equal confidence."""
    draws = stream(9, 0, "canary predictions", n, classes)
    logits = sharpness * draws.normals(n, classes).astype(np.float64)
    u = stream(9, 0, "canary rows", n).uniforms(4 * n).reshape(4, n)
    label = (u[0] * classes).astype(np.int32)
    logits[np.arange(n), label] += 1.0
    logits[::5] = np.round(logits[::5])
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    truth = np.where(u[1] < 0.8, label, (label + 1) % classes).astype(np.int32)
    is_rare = u[2] < rare
    return Predictions(chances.astype(np.float32), label, truth, is_rare, is_rare & (u[3] < 0.5))


def measured(n: int, classes: int, sharpness: float, rare: float = 0.3) -> dict[str, Any]:
    """Every measure, and the reliability diagram."""
    found = predictions(n, classes, sharpness, rare)
    return {
        "names": len(MEASURES),
        "measures": measure(found),
        "bins": found.bins,
        "hit": found.hit,
        "confidence": found.confidence,
    }


def calibration() -> dict[str, Any]:
    """Estimators of the calibration error, with other bins, and at the edges of bins."""
    found = predictions(211, 4, 1.5)
    confidence, hit = found.confidence, found.hit
    edges = np.array([0.0, 0.2, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    right = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    return {
        "bins": [reliability(confidence, hit, bins).ece for bins in (1, 5, 15, 40)],
        "debiased": [reliability(confidence, hit, bins).ece_debiased for bins in (2, 15, 90)],
        "mass": [ece_mass(confidence, hit, bins) for bins in (1, 4, 15)],
        "smooth": ece_smooth(confidence, hit),
        "edges": reliability(edges, right, 5),
        "edges by mass": ece_mass(edges, right, 3),
        "edges smooth": ece_smooth(edges, right),
        "calibrated": reliability(np.full(40, 0.5), np.tile([0.0, 1.0], 20)).ece_debiased,
    }


def synthetic() -> dict[str, Any]:
    """Measures of synthetic rows."""
    context = np.array([4, 4, 1, 0, 4, 9], dtype=np.int32)
    example = np.array([7, 7, 7, 2, 3, 2], dtype=np.int64)
    nothing = np.empty(0)
    return {
        "coverage": [mode_coverage(context, 12), mode_coverage(nothing.astype(np.int32), 12)],
        "duplication": [duplication_rate(example), duplication_rate(nothing.astype(np.int64))],
    }


def texts() -> dict[str, Any]:
    """Measures of how varied rows of tokens are."""
    u = stream(9, 0, "canary tokens").uniforms(60 * 8)
    codes = (u**2 * 12).astype(np.int32).reshape(60, 8)
    codes[::4, 5:] = 11
    forms = np.minimum(np.arange(12), 5).astype(np.int32)
    return {
        "distinct": [distinct_n(codes, n, rows) for n in (1, 2, 3) for rows in (1, 20, 60)],
        "padded": [distinct_n(codes, n, 20, padding=11) for n in (1, 2, 9)],
        "too few": distinct_n(codes, 1, 61),
        "templates": [
            template_rate(codes[:, :3], forms, rows, most)
            for rows, most in ((60, 10), (30, 3), (10, 1), (61, 1))
        ],
    }


def language() -> dict[str, Any]:
    """What is measured of a mixture of sentences, and of the answers to both kinds of questions."""
    world = world_of(worlds()["language"])
    pool = world.real(1, 0, 900)
    chances = np.abs(stream(9, 0, "canary answers").normals(40, 6))
    contrast = world.test(1, 0).take(np.arange(40))
    task = SimpleNamespace(inputs=world.inputs, pool=pool, contrast=[contrast, contrast])
    slots = np.arange(900) - (np.arange(900) % 50 == 0) * 1000
    mixture = Mixture(slots, np.arange(900) >= 100)
    outcome = Outcome(np.stack([chances] * 2), np.stack([chances] * 2), np.array([1.3, 0.4]))
    return {
        str(member): text_measures(cast(Task, task), world, mixture, outcome, member)
        for member in (0, 1)
    } | {"rows": len(cast(Rows, pool)), "nan": math.nan}


def canaries() -> Canaries:
    """Every canary of the layer."""
    found = {
        "measures": Canary(partial(measured, 173, 3, 1.0)),
        "measures, sure": Canary(partial(measured, 120, 6, 6.0)),
        "measures, no rare row": Canary(partial(measured, 40, 2, 0.3, 0.0)),
        "calibration": Canary(calibration),
        "synthetic rows": Canary(synthetic),
        "texts": Canary(texts),
        "language": Canary(language),
    }
    return found
