"""What analyses of worlds, sources and theories need: studies beside the reference, and numbers.

Studies here have the world and the seed of the reference study unless told otherwise, so that their
replicates are those of the reference and differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv
from scipy.stats import chi2

from smcollapse.inference import Curves, Replication, benchmark_share_of, smooth_transition
from smcollapse.inference.resampling import MINIMUM_DRAWS, Array
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Quantity, Unit
from smcollapse.questions.limitations.estimates import LEVEL
from smcollapse.questions.limitations.studies import REFERENCE
from smcollapse.scenario import Scenario
from smcollapse.study import Axis, Change, Study, Variant, replaced
from smcollapse.study_file import parse_study

if TYPE_CHECKING:
    from smcollapse.questions.limitations.limits import Lab
    from smcollapse.store import Store

RESPONSE = "rare_recall"
LOSS = 0.10

TEMPLATES = (2000, 500, 200)
LOW_COVERAGE = 0.35

STYLES = (0.0, 0.25, 0.5, 1.0)
STYLE_SHARES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
SMALL = {"mixture.budget": 2000, "model.passes": 60.0, "model.batch_size": 128}
WIDE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
WAYS: dict[str, tuple[str, Any]] = {
    "not covered": ("source.coverage", LOW_COVERAGE),
    "covered, truth": ("source.fidelity", 1.0),
    "real only": ("mixture.design", "real_only"),
}
"""What a source does to the rare cases, beside one that covers them with the consensus."""

LONG, SHORT = 20.0, 10.0
"""Passes with which count theory has no doubts that a style is learned, and with which it has."""


def reference_scenario(settings: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of the reference study with some settings replaced, by path."""
    described = parse_study(REFERENCE, "reference").scenario.describe()
    return Scenario.model_validate(replaced(described, dict(settings or {})))


def reference_shares() -> tuple[float, ...]:
    """The shares of the reference study."""
    axes = parse_study(REFERENCE, "reference").axes
    shares = next(axis.values for axis in axes if axis.path == "mixture.share")
    return tuple(float(share) for share in shares if isinstance(share, int | float))


def study_along(
    name: str,
    values: Mapping[str, Sequence[Any]],
    *,
    shares: Sequence[float] | None = None,
    settings: Mapping[str, Any] | None = None,
    variants: Mapping[str, tuple[str, Any]] | None = None,
    replicates: int = 10,
) -> Study:
    """The reference world with some settings replaced, along others, by path.

    variants : path and value of one setting, by name
    """
    taken = reference_shares() if shares is None else shares
    return Study(
        name=name,
        title=f"Beside the reference: {', '.join(values) or 'another world'}",
        seed=parse_study(REFERENCE, "reference").seed,
        replicates=replicates,
        scenario=reference_scenario(settings),
        axes=(
            Axis(path="mixture.share", values=tuple(taken)),
            *(Axis(path=path, values=tuple(steps)) for path, steps in values.items()),
        ),
        variants=tuple(
            Variant(name=name, set=(Change(path=path, value=value),))
            for name, (path, value) in (variants or {}).items()
        ),
    )


def templates(lab: Lab) -> Store:
    """The reference world with few distinct synthetic examples."""
    return lab.run(study_along("templates", {"source.templates": TEMPLATES}))


def coverages(lab: Lab) -> Store:
    """The reference world with few contexts covered, every example its own."""
    values = (LOW_COVERAGE, *(round(visited(number), 2) for number in TEMPLATES[1:]))
    return lab.run(study_along("coverage", {"source.coverage": values}))


def small_budget(lab: Lab) -> Store:
    """2000 rows, 10 a context: the tail can be diluted too, and is lost gradually."""
    study = study_along("small-budget", {}, shares=WIDE_SHARES, settings=SMALL, variants=WAYS)
    return lab.run(study)


def temperings(lab: Lab) -> Store:
    """The reference world with flatter synthetic frequencies."""
    return lab.run(study_along("tempering", {"source.tempering": (0.4,)}))


def detectabilities(lab: Lab, passes: float = LONG) -> Store:
    """The reference world with a style on some synthetic rows, trained long enough to learn it."""
    name = "detectability" if passes == LONG else f"detectability-{passes:g}"
    values = STYLES if passes == LONG else STYLES[1:3]
    settings = {"model.passes": passes}
    along = {"source.detectability": values}
    return lab.run(study_along(name, along, shares=STYLE_SHARES, settings=settings))


def visited(n_templates: int) -> float:
    """Expected share of contexts that so many distinct examples of the reference visit."""
    from smcollapse.laws import facts_law, synthetic_law
    from smcollapse.settings import ConsensusSource, FactsWorld

    world, source = reference_scenario().world, reference_scenario().source
    assert isinstance(world, FactsWorld)
    assert isinstance(source, ConsensusSource)
    frequency = synthetic_law(facts_law(world).frequency, source).frequency
    return float(-np.expm1(n_templates * np.log1p(-frequency)).mean())


