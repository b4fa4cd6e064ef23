"""Step-down safe share: which shares are shown, one after the other, to cost no more than a margin.

For shares in ascending order, the paired loss against the baseline share is tested for
non-inferiority, H0: loss >= tolerance, by a paired t test with R-1 degrees of freedom across
replicates. Testing stops at the first share not shown safe, so the sequence as a whole keeps the
one-sided error rate of a single test (fixed-sequence closed testing: Maurer, Hothorn & Lehmacher
1995). No curve is assumed.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from smcollapse.inference.curves import Curves
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.inference.records import Estimate, InferenceError, Record, check_level, join_notes
from smcollapse.inference.resampling import ONE_REPLICATE


@dataclass(frozen=True)
class StepDown(Record):
    """Safe share by step-down tests.

    ``safe_share``: the largest share such that it and all smaller ones are shown non-inferior
    (the baseline share if none is, None with one replicate). ``shares`` (S-1,) tested, with the
    mean paired ``losses`` and their one-sided ``upper_limits`` at ``level``, in points.
    """

    safe_share: float | None
    tolerance: float
    direction: Direction
    level: float
    shares: tuple[float, ...]
    losses: tuple[float, ...]
    upper_limits: tuple[float, ...] | None
    baseline_share: float
    response: str
    method: str
    n_replicates: int
    note: str = ""

    def estimates(self) -> tuple[Estimate, ...]:
        """One row for a table of results; a tested share has neither s.e. nor interval."""
        value = math.nan if self.safe_share is None else self.safe_share
        row = Estimate(
            "step-down safe share", value, math.nan, None, self.method, self.n_replicates, self.note
        )
        return (row,)


def step_down_safe_share(
    curves: Curves,
    tolerance: float = 0.02,
    direction: Direction = "loss",
    *,
    level: float = 0.95,
) -> StepDown:
    """Largest share up to which every loss is shown to be below ``tolerance`` points.

    ``direction="gain"`` treats a rise as the loss. Needs no random numbers. Re-splits of one
    table get the Nadeau-Bengio standard error. Raises InferenceError for fewer than 2 shares
    and a tolerance that is not positive.
    """
    check_level(level)
    curves.require_shares(2, "a step-down test")
    if not (math.isfinite(tolerance) and tolerance > 0):
        raise InferenceError(f"tolerance must be positive, got {tolerance}")
    if direction not in ("loss", "gain"):
        raise InferenceError(f'direction must be "loss" or "gain", got {direction!r}')
    sign = 1.0 if direction == "loss" else -1.0
    contrasts = np.zeros((curves.shares.size - 1, curves.shares.size))  # (S-1, S)
    contrasts[:, 0], contrasts[np.arange(len(contrasts)), np.arange(1, len(contrasts) + 1)] = 1, -1
    contrasts *= sign
    losses = contrasts @ curves.mean
    baseline, shares = float(curves.shares[0]), curves.shares[1:]
    safe, limits, notes = None, None, []
    if baseline != 0.0:
        notes.append(f"baseline is the smallest share, {baseline:g}")
    if curves.n_replicates == 1:
        notes.append(f"{ONE_REPLICATE}, nothing can be shown safe")
    else:
        variance, freedom = curves.noise.variance_and_freedom(contrasts, without_curve=True)
        with np.errstate(invalid="ignore"):
            quantile = np.where(np.isinf(freedom), 0.0, stdtrit(freedom, level))
        upper = losses + quantile * np.sqrt(variance)
        shown = upper < tolerance
        passed = int(np.argmin(shown)) if not shown.all() else shown.size
        safe = float(shares[passed - 1]) if passed else baseline
        limits = tuple(upper.tolist())
        if not passed:
            notes.append(f"no share above {baseline:g} is shown safe")
        elif passed == shown.size:
            notes.append(f"every share up to the largest, {safe:g}, is shown safe")
    corrected = ", Nadeau-Bengio corrected" if curves.replication.design == "re-splits" else ""
    return StepDown(
        safe_share=safe,
        tolerance=tolerance,
        direction=direction,
        level=level,
        shares=tuple(shares.tolist()),
        losses=tuple(losses.tolist()),
        upper_limits=limits,
        baseline_share=baseline,
        response=curves.response,
        method=f"fixed-sequence one-sided paired t tests over replicates{corrected}",
        n_replicates=curves.n_replicates,
        note=join_notes(*notes),
    )
