"""When the calibration error rises with the synthetic share, and when it falls.

Let g_b be the mass of confidence bin b times its confidence less accuracy. Then ECE = Σ_b |g_b|,

    dECE/dp = Σ_b sgn(g_b) dg_b/dp,

and where all bins are over-confident this is d(confidence)/dp − d(accuracy)/dp. Two signs decide.

1. *Is the model over-confident (g > 0) without synthetic data?* A strong ridge, or many noisy rows
   per dimension, makes it under-confident; then whatever raises confidence first lowers the ECE.
2. *Does g grow?* Accuracy depends on the direction of the weights alone, confidence on their norm S
   too. Synthetic rows turn the direction (both change) and move log S. With a weak ridge the sign
   of d log S/dp, and with it that of dg/dp, changes where the real rows become separable:

   - load L = (n/d) h(0) > 1 (`separability.load`): label noise keeps S finite. Synthetic rows have
     cleaner labels than real ones, so S grows, without bound towards the share at which the
     mixture is separable; accuracy on noisy rows cannot follow. The ECE *rises*.
   - L < 1: S is set by the ridge and the margin of the separating direction, S ~ log(1/λ)/margin.
     Synthetic rows that separate well widen the margin: S falls or stays, accuracy gains more than
     confidence. The ECE *falls*.

   As λ → 0 the change of sign tends to L = 1; a ridge moves it to smaller L and smooths it. What
   decides is L, rows per dimension times an h(0) that falls from 1/2 at labels of pure noise to
   that of the clean clusters. The width of the synthetic clusters hardly matters.

Stationarity of the weights adds an identity for the training rows, Σ_c ν_c E f_c x_c = λ S²:
weighted by |logit|, training accuracy exceeds confidence by the ridge's term alone. Miscalibration
on test rows is thus the optimism of the real rows, plus p times what the synthetic labels are
cleaner than test labels, less the shrinkage by the ridge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from smcollapse.errors import TheoryError
from smcollapse.scenario import Scenario
from smcollapse.settings import ClustersWorld
from smcollapse.theories.margins import Margins, measures
from smcollapse.theories.mixing import world_law
from smcollapse.theories.proportional import fixed_points, margins_at
from smcollapse.theories.separability import load
from smcollapse.theories.signed_clusters import signed_clusters


@dataclass(frozen=True)
class CalibrationSlope:
    """Change of calibration per unit of synthetic share, from the scenario's share on.

    ece, gap   : of the ECE of a large test set; of confidence less accuracy
    norm       : of mean confidence, by the norm of the weights alone
    alignment  : of mean confidence, by their direction alone
    accuracy   : of accuracy; gap = norm + alignment − accuracy
    ece_before, gap_before : ECE and confidence less accuracy at the share itself
    load       : n/d · h of the rows at the share itself, below 1 where they are separable
    """

    ece: float
    gap: float
    norm: float
    alignment: float
    accuracy: float
    ece_before: float
    gap_before: float
    load: float


def calibration_slope(scenario: Scenario, step: float = 0.02) -> CalibrationSlope:
    """The slope over that step of the share, taken apart.

    Raises
    ------
    TheoryError
        If the world is not `clusters` or the model not `logistic`, or if no fixed point is found.
    """
    if not isinstance(scenario.world, ClustersWorld) or scenario.model.kind != "logistic":
        raise TheoryError("this slope is known for world 'clusters' and model 'logistic' alone")
    share = scenario.mixture.share
    before, after = fixed_points(scenario, np.array([share, share + step]))
    if before is None or after is None:
        raise TheoryError(f"no fixed point was found at shares {share:g} and {share + step:g}")
    start, end = _many(margins_at(scenario, before)), _many(margins_at(scenario, after))
    growth = after.norm / before.norm
    grown = replace(start, mean=growth * start.mean, spread=growth * start.spread)
    law = world_law(scenario.world)
    at, by_norm, then = (measures(m, law.rare, law.exception) for m in (start, grown, end))
    slope = {name: (then[name] - at[name]) / step for name in at}
    norm = (by_norm["mean_confidence"] - at["mean_confidence"]) / step
    return CalibrationSlope(
        ece=slope["ece"],
        gap=slope["confidence_gap"],
        norm=norm,
        alignment=slope["mean_confidence"] - norm,
        accuracy=slope["accuracy"],
        ece_before=at["ece"],
        gap_before=at["confidence_gap"],
        load=load(signed_clusters(scenario, share)),
    )


def _many(margins: Margins) -> Margins:
    """The same margins on a test set so large that sampling adds nothing to the ECE."""
    return replace(margins, rows=10**12)
