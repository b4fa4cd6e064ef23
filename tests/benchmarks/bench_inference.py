"""Knots, their bands and tests for a break, against the packages that offer them.

Simulated sweeps of known truth (tests/verification/inference/designs.py): 13 shares from 0 to .6,
10 replicates, noise s.d. .02, a slope of -.05 that changes by -1.0 at .40. Noise is independent, or
half of its variance belongs to one corpus a share that all replicates use; ours is told so, the
packages can only be given the 13 means. Every procedure gets the same data sets (the slow ones the
first of them) in one process, on one thread, in an order that is reversed from set to set.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import piecewise_regression
import pwlf
import ruptures
from piecewise_regression.davies import davies_test
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from smcollapse.inference import Curves, Interval, break_point, existence, onset
from smcollapse.inference.segmented.model import SegmentedOLS
from tests.verification.inference.designs import BASE, Case
from tests.verification.inference.truths import SMOOTH

Array = npt.NDArray[np.float64]

SETS, SLOW_SETS = 200, 40
KNOT = 0.4
NOISES: dict[str, Case] = {
    "independent": replace(BASE, name="benchmark"),
    "one corpus a share": replace(BASE, name="benchmark, one corpus", corpora=1),
}
TRUTHS = {
    "kink": BASE.truth,
    "line": SMOOTH["line"],
    "logistic": SMOOTH["logistic, scale .05"],
    "quadratic": SMOOTH["quadratic"],
}
PEER = "piecewise-regression, Fit(n_breakpoints=1)"
INVERTED, DELTA, ALL = "ours, break_point", "ours, SegmentedOLS", "ours, onset: everything"


@dataclass(frozen=True)
class Located:
    """A knot and its 95 % band; nan where the procedure gives none."""

    knot: float = math.nan
    lower: float = math.nan
    upper: float = math.nan


Locate = Callable[[Curves, int], Located]
Decide = Callable[[Curves, int], Sequence[float]]


def rows(curves: Curves, seed: int | None) -> tuple[Array, Array]:
    """Shares and values, one row a run, shuffled; sorted by share for seed None."""
    x, y = np.tile(curves.shares, curves.n_replicates), curves.values.ravel()
    if seed is None:
        order = np.argsort(x, kind="stable")
    else:
        order = np.random.default_rng(seed).permutation(x.size)
    return x[order], y[order]


# ---------------------------------------------------------------- where is the knot?


def _with_band(knot: float, band: Interval | None) -> Located:
    return Located(knot) if band is None else Located(knot, band.lower, band.upper)


def by_inversion(curves: Curves, seed: int) -> Located:
    found = break_point(curves, seed=seed)
    return _with_band(found.knot, found.band)


def by_inversion_untold(curves: Curves, seed: int) -> Located:
    return by_inversion(replace(curves, corpora=None), seed)


def by_inversion_and_test(curves: Curves, seed: int) -> Located:
    existence(curves, seed=seed)
    return by_inversion(curves, seed)


def by_onset(curves: Curves, seed: int) -> Located:
    found = onset(curves, seed=seed).break_point
    assert found is not None
    return _with_band(found.knot, found.band)


def by_segmented(curves: Curves, seed: int) -> Located:
    x, y = rows(curves, seed)
    found = SegmentedOLS(y, np.column_stack([np.ones_like(x), x])).fit()
    return _by_error(found.breaks[0], float(found.breaks_se[0]), x.size)


def _by_error(knot: float, error: float, n: int) -> Located:
    half = float(student.ppf(0.975, n - 4)) * error
    return Located(knot, knot - half, knot + half)


def by_piecewise(curves: Curves, seed: int) -> Located:
    return _piecewise(*rows(curves, seed), seed)


def by_piecewise_once(curves: Curves, seed: int) -> Located:
    return _piecewise(*rows(curves, seed), seed, n_boot=0)


def by_piecewise_means(curves: Curves, seed: int) -> Located:
    return _piecewise(curves.shares, curves.mean, seed)


def _piecewise(x: Array, y: Array, seed: int, **settings: int) -> Located:
    np.random.seed(seed)  # noqa: NPY002  the package draws from the global generator
    found = piecewise_regression.Fit(x, y, n_breakpoints=1, **settings).get_results()
    if not found["converged"]:
        return Located()
    knot = found["estimates"]["breakpoint1"]
    return Located(float(knot["estimate"]), *(float(v) for v in knot["confidence_interval"]))


def by_pwlf(curves: Curves, seed: int) -> Located:
    x, y = rows(curves, seed)
    model = pwlf.PiecewiseLinFit(x, y, seed=seed)
    knot = float(model.fit(2)[1])
    return _by_error(knot, float(model.standard_errors(method="non-linear")[-1]), x.size)


def by_slopes(curves: Curves, _: int) -> Located:
    """A new level of the slopes of the mean curve begins at a share."""
    slopes = np.diff(curves.mean) / np.diff(curves.shares)
    first = ruptures.Dynp(model="l2", jump=1).fit_predict(slopes, 1)[0]
    return Located(float(curves.shares[first]))


def by_continuous_lines(curves: Curves, _: int) -> Located:
    """A segment of "clinear" that starts at a point is drawn from the point before it."""
    first = ruptures.Dynp(model="clinear", jump=1).fit_predict(curves.mean, 1)[0]
    return Located(float(curves.shares[first - 1]))


LOCATING: dict[str, tuple[Locate, int]] = {
    INVERTED: (by_inversion, SETS),
    "ours, break_point, corpora not named": (by_inversion_untold, SETS),
    "ours, break_point and existence": (by_inversion_and_test, SETS),
    DELTA: (by_segmented, SETS),
    ALL: (by_onset, SLOW_SETS),
    PEER: (by_piecewise, SLOW_SETS),
    "piecewise-regression, the 13 means": (by_piecewise_means, SLOW_SETS),
    "piecewise-regression, n_boot=0": (by_piecewise_once, SETS),
    "pwlf, fit(2), standard_errors": (by_pwlf, SETS),
    "ruptures, Dynp l2 on slopes": (by_slopes, SETS),
    "ruptures, Dynp clinear": (by_continuous_lines, SETS),
}


# ---------------------------------------------------------------- is there a break?


def decide_ours(curves: Curves, seed: int) -> tuple[float, float]:
    """By the test, and by the verdict in words, which may also see two breaks."""
    found = onset(curves, seed=seed, thorough=False)
    assert found.existence is not None
    return float(found.existence.exists), float(found.verdict_kind in ("break", "two breaks"))


def decide_davies(curves: Curves, seed: int) -> tuple[float, float, float]:
    """The p-value that Fit reports: shuffled rows, rows sorted by share, the mean curve."""
    data = (rows(curves, seed), rows(curves, None), (curves.shares, curves.mean))
    p_values = [float(davies_test(x, y)) for x, y in data]
    first, second, third = (math.nan if math.isnan(p) else float(p <= 0.05) for p in p_values)
    return first, second, third


def decide_pwlf(curves: Curves, seed: int) -> tuple[float]:
    """BIC of a kink, 4 parameters, against that of a line."""
    x, y = rows(curves, seed)
    model = pwlf.PiecewiseLinFit(x, y, seed=seed)
    model.fit(2)
    line = float(np.polyfit(x, y, 1, full=True)[1][0])
    return (float(x.size * math.log(line / model.ssr) > 2 * math.log(x.size)),)


def decide_pelt(curves: Curves, _: int) -> tuple[float, float]:
    """PELT with the penalty 2 σ² log n, σ² the variance of the mean signal between replicates."""
    slopes = np.diff(curves.values, axis=1) / np.diff(curves.shares)
    return _pelt(slopes, "l2"), _pelt(curves.values, "clinear")


def _pelt(signals: Array, model: str) -> float:
    n_replicates, n = signals.shape
    variance = float(signals.var(axis=0, ddof=1).mean()) / n_replicates
    search = ruptures.Pelt(model=model, jump=1).fit(signals.mean(axis=0))
    return float(len(search.predict(2.0 * variance * math.log(n))) > 1)


DECIDING: dict[tuple[str, ...], Decide] = {
    ("ours, existence", "ours, verdict of onset"): decide_ours,
    (
        "piecewise-regression, Davies, rows shuffled",
        "piecewise-regression, Davies, rows sorted",
        "piecewise-regression, Davies, the 13 means",
    ): decide_davies,
    ("pwlf, BIC",): decide_pwlf,
    ("ruptures, PELT l2 on slopes", "ruptures, PELT clinear"): decide_pelt,
}


# ---------------------------------------------------------------- measuring


@dataclass(frozen=True)
class Measured:
    """Answers and seconds of every procedure, by the noise."""

    found: dict[tuple[str, str], list[Located]]
    seconds: dict[tuple[str, str], Array]

    def ratios(self, slow: str, fast: str) -> Array:
        """Times of one procedure over those of another, on the same independent data sets."""
        above, below = (self.seconds[name, "independent"] for name in (slow, fast))
        n = min(above.size, below.size)
        quotients: Array = above[:n] / below[:n]
        return quotients


def locate() -> Measured:
    """All procedures on the kink, timed; one untimed call each goes before."""
    found: dict[tuple[str, str], list[Located]] = {}
    seconds: dict[tuple[str, str], list[float]] = {}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the packages' own: singular designs of the Davies test
        for noise, case in NOISES.items():
            for procedure, _ in LOCATING.values():
                procedure(case.draw(SETS), SETS)
            for number in range(SETS):
                curves = case.draw(number)
                for name, (procedure, sets) in list(LOCATING.items())[:: (-1) ** number]:
                    if number >= sets:
                        continue
                    fresh = replace(curves)  # nothing is kept from the procedure before
                    start = time.perf_counter()
                    answer = procedure(fresh, number)
                    seconds.setdefault((name, noise), []).append(time.perf_counter() - start)
                    found.setdefault((name, noise), []).append(answer)
    return Measured(found, {key: np.array(times) for key, times in seconds.items()})


def location_table(measured: Measured) -> list[dict[str, str]]:
    """One row a procedure: error and coverage under both noises, times, ratios."""
    table = []
    for name, (_, sets) in LOCATING.items():
        row = {"procedure": name, "data sets": str(sets)}
        for noise in NOISES:
            answers = measured.found[name, noise]
            errors = np.array([answer.knot for answer in answers]) - KNOT
            row[f"RMSE, {noise}"] = _rmse(errors)
            covered = [a.lower <= KNOT <= a.upper for a in answers if not math.isnan(a.lower)]
            row[f"coverage, {noise}"] = _part(sum(covered), len(covered)) if covered else "no band"
        row["ms"] = f"{1e3 * float(np.median(measured.seconds[name, 'independent'])):.3g}"
        for ours, shown in ((INVERTED, "break_point"), (DELTA, "SegmentedOLS")):
            row[f"time over {shown}"] = f"{float(np.median(measured.ratios(name, ours))):.3g}"
        table.append(row)
    return table


def requirement_table(measured: Measured) -> list[dict[str, str]]:
    """What was asked for, what is measured, whether it is met."""
    table = []
    for ours, band in ((INVERTED, "band by test inversion"), (DELTA, "delta method, as the peer")):
        low, middle, high = np.quantile(measured.ratios(PEER, ours), [0.25, 0.5, 0.75])
        table.append(
            {
                "requirement": f"fit and band, {PEER} over {ours.removeprefix('ours, ')} ({band})",
                "required": "at least 50",
                "median": f"{middle:.3g}",
                "spread": f"quartiles {low:.3g} to {high:.3g}",
                "met": "yes" if middle >= 50 else "no",
            }
        )
    for noise in NOISES:
        times = measured.seconds[ALL, noise]
        table.append(
            {
                "requirement": f"onset(curves), 13 x 10 table, noise: {noise}",
                "required": "under 2 s",
                "median": f"{float(np.median(times)):.2f} s",
                "spread": f"slowest of {times.size}: {times.max():.2f} s",
                "met": "yes" if times.max() < 2.0 else "no",
            }
        )
    return table


def alarm_table() -> list[dict[str, str]]:
    """How often each procedure shows a break: power under the kink, false alarms elsewhere."""
    table = []
    with threadpool_limits(1), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for noise, design in NOISES.items():
            cases = {
                truth: replace(design, name=f"{design.name}, {truth}", truth=curve)
                for truth, curve in TRUTHS.items()
            }
            for names, decide in DECIDING.items():
                shown = {
                    truth: np.array([decide(case.draw(k), k) for k in range(SETS)])
                    for truth, case in cases.items()
                }
                for column, name in enumerate(names):
                    row = {"procedure": name, "noise": noise}
                    for truth, answers in shown.items():
                        row[truth] = _part(int(np.nansum(answers[:, column])), SETS)
                    missing = sum(int(np.isnan(a[:, column]).sum()) for a in shown.values())
                    row["nan"] = f"{missing} of {SETS * len(shown)}"
                    table.append(row)
    return table


def _rmse(errors: Array) -> str:
    """Root mean square and its standard error, by the delta method; lost answers are counted."""
    squares = errors[np.isfinite(errors)] ** 2
    root = math.sqrt(float(squares.mean()))
    error = float(squares.std(ddof=1)) / math.sqrt(squares.size) / 2.0 / root if root else 0.0
    lost = errors.size - squares.size
    return f"{root:.4f} ± {error:.4f}" + (f" ({lost} without)" if lost else "")


def _part(count: int, n: int) -> str:
    """A part and its standard error, which Agresti & Coull's 4 cases keep from being 0."""
    centre = (count + 2) / (n + 4)
    return f"{count / n:.3f} ± {math.sqrt(centre * (1.0 - centre) / (n + 4)):.3f}"


if __name__ == "__main__":
    measured = locate()
    for part in (location_table(measured), requirement_table(measured), alarm_table()):
        for line in part:
            print(line)
