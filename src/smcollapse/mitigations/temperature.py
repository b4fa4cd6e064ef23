"""One temperature for all logits, set on held-out real rows.

Probabilities stand for logits: log p is the logit up to a number per row, which cancels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax, softmax

from smcollapse.mitigations.base import Floats, Hooks, plain
from smcollapse.scenario import Scenario
from smcollapse.settings import ExpectationConsistency, TemperatureScaling

SMALLEST = 1e-12
"""Probability below which logits are not told apart."""

RANGE = (0.05, 20.0)
"""Inverse temperatures that are looked at."""


def scaling(settings: TemperatureScaling, scenario: Scenario) -> Hooks:
    """The temperature of least log loss."""
    return Hooks(plain(scenario), calibrate=least_log_loss, holdout=settings.holdout)


def consistency(settings: ExpectationConsistency, scenario: Scenario) -> Hooks:
    """The temperature at which mean confidence is accuracy."""
    return Hooks(plain(scenario), calibrate=confident_as_accurate, holdout=settings.holdout)


def at_temperature(probability: npt.NDArray[np.floating], inverse: float) -> Floats:
    """softmax(β log p) of each row, (n, C); β the inverse temperature."""
    return np.asarray(softmax(inverse * _logits(probability), axis=1))


def least_log_loss(probability: Floats, label: npt.NDArray[np.integer]) -> float:
    """β of least mean −log p(label) (Guo et al. 2017); the loss is convex in β."""
    logits, at = _logits(probability), np.arange(len(label))

    def loss(inverse: float) -> float:
        return float(-log_softmax(inverse * logits, axis=1)[at, label].mean())

    found = minimize_scalar(loss, bounds=RANGE, method="bounded", options={"xatol": 1e-5})
    return float(found.x)


def confident_as_accurate(probability: Floats, label: npt.NDArray[np.integer]) -> float:
    """β at which mean confidence equals accuracy (Clarté et al. 2023); confidence grows with β."""
    accuracy = float((probability.argmax(axis=1) == label).mean())

    def gap(inverse: float) -> float:
        return float(at_temperature(probability, inverse).max(axis=1).mean()) - accuracy

    low, high = RANGE
    if gap(low) >= 0.0:
        return low
    return high if gap(high) <= 0.0 else float(brentq(gap, low, high, xtol=1e-6))


def _logits(probability: npt.NDArray[np.floating]) -> Floats:
    return np.log(np.maximum(probability.astype(np.float64), SMALLEST))
