"""What theory says of a scenario with other settings, on the functionals of the analyses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smcollapse.inference import Curves, smooth_transition
from smcollapse.inference.resampling import Array
from smcollapse.questions.onsets import onset_share
from smcollapse.scenario import Scenario
from smcollapse.theories import CATALOG

FINE = np.linspace(0.0, 0.8, 161)
"""Shares fine enough for a transition one point wide."""

MEASURE = "rare_recall"


def transition_widths(scenario: Scenario, rows: Sequence[int]) -> list[float]:
    """10-90 % widths of count theory's rare recall with so many training rows."""
    widths = []
    for budget in rows:
        mixture = scenario.mixture.model_copy(update={"budget": budget})
        one = scenario.model_copy(update={"mixture": mixture})
        mean = CATALOG["counts"].curve(one, FINE).measures[MEASURE]
        widths.append(smooth_transition(Curves(FINE, mean[None, :], ("theory",))).width)
    return widths


def scatter_over_worlds(scenario: Scenario, shares: Array, worlds: int) -> float:
    """Standard deviation of count theory's onset over worlds with other exceptions.

    A loss that is not reached counts with the largest share.
    """
    found = []
    for seed in range(1, worlds + 1):
        world = scenario.world.model_copy(update={"seed": seed})
        one = scenario.model_copy(update={"world": world})
        mean = CATALOG["counts"].curve(one, shares).measures[MEASURE]
        found.append(min(onset_share(shares, mean), float(shares[-1])))
    return float(np.std(found, ddof=1))
