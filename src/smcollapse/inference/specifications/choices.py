"""The choices of a specification curve, and the estimates that every combination of them gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import logit

from smcollapse.inference.curves import Curves
from smcollapse.inference.effect_sizes.effects import Window
from smcollapse.inference.onsets.benchmark import Direction, check_loss
from smcollapse.inference.onsets.kinks import MINIMUM_SHARES
from smcollapse.inference.records import InferenceError, Record
from smcollapse.inference.resampling import Array
from smcollapse.inference.specifications.draws import (
    TRIMMED_FROM,
    Draws,
    Sample,
    Table,
    back,
    draws_of,
)
from smcollapse.inference.specifications.estimators import (
    Booleans,
    KinkFits,
    benchmark_shares,
    fit_kinks,
    transition_centres,
)

SCALES = ("raw", "logit")
WINDOWS = ("all shares", "without the last two", "without the first")
WEIGHTINGS = ("equal", "inverse variance")
TRIMMINGS = ("none", "trimmed")
ONSETS = ("benchmark share", "knot of a kink", "knot, flat before", "transition centre")
EFFECTS = ("window contrast", "change of a kink")


@dataclass(frozen=True)
class Choices(Record):
    """What is combined with what; an estimand without estimators is left out.

    Raises InferenceError for a name that is none of those above.
    """

    scales: tuple[str, ...] = SCALES
    windows: tuple[str, ...] = WINDOWS
    weightings: tuple[str, ...] = WEIGHTINGS
    trimmings: tuple[str, ...] = TRIMMINGS
    onsets: tuple[str, ...] = ONSETS
    effects: tuple[str, ...] = EFFECTS

    def __post_init__(self) -> None:
        known = (SCALES, WINDOWS, WEIGHTINGS, TRIMMINGS, ONSETS, EFFECTS)
        for kind, chosen, names in zip(_KINDS, astuple(self), known, strict=True):
            wrong = [name for name in chosen if name not in names]
            if wrong or len(set(chosen)) != len(chosen):
                raise InferenceError(
                    f"{kind} must be different names of {list(names)}, got {list(chosen)}"
                )
            if not chosen and kind not in ("onsets", "effects"):
                raise InferenceError(f"{kind}: name at least one of {list(names)}")


_KINDS = ("scales", "windows", "weightings", "trimmings", "onsets", "effects")

DIMENSIONS = ("measure", "scale", "window", "weighting", "trimming", "estimator")


class Combination(NamedTuple):
    """One way to analyse: a name for each of DIMENSIONS."""

    measure: str
    scale: str
    window: str
    weighting: str
    trimming: str
    estimator: str


@dataclass(frozen=True)
class Asked(Record):
    """What is estimated: windows (low, high) of the contrast, the loss, what harm is."""

    before: Window
    after: Window
    loss: float
    relative: bool
    directions: Mapping[str, Direction]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates (1 + B,) of one combination, the data's first; ``null``: (B,) if nothing changed.

    ``errors`` (1 + B,) : standard errors of the data and of every rotation, those of the linear
    functional of the mean that is nearest to the estimate. Both are None for an onset, which does
    not exist where nothing changes. ``searched`` is the range to which an onset is confined: a band
    that reaches an end of it is open there.
    """

    combination: Combination
    values: Array
    null: Array | None = None
    errors: Array | None = None
    searched: tuple[float, float] = (-math.inf, math.inf)

    def opened(self) -> Array:
        """Draws (B,), infinite where they stand at an end of the searched range."""
        low, high = self.searched
        margin = 0.0 if math.isinf(high - low) else 1e-6 * (high - low)
        draws = np.where(self.values[1:] <= low + margin, -math.inf, self.values[1:])
        opened: Array = np.where(draws >= high - margin, math.inf, draws)
        return opened


