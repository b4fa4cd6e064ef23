"""Do runs that stand next to each other in the share resemble each other?

With a run at every share, what neighbouring runs scatter is taken for noise (grouping.py, bins).
That is right only if they are independent: a curve that wanders (residuals correlated along the
share, a training curve that was smoothed, values without any noise) scatters less about its own
neighbourhood than about the truth.

In stretches of about 15 runs the lag-1 autocorrelation of the residuals from a parabola is compared
with its law under permutations of the stretch. The mean score decides, no score counting more than
2.5, so that a jump, which upsets one stretch, does not. Of independent runs 2 to 5 of 100 series
are called correlated; of AR(.5) and AR(.7) noise .75 and .93 with 100 runs, .33 and .50 with 40.
"""

from __future__ import annotations

import math

import numpy as np

from smcollapse.inference.resampling import Array

PERMUTATIONS = 299
STRETCH = 15
MOST_SCORE = 2.5
NOTICED = 2.33
"""Normal quantile (.99) of the mean score from which runs count as correlated."""

WARNING = (
    "neighbouring runs resemble each other more than independent ones do, so that their scatter "
    "says nothing of the noise: no test is made; give several independent runs at each share"
)


def serially_correlated(shares: Array, values: Array) -> bool:
    """Whether runs (n,) are correlated along the share."""
    generator = np.random.default_rng(0)
    order = np.argsort(shares, kind="stable")
    # runs at one and the same share have no order
    order = order[shares[order] > shares[order[0]]]
    scores = []
    for stretch in np.array_split(order, max(2, round(order.size / STRETCH))):
        x, y = shares[stretch], values[stretch]
        if np.unique(x).size < 6:
            continue
        drawn = generator.permuted(np.tile(y, (PERMUTATIONS, 1)), axis=1)
        found = _autocorrelation(x, np.vstack([y, drawn]))
        spread = float(found[1:].std())
        if spread > 0.0:
            scores.append(min((found[0] - found[1:].mean()) / spread, MOST_SCORE))
    return len(scores) > 1 and float(np.mean(scores)) * math.sqrt(len(scores)) > NOTICED


def _autocorrelation(x: Array, rows: Array) -> Array:
    """Lag-1 autocorrelations (B,) of the residuals of rows (B, n) from a parabola in x (n,)."""
    basis, _ = np.linalg.qr(np.vander((x - x.mean()) / np.ptp(x), 3))
    rest = rows - (rows @ basis) @ basis.T
    total = (rest**2).sum(axis=1)
    found: Array = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / np.where(total > 0.0, total, 1.0)
    return found
