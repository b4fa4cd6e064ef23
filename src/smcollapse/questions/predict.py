"""What training will show, by theory: curves over the share, onsets and effects, no training."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from smcollapse.errors import TheoryError, nearest
from smcollapse.inference import Record, to_plain
from smcollapse.questions.claim import Claim, published_claim
from smcollapse.questions.measures import EFFECT_MEASURES
from smcollapse.questions.onsets import Onsets, onsets_of
from smcollapse.questions.planned import ConditionCurve, condition_curves
from smcollapse.study import Study
from smcollapse.theories import CATALOG, MEASURES, Curve, Theory

RESPONSE = "rare_recall"
PREFERRED = ("counts", "sampled counts", "proportional", "population", "coverage")
"""Theories in the order in which they are shown, and one is taken: finite samples first."""

LINE_POINTS = 61
LINE_SECONDS = 5.0
"""Points of a line to be drawn, and how long it may take to work them out."""

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""(predictions done, predictions in all)"""


@dataclass(frozen=True)
class Change(Record):
    """Predicted change between the claim's windows, in units of the measure and relative."""

    points: float
    relative: float


@dataclass(frozen=True, eq=False)
class Predicted:
    """One condition as one theory sees it.

    curve : at the study's own shares; `onsets` and `effects` are those of this curve
    effects : change between the claim's windows, by measure
    seconds : what the curve took
    doubts : how the condition leaves the theory's domain; what its solver says
    """

    theory: Theory
    condition: ConditionCurve
    curve: Curve
    onsets: Onsets
    effects: dict[str, Change]
    seconds: float
    doubts: tuple[str, ...]

    @property
    def label(self) -> str:
        """Label of the condition."""
        return self.condition.label

    @cached_property
    def line(self) -> Curve:
        """The prediction at `LINE_POINTS` shares over the same range, to be drawn as a line.

        That at the study's own shares where there are as many, or more would take too long.
        """
        shares = self.curve.shares
        slow = self.seconds / shares.size * LINE_POINTS > LINE_SECONDS
        if slow or shares.size >= LINE_POINTS:
            return self.curve
        return self.theory.curve(
            self.condition.scenario, np.linspace(shares[0], shares[-1], LINE_POINTS)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data: numbers that JSON cannot hold become None."""
        plain: dict[str, Any] = to_plain(
            {
                "theory": self.theory.name,
                "label": self.label,
                "settings": self.condition.settings,
                "onsets": self.onsets,
                "effects": self.effects,
                "doubts": self.doubts,
                "shares": self.curve.shares,
                "measures": dict(self.curve.measures),
            }
        )
        return plain


@dataclass(frozen=True)
class Silent(Record):
    """A theory that says nothing about a condition, and why."""

    theory: str
    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions for a study, theory by theory, its reference condition first.

    knobs : column and path of the varied settings other than the share, the design among them
    own_shares : whether the shares are those of the study's axis
    """

    study: str
    claim: Claim
    knobs: dict[str, str]
    found: tuple[Predicted, ...]
    silent: tuple[Silent, ...]
    own_shares: bool

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per theory, condition and share; columns as in the tidy table of a run."""
        rows = [
            {
                "theory": one.theory.name,
                **one.condition.settings,
                "share": float(share),
                **{name: float(one.curve.measures[name][number]) for name in MEASURES},
            }
            for one in self.found
            for number, share in enumerate(one.curve.shares)
        ]
        return pd.DataFrame(rows)

    @property
    def onset_table(self) -> pd.DataFrame:
        """One row per theory and condition: onsets, and changes between the claim's windows."""
        rows = []
        for one in self.found:
            onsets = one.onsets.to_dict()
            onsets["notes"] = "; ".join(one.onsets.notes)
            changes = {f"{name}_change": change.points for name, change in one.effects.items()}
            rows.append({"theory": one.theory.name, "condition": one.label, **onsets, **changes})
        return pd.DataFrame(rows)

    @property
    def onsets(self) -> dict[tuple[str, str], Onsets]:
        """Onsets by theory and label."""
        return {(one.theory.name, one.label): one.onsets for one in self.found}

    @property
    def theories(self) -> tuple[Theory, ...]:
        """The theories that predict anything here."""
        return tuple({one.theory.name: one.theory for one in self.found}.values())

    def by(self, theory: Theory) -> tuple[Predicted, ...]:
        """What that theory predicts."""
        return tuple(one for one in self.found if one.theory is theory)

    @property
    def notes(self) -> tuple[str, ...]:
        """Doubts, then the conditions about which a theory says nothing; each said once."""
        said: dict[tuple[str, str], list[str]] = {}
        for one in self.found:
            for doubt in (*one.doubts, *one.onsets.notes):
                said.setdefault((one.theory.name, doubt), []).append(one.label)
        for quiet in self.silent:
            reason = f"says nothing here: {'; '.join(quiet.reasons)}"
            said.setdefault((quiet.theory, reason), []).append(quiet.label)
        labels = {one.label for one in self.found} | {one.label for one in self.silent}
        return tuple(
            f"{theory}{_of(where, labels)}: {text}" for (theory, text), where in said.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "study": self.study,
            "claim": self.claim.to_dict(),
            "predictions": [one.to_dict() for one in self.found],
            "does_not_apply": [one.to_dict() for one in self.silent],
            "notes": list(self.notes),
        }


def predict_study(
    study: Study, theory: str | None = None, *, progress: Progress | None = None
) -> Predictions:
    """What theory says about every condition of a study: all theories that apply, or one.

    Raises
    ------
    TheoryError
        If there is no such theory, or none applies to any condition.
    """
    conditions = condition_curves(study)
    found, silent = [], []
    warm: set[str] = set()
    theories = chosen_theories(theory)
    for number, chosen in enumerate(theories):
        for place, condition in enumerate(conditions):
            if progress is not None:
                progress(number * len(conditions) + place, len(theories) * len(conditions))
            if theory is None and not chosen.meant_for(condition.scenario):
                continue
            if reasons := chosen.applies(condition.scenario):
                silent.append(Silent(chosen.name, condition.label, tuple(reasons)))
            else:
                if chosen.name not in warm:  # compiled code is loaded outside the measured time
                    chosen.curve(condition.scenario, condition.shares[:1])
                    warm.add(chosen.name)
                found.append(_predicted(chosen, condition))
    if progress is not None:
        progress(len(theories) * len(conditions), len(theories) * len(conditions))
    predictions = Predictions(
        study=study.name,
        claim=published_claim(),
        knobs={c: path for path, c in study.varied().items() if path != "mixture.share"},
        found=tuple(found),
        silent=tuple(silent),
        own_shares=any(axis.path == "mixture.share" for axis in study.axes),
    )
    if not found:
        who = "no theory applies" if theory is None else f"theory '{theory}' does not apply"
        raise TheoryError(f"{who} to study '{study.name}'\n" + "\n".join(predictions.notes))
    return predictions


def chosen_theories(name: str | None) -> Sequence[Theory]:
    """The theory of that name, or all, `PREFERRED` first. Raises TheoryError if unknown."""
    if name is None:
        order = [*PREFERRED, *(other for other in CATALOG if other not in PREFERRED)]
        return [CATALOG[one] for one in order if one in CATALOG]
    if name not in CATALOG:
        raise TheoryError(
            f"no theory '{name}': write one of {', '.join(CATALOG)}{nearest(name, CATALOG)}"
        )
    return [CATALOG[name]]


def _predicted(theory: Theory, condition: ConditionCurve) -> Predicted:
    start = time.perf_counter()
    curve = theory.curve(condition.scenario, condition.shares)
    seconds = time.perf_counter() - start
    windows = (published_claim().before, published_claim().after)
    effects = {
        name: change
        for name in EFFECT_MEASURES
        if (change := change_of(curve.shares, curve.measures[name], *windows)) is not None
    }
    return Predicted(
        theory=theory,
        condition=condition,
        curve=curve,
        onsets=onsets_of(curve.shares, curve.measures[RESPONSE], curve.flip),
        effects=effects,
        seconds=seconds,
        doubts=(*theory.doubts(condition.scenario, condition.shares), *curve.notes),
    )


def change_of(
    shares: Floats, values: Floats, before: tuple[float, float], after: tuple[float, float]
) -> Change | None:
    """Change of a measure between two windows, as `inference.effect` has it for training.

    shares, values (S,). None where a window holds no share, or a share without a number, or the
    level before is zero.
    """
    means = []
    for low, high in (before, after):
        inside = (shares >= low - 1e-9) & (shares <= high + 1e-9)
        if not inside.any() or np.isnan(values[inside]).any():
            return None
        means.append(float(values[inside].mean()))
    first, second = means
    return None if first == 0.0 else Change(second - first, (second - first) / first)


def _of(labels: list[str], all_labels: set[str]) -> str:
    """Which conditions a note is about, in brackets; nothing where it is about all."""
    if len(labels) == len(all_labels):
        return ""
    named = ", ".join(labels[:4])
    return f" ({named} and {len(labels) - 4} more)" if len(labels) > 4 else f" ({named})"