def estimates_of(
    measures: Sequence[Curves], choices: Choices, asked: Asked, draws: int, seed: int
) -> tuple[list[Estimates], list[Estimates], list[str]]:
    """Onsets, effects (in points) and notes on what is left out, for complete curves."""
    notes: list[str] = []
    trimmings = _possible_trimmings(choices, measures[0].n_replicates, notes)
    keys, tables = [], []
    for curves in measures:
        for scale in choices.scales:
            table = _table(curves, scale, noise=draws > 0)
            if table is None:
                notes.append(f"{curves.response} is not inside (0, 1) everywhere: no logit scale")
            else:
                keys.append((curves, scale))
                tables.append(table)
    if not tables:
        raise InferenceError("no measure lies inside (0, 1) everywhere: name the raw scale too")
    found = draws_of(tables, trimmings, draws, seed)
    onsets: list[Estimates] = []
    effects: list[Estimates] = []
    for (curves, scale), made in zip(keys, found, strict=True):
        for window in choices.windows:
            kept = _kept(curves.shares, window)
            if kept is None:
                notes.append(f"{curves.shares.size} shares are too few to analyse {window}")
                continue
            block = _Block(curves, scale, window, kept, made, choices, asked)
            onsets += block.onsets(notes)
            effects += block.effects(notes)
    return onsets, effects, list(dict.fromkeys(notes))


def _possible_trimmings(choices: Choices, n_replicates: int, notes: list[str]) -> tuple[str, ...]:
    if n_replicates >= TRIMMED_FROM or "trimmed" not in choices.trimmings:
        return choices.trimmings
    notes.append(f"fewer than {TRIMMED_FROM} replicates: no trimming")
    return ("none",)


def _table(curves: Curves, scale: str, *, noise: bool) -> Table | None:
    """A measure on a scale; None where it has no logit."""
    values, common = curves.values, np.zeros_like(curves.mean)
    freedom = 1.0
    if noise and curves.noise.common.any():
        common, freedom = curves.noise.common, curves.noise.common_freedom
    if scale == "logit":
        if values.min() <= 0.0 or values.max() >= 1.0:
            return None
        mean = curves.mean
        values, common = logit(values), common / (mean * (1.0 - mean)) ** 2
    return Table(values, common, freedom, curves.spread_factor)


def _kept(shares: Array, window: str) -> slice | None:
    """Shares of a window of analysis; None where a kink could not be fitted to them."""
    kept = {
        "all shares": slice(0, shares.size),
        "without the last two": slice(0, shares.size - 2),
        "without the first": slice(1, shares.size),
    }[window]
    return kept if shares[kept].size >= MINIMUM_SHARES else None