def benchmark_on(shares: npt.ArrayLike, mean: Array) -> float:
    """Benchmark share of a mean curve, both (S,); infinite where the loss is not reached."""
    found = benchmark_share_of(shares, mean, LOSS)
    return math.inf if found is None else found


def transition_on(shares: Array, mean: Array) -> tuple[float, float]:
    """Centre and width of the smooth transition of a mean curve, both (S,)."""
    return _transition(tuple(shares.tolist()), tuple(mean.tolist()))


@lru_cache(maxsize=20_000)
def _transition(shares: tuple[float, ...], mean: tuple[float, ...]) -> tuple[float, float]:
    """The same, once for each curve: paired numbers come back to the same draws."""
    curve = Curves(np.array(shares), np.array([mean]), ("mean",))
    found = smooth_transition(curve, draws=MINIMUM_DRAWS)
    return found.centre, found.width


def last_change(mean: Array) -> float:
    """Change of a mean curve (S,) from its first share to its last."""
    return float(mean[-1] - mean[0])


def nominal_shares(true_shares: Array, unseen: float) -> Array:
    """What the shares at hand are called where a part of the real pool is synthetic, unknown.

    A nominal share p of a pool with a part u of synthetic rows is a true share t = u + (1 − u)p, so
    p = (t − u)/(1 − u). Shares below u cannot be had.
    """
    known = true_shares[true_shares >= unseen - 1e-9]
    nominal: Array = np.maximum((known - unseen) / (1.0 - unseen), 0.0)
    return nominal


def unseen_part(true_onset: float, nominal_onset: float) -> float:
    """The undetected part u of the real pool with which one onset is taken for the other."""
    return (true_onset - nominal_onset) / (1.0 - nominal_onset)


def band_spread() -> float:
    """Standard deviation of a share that lies anywhere within the claimed onset band."""
    lower, upper = published_claim().onset
    return (upper - lower) / math.sqrt(12.0)


def spread_of(
    term: str, values: Sequence[float], unit: Unit, *, level: float = LEVEL, note: str = ""
) -> Quantity:
    """Standard deviation of some numbers, with its chi-squared interval (normal numbers)."""
    sample = np.asarray(values, dtype=np.float64)
    freedom, found = sample.size - 1, float(sample.std(ddof=1))
    high, low = (float(chi2.ppf(0.5 + side * level / 2.0, freedom)) for side in (1.0, -1.0))
    lower, upper = (found * math.sqrt(freedom / end) for end in (high, low))
    return Quantity(term, found, lower, upper, unit, level, note)


def rate_of(term: str, happened: Sequence[bool], *, level: float = LEVEL) -> Quantity:
    """Part of data sets in which something happened, with the Clopper–Pearson interval."""
    n, k, tail = len(happened), int(np.sum(happened)), 0.5 - level / 2.0
    lower = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    upper = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1.0 - tail))
    return Quantity(term, k / n, lower, upper, "rate", level)


def packed(places: Array, distance: float) -> int:
    """Number of places (n, D) of which any two differ by at least that much in one coordinate.

    Taken greedily in their order: a lower bound of the largest such number.
    """
    kept: list[Array] = []
    for place in places:
        if all(float(np.abs(place - other).max()) >= distance for other in kept):
            kept.append(place)
    return len(kept)


@dataclass(frozen=True)
class SharedCorpora:
    """Sweeps of known truth whose runs share synthetic corpora: a logistic fall of a recall.

    corpora : number of corpora at each share, each used by some of the runs; 0: every run its own
    part : of a run's variance that is its corpus's
    """

    corpora: int
    replicates: int = 9
    part: float = 0.5
    deviation: float = 0.02
    shares: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(13))

    def truth(self, share: Array) -> Array:
        """The curve without noise."""
        fall: Array = 0.9 - 0.3 / (1.0 + np.exp(-(share - 0.42) / 0.06))
        return fall

    def draw(self, number: int, *, declared: bool, trusted: bool = False) -> Curves:
        """Data set `number`: its corpora declared, or taken for the runs' own (`trusted`)."""
        generator = np.random.default_rng([self.corpora, number])
        x = np.array(self.shares)
        corpora = self.corpora or self.replicates
        which = np.arange(self.replicates) % corpora
        own = generator.standard_normal((self.replicates, x.size)) * math.sqrt(1.0 - self.part)
        common = generator.standard_normal((corpora, x.size))[which] * math.sqrt(self.part)
        labels = tuple(tuple(f"{share:g}-{k}" for share in self.shares) for k in which)
        return Curves(
            x,
            self.truth(x) + self.deviation * (own + common),
            tuple(range(self.replicates)),
            "simulated recall",
            Replication(own_corpora=trusted),
            corpora=labels if declared else None,
        )
