"""Proportional theory: ridge logistic regression on clusters, many rows and many dimensions.

`signed_clusters` turns a scenario into clusters, `state_evolution` finds the overlaps, `margins`
reads the measures off them. `separability` says where a share of synthetic data makes the rows
separable, `calibration_slope` when the calibration error rises with the share and when it falls.
"""

from __future__ import annotations

import itertools

import numpy as np

from smcollapse.laws import ClustersLaw
from smcollapse.scenario import Scenario
from smcollapse.settings import ClustersWorld, ConsensusSource
from smcollapse.theories.base import MEASURES, Curve, Floats, Theory, flip_of
from smcollapse.theories.margins import Margins, measures
from smcollapse.theories.mixing import world_law
from smcollapse.theories.separability import load
from smcollapse.theories.signed_clusters import row_scales, signed_clusters
from smcollapse.theories.state_evolution import FixedPoint, fixed_point

N_TEST_SCALES = 15
"""Nodes of the average over the scales of heavy-tailed test rows."""

FEWEST_DIMENSIONS = 100
FEWEST_TEMPLATES = 20
FEWEST_ROWS = 50
WEAK_RIDGE = 1e-3
CLOSE = 0.2
"""Where theory is doubted: |log load| below CLOSE under a weak ridge."""

FLIP_SHARES = np.arange(20) / 20
"""Shares at which flips are looked for, beside those of the curve."""


class Proportional(Theory):
    """Exact in the limit N, d → ∞ at a fixed N/d."""

    name = "proportional"
    title = "Logistic regression, rows and dimensions large together"
    source = (
        "Loureiro et al. 2021 (arXiv:2106.03791), Adomaityte et al. 2023 (arXiv:2304.02912), "
        "Candès & Sur 2020 (arXiv:1804.09753); theory notes, section 3"
    )
    assumptions = (
        "rows and dimensions are large together, contexts few beside both",
        "features are Gaussian, or a Student-t scale mixture, around the mean of their context",
        "logistic regression with a ridge is trained to its minimum",
    )
    domain = (
        "d ≥ 100, n/d from 0.2 to 12, ridge from 1e−6 to 1, all knobs, contexts up to 0.75 d: "
        "recall, confidence and ECE within 0.01 (VERIFICATION.md)"
    )

    def _applies(self, scenario: Scenario) -> tuple[str, ...]:
        """Reasons why not: another world than `clusters`, another model than `logistic`."""
        reasons = []
        if scenario.world.kind != "clusters":
            reasons.append(
                f"world '{scenario.world.kind}' has no Gaussian clusters: write world 'clusters'"
            )
        if scenario.model.kind != "logistic":
            reasons.append(
                f"model '{scenario.model.kind}' is not linear and convex: write model 'logistic'"
            )
        return tuple(reasons)

    def _doubts(self, scenario: Scenario, shares: Floats) -> tuple[str, ...]:
        """Few dimensions, rows or templates, or a weak ridge close to separability."""
        assert isinstance(scenario.world, ClustersWorld)
        assert isinstance(scenario.source, ConsensusSource)
        assert scenario.model.kind == "logistic"
        found = []
        dimension, templates = scenario.world.dimension, scenario.source.templates
        if dimension < FEWEST_DIMENSIONS:
            found.append(f"{dimension} dimensions are few: measured from {FEWEST_DIMENSIONS} on")
        if scenario.mixture.budget < FEWEST_ROWS:
            found.append(f"{scenario.mixture.budget} rows are few: measured from {FEWEST_ROWS} on")
        if 0 < templates < FEWEST_TEMPLATES:
            found.append(f"{templates} templates are few: measured from {FEWEST_TEMPLATES} on")
        if scenario.model.ridge < WEAK_RIDGE:
            points = np.unique(np.atleast_1d(np.asarray(shares, dtype=np.float64)))
            loads = np.array([load(signed_clusters(scenario, float(p))) for p in points])
            close = points[np.abs(np.log(loads)) < CLOSE]
            if len(close):
                found.append(
                    f"close to separability at shares {close[0]:g} to {close[-1]:g} under a ridge "
                    f"below {WEAK_RIDGE:g}: finite sizes blur the transition"
                )
        return tuple(found)

    def _curve(self, scenario: Scenario, shares: Floats) -> Curve:
        assert isinstance(scenario.world, ClustersWorld)
        law = world_law(scenario.world)
        last = 1.0 if scenario.mixture.design == "replace" else 0.96
        looked_at = FLIP_SHARES[: np.searchsorted(FLIP_SHARES, last)]
        grid = np.unique(np.concatenate([shares, looked_at]))
        points = fixed_points(scenario, grid)
        found = [points[int(np.searchsorted(grid, share))] for share in shares]
        rows = [_measures(scenario, point) for point in found]
        flips = _flips(grid, points, law.n_contexts)
        lost = [f"{share:g}" for share, point in zip(shares, found, strict=True) if point is None]
        notes = (f"no fixed point was found at shares {', '.join(lost)}",) if lost else ()
        return Curve(
            shares=shares,
            measures={name: np.array([row[name] for row in rows]) for name in MEASURES},
            flips=flips,
            flip=flip_of(flips, law.exception, law.frequency),
            notes=notes,
        )


def fixed_points(scenario: Scenario, shares: Floats) -> list[FixedPoint | None]:
    """What training converges to at each of those ascending shares; None where it is not found."""
    points: list[FixedPoint | None] = []
    known = None
    for share in shares:
        points.append(fixed_point(signed_clusters(scenario, float(share)), known))
        known = points[-1] or known
    return points


def margins_at(scenario: Scenario, point: FixedPoint) -> Margins:
    """Margins of real test rows under those weights."""
    assert isinstance(scenario.world, ClustersWorld)
    law = world_law(scenario.world)
    assert isinstance(law, ClustersLaw)
    scale, chance = row_scales(law.tail_heaviness, N_TEST_SCALES)
    return Margins(
        mean=point.margin,
        weight=law.frequency,
        spread=law.scale * point.norm * scale,
        chance=chance,
        noise=law.noise,
        rows=scenario.world.test_size,
    )


def _measures(scenario: Scenario, point: FixedPoint | None) -> dict[str, float]:
    if point is None:
        return dict.fromkeys(MEASURES, float("nan"))
    assert isinstance(scenario.world, ClustersWorld)
    law = world_law(scenario.world)
    return measures(margins_at(scenario, point), law.rare, law.exception)


def _flips(shares: Floats, points: list[FixedPoint | None], n_contexts: int) -> Floats:
    """(K,) first share at which a mean margin, and so recall less one half, turns negative.

    Between two shares margins are taken as straight lines. A context that has flipped at the
    first share already has that share; one that never flips has NaN.
    """
    flips = np.full(n_contexts, np.nan)
    known = [(share, p.margin / p.norm) for share, p in zip(shares, points, strict=True) if p]
    if not known:
        return flips
    flips[known[0][1] < 0.0] = known[0][0]
    for (low, above), (high, below) in itertools.pairwise(known):
        crossing = np.isnan(flips) & (above >= 0.0) & (below < 0.0)
        part = above[crossing] / (above[crossing] - below[crossing])
        flips[crossing] = low + part * (high - low)
    return flips