@dataclass(frozen=True, eq=False)
class _Block:
    """A measure on a scale in a window: one stack of rows for all weightings and trimmings."""

    curves: Curves
    scale: str
    window: str
    kept: slice
    made: Draws
    choices: Choices
    asked: Asked

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Weighting and trimming of each part of the stack."""
        return [(w, t) for w in self.choices.weightings for t in self.made.about]

    @property
    def shares(self) -> Array:
        kept: Array = self.curves.shares[self.kept]
        return kept

    def _samples(self, null: bool) -> dict[str, Sample]:
        return self.made.null if null else self.made.about

    def _weights(self, *, null: bool = False) -> Array:
        """Weights (ways · (1 + B), S)."""
        freedom = max(self.curves.n_replicates - 1.0, 1.0)
        samples = self._samples(null)
        weights = np.vstack([samples[t].weights(w, freedom)[:, self.kept] for w, t in self.ways])
        scaled: Array = weights / weights.mean(axis=1, keepdims=True)
        return scaled

    def _means(self, *, null: bool = False) -> Array:
        """Mean curves (ways · (1 + B), S)."""
        samples = self._samples(null)
        means: Array = np.vstack([samples[t].locations[:, self.kept] for _, t in self.ways])
        return means

    def _split(
        self,
        estimator: str,
        values: Array,
        null: Array | None = None,
        searched: tuple[float, float] = (-math.inf, math.inf),
    ) -> list[Estimates]:
        """One Estimates per way from stacked values."""
        out = []
        size = len(values) // len(self.ways)
        for number, (weighting, trimming) in enumerate(self.ways):
            part = slice(number * size, (number + 1) * size)
            combination = Combination(
                self.curves.response, self.scale, self.window, weighting, trimming, estimator
            )
            if null is None:
                out.append(Estimates(combination, values[part], searched=searched))
            else:
                drawn = null[part][1:]
                errors = self._errors(drawn)
                out.append(Estimates(combination, values[part], drawn, errors))
        return out

    def _errors(self, drawn: Array) -> Array:
        """Standard errors (1 + B,) of the linear functional that fits draws (B,) best."""
        functional = np.linalg.lstsq(self.made.moved[:, self.kept], drawn)[0]
        covariances = self.made.covariances[:, self.kept, self.kept]
        errors: Array = np.sqrt(np.maximum((covariances @ functional) @ functional, 0.0))
        return errors

    def onsets(self, notes: list[str]) -> list[Estimates]:
        """Onsets by all estimators."""
        if not self.choices.onsets:
            return []
        x, means, weights = self.shares, self._means(), self._weights()
        inner, tried = (float(x[1]), float(x[-2])), (float(x[0]), float(x[-1]))
        methods: dict[str, tuple[Callable[[], Array], tuple[float, float]]] = {
            "benchmark share": (lambda: self._benchmark(means, weights), (-math.inf, math.inf)),
            "knot of a kink": (lambda: fit_kinks(x, means, weights).knots, inner),
            "knot, flat before": (lambda: fit_kinks(x, means, weights, flat=True).knots, inner),
            "transition centre": (lambda: _centres(x, means, weights), tried),
        }
        out = []
        for estimator in self.choices.onsets:
            method, searched = methods[estimator]
            try:
                out += self._split(estimator, method(), searched=searched)
            except InferenceError as error:
                notes.append(f"no {estimator}: {error}")
        return out

    def _benchmark(self, means: Array, weights: Array) -> Array:
        asked, name = self.asked, self.curves.response
        direction = asked.directions[name]
        check_loss(float(self.curves.mean[0]), asked.loss, asked.relative, direction)
        baseline = np.hstack([self.made.about[t].locations[:, 0] for _, t in self.ways])
        return benchmark_shares(
            self.shares,
            means,
            weights,
            baseline,
            float(self.curves.shares[0]),
            self.scale,
            asked.loss,
            asked.relative,
            direction,
        )

    def effects(self, notes: list[str]) -> list[Estimates]:
        """Changes in points by all estimators, of the data's draws and of those of no change."""
        out = []
        stacks = [(self._means(null=null), self._weights(null=null)) for null in (False, True)]
        for estimator in self.choices.effects:
            if estimator == "window contrast":
                sides = self._sides(notes)
                if sides is None:
                    continue
                both = [self._contrast(*stack, sides) for stack in stacks]
            else:
                both = [self._change(fit_kinks(self.shares, *stack)) for stack in stacks]
            out += self._split(estimator, both[0], both[1])
        return out

    def _sides(self, notes: list[str]) -> list[Booleans] | None:
        """Which shares are before and after; None where a side holds none."""
        sides = []
        for name, (low, high) in (("before", self.asked.before), ("after", self.asked.after)):
            inside = (self.shares >= low - 1e-9) & (self.shares <= high + 1e-9)
            if not inside.any():
                notes.append(f"{self.window}: no share {name}, in {low:g} to {high:g}: no contrast")
                return None
            sides.append(inside)
        return sides

    def _contrast(self, means: Array, weights: Array, sides: list[Booleans]) -> Array:
        levels = [
            (weights[:, side] * means[:, side]).sum(axis=1) / weights[:, side].sum(axis=1)
            for side in sides
        ]
        change: Array = back(levels[1], self.scale) - back(levels[0], self.scale)
        return change

    def _change(self, fits: KinkFits) -> Array:
        change: Array = back(fits.last, self.scale) - back(fits.first, self.scale)
        return change


def _centres(shares: Array, means: Array, weights: Array) -> Array:
    """Centres of transitions (N,); outside the shares they are no estimates.

    Infinite beyond the largest share: not reached. At the smallest share where they lie before it.
    """
    centres = np.maximum(transition_centres(shares, means, weights), shares[0])
    reached: Array = np.where(centres > shares[-1], math.inf, centres)
    return reached
