"""Where a mixture collapses: predicted onset and loss over two settings, without training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from smcollapse.errors import StudyError, TheoryError
from smcollapse.inference import to_plain
from smcollapse.questions.claim import published_claim
from smcollapse.questions.phases.axes import Axis, axis_of
from smcollapse.questions.phases.grid import (
    INVALID,
    NO_NUMBER,
    SILENT,
    Floats,
    Progress,
    Task,
    Windows,
    all_rows,
    point,
)
from smcollapse.questions.predict import chosen_theories
from smcollapse.run import cores
from smcollapse.scenario import Scenario
from smcollapse.study import Study
from smcollapse.theories import Theory

DEFAULT_SHARES = tuple(round(0.05 * step, 2) for step in range(13))
DEFAULT_SIZE = 41


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """Onset and loss over a grid of two settings, all else as in the study's own scenario.

    shares : (S,) at which every curve is predicted
    onset  : (Y, X) benchmark share; inf where the loss is not reached, NaN where there is none
    loss   : (Y, X) fall of rare recall, positive for a loss, between `windows`; NaN as above
    doubtful : (Y, X) whether the theory doubts itself there
    missing : why points have no onset, how many, and an example in words
    own    : onset and loss of the study's own scenario
    doubts : what the theory doubts of the study's own scenario
    """

    study: str
    theory: Theory
    x: Axis
    y: Axis
    shares: Floats
    windows: Windows
    onset: Floats
    loss: Floats
    doubtful: npt.NDArray[np.bool_]
    missing: tuple[tuple[str, int, str], ...]
    own: tuple[float, float]
    doubts: tuple[str, ...]

    @property
    def gaps(self) -> tuple[str, ...]:
        """How many points have no onset, and why."""
        n = self.onset.size
        return tuple(f"{count} of {n} points {kind} ({why})" for kind, count, why in self.missing)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know."""
        said = [f"{self.theory.name}: {doubt}" for doubt in self.doubts]
        said += self.gaps
        if (n := int(self.doubtful.sum())) and n < self.onset.size:
            said.append(
                f"{n} of {self.onset.size} points lie outside the domain in which the theory "
                "was measured to hold (column doubtful)"
            )
        for axis, along in ((self.x, 1), (self.y, 0)):
            if _constant(self.onset, along) and _constant(self.loss, along):
                said.append(f"{axis.path} plays no part in theory '{self.theory.name}' here")
        return tuple(said)

    @property
    def table(self) -> pd.DataFrame:
        """One row per grid point: both settings by their path, onset, loss and what holds."""
        x, y = np.meshgrid(self.x.points, self.y.points)
        onset = self.onset.ravel()
        state = np.select([np.isnan(onset), np.isinf(onset)], ["no number", "not reached"], "onset")
        return pd.DataFrame(
            {
                "theory": self.theory.name,
                self.x.path: x.ravel(),
                self.y.path: y.ravel(),
                "onset": np.where(np.isfinite(onset), onset, np.nan),
                "state": state,
                "rare_recall_loss": self.loss.ravel(),
                "doubtful": self.doubtful.ravel(),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; an onset that is not reached and one that there is not are both None."""
        plain: dict[str, Any] = to_plain(
            {
                "study": self.study,
                "theory": self.theory.name,
                "x": {"path": self.x.path, "values": self.x.points, "own": self.x.own},
                "y": {"path": self.y.path, "values": self.y.points, "own": self.y.own},
                "shares": self.shares,
                "windows": self.windows,
                "onset": self.onset,
                "not_reached": np.isinf(self.onset),
                "rare_recall_loss": self.loss,
                "doubtful": self.doubtful,
                "own": {"onset": self.own[0], "rare_recall_loss": self.own[1]},
                "notes": self.notes,
            }
        )
        return plain


def phase_diagram(
    study: Study,
    x: str,
    y: str,
    *,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    x_values: npt.ArrayLike | None = None,
    y_values: npt.ArrayLike | None = None,
    size: int = DEFAULT_SIZE,
    theory: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PhaseDiagram:
    """Predicted onset and loss of rare recall over two settings of the study's own scenario.

    x, y : paths such as `source.tempering`; ranges and values as in `axis_of`
    theory : its name; by default the first of `PREFERRED` that applies
    workers : processes, started only where the work takes longer than `PATIENCE`; None: one a core

    Curves are predicted at the shares of the study's axis, so that onsets compare with trained
    ones. The loss lies between the claim's windows, or from the smallest to the largest share
    where the shares leave one of the windows empty.

    Raises
    ------
    StudyError
        If a setting cannot be an axis, or both are the same.
    TheoryError
        If there is no such theory, or it has a number at no point of the grid.
    """
    if x == y:
        raise StudyError(f"x and y are both {x}: write two different settings")
    if size < 2:
        raise StudyError(f"the grid needs at least 2 points along an axis (got {size})")
    scenario = study.scenario
    shares = _shares(study)
    task = Task(
        theory=_theory(theory, scenario),
        base=scenario.model_dump(mode="json", exclude_none=True),
        x=axis_of(scenario, x, size, x_range, x_values),
        y=axis_of(scenario, y, size, y_range, y_values),
        shares=shares,
        windows=_windows(shares),
    )
    rows = all_rows(task, workers or cores(), progress)
    points = [one for row in rows for one in row]
    shape = (len(task.y.points), len(task.x.points))
    found = PhaseDiagram(
        study=study.name,
        theory=task.theory,
        x=task.x,
        y=task.y,
        shares=shares,
        windows=task.windows,
        onset=np.reshape([one.onset for one in points], shape),
        loss=np.reshape([one.loss for one in points], shape),
        doubtful=np.reshape([one.doubtful for one in points], shape),
        missing=_counted(one.missing for one in points),
        own=point(task, {})[:2],
        doubts=tuple(task.theory.doubts(scenario, shares)),
    )
    if np.isnan(found.onset).all():
        raise TheoryError(
            f"theory '{task.theory.name}' has no number at any point of the grid: "
            + "; ".join(found.gaps)
        )
    return found


def _theory(name: str | None, scenario: Scenario) -> Theory:
    if name is not None:
        return chosen_theories(name)[0]
    reasons = []
    for theory in chosen_theories(None):
        if not (said := theory.applies(scenario)):
            return theory
        reasons.append(f"{theory.name}: {'; '.join(said)}")
    raise TheoryError("no theory applies to this study\n" + "\n".join(reasons))


def _shares(study: Study) -> Floats:
    for axis in study.axes:
        if axis.path == "mixture.share" and len(axis.values) >= 3:
            return np.unique(np.asarray(axis.values, dtype=np.float64))
    return np.array(DEFAULT_SHARES)


def _windows(shares: Floats) -> Windows:
    claim = published_claim()
    first, last = float(shares[0]), float(shares[-1])
    covered = all(
        ((shares >= low - 1e-9) & (shares <= high + 1e-9)).any()
        for low, high in (claim.before, claim.after)
    )
    return (claim.before, claim.after) if covered else ((first, first), (last, last))


def _constant(values: Floats, along: int) -> bool:
    """Whether values (Y, X) do not change along that axis, gaps and infinities included."""
    first = np.take(values, [0], axis=along)
    return bool(np.isclose(values, first, rtol=0.0, atol=1e-9, equal_nan=True).all())


def _counted(missing: Iterable[tuple[str, str] | None]) -> tuple[tuple[str, int, str], ...]:
    """Kinds of gaps, how many points have each, and the first of its reasons."""
    said = [gap for gap in missing if gap is not None]
    return tuple(
        (kind, len(reasons), reasons[0])
        for kind in (INVALID, SILENT, NO_NUMBER)
        if (reasons := [reason for other, reason in said if other == kind])
    )
