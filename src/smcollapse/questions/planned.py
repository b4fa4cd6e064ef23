"""The conditions of a study before anything is trained, named as those of its table will be."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from smcollapse.questions.conditions import CONTROL, labels_of, present, reference_of
from smcollapse.scenario import Scenario
from smcollapse.study import Study

DEFAULT_SHARES = tuple(round(0.01 * step, 2) for step in range(61))
"""Where a condition is predicted that the study trains at one share only."""

Floats = npt.NDArray[np.float64]


class ConditionCurve(NamedTuple):
    """A condition of a study: its scenario at its smallest share, and all its shares (S,).

    label, settings : as those of the trained condition (`conditions_of`)
    """

    label: str
    settings: dict[str, Any]
    scenario: Scenario
    shares: Floats


def condition_curves(study: Study) -> list[ConditionCurve]:
    """The conditions of a study without their shares, the reference first.

    Labels and settings are those that `conditions_of` gives to the trained table; like there,
    `real_only` controls are left out unless there is nothing else. A condition with one share
    is predicted over `DEFAULT_SHARES` too.
    """
    conditions = study.conditions()
    columns = [
        column
        for path, column in study.varied().items()
        if path != "mixture.share" and column != "design"
    ]
    # through a frame, as the values of a trained table have come: 64 beside None becomes 64.0
    frame = pd.DataFrame(
        [
            {
                "variant": one.variant,
                **{name: value for name, value in one.knobs if name in columns},
                "design": one.scenario.mixture.design,
                "share": one.scenario.mixture.share,
            }
            for one in conditions
        ]
    )
    keys = ["variant", *columns, "design"]
    groups = [
        (dict(zip(keys, map(present, key), strict=True)), rows["share"].sort_values())
        for key, rows in frame.groupby(keys, sort=False, dropna=False)
    ]
    trained = [group for group in groups if group[0]["design"] != CONTROL] or groups
    reference = reference_of(study, [settings for settings, _ in trained])
    trained.sort(key=lambda group: group[0] is not reference)
    labels = labels_of([settings for settings, _ in trained], [*columns, "design"])
    return [
        ConditionCurve(label, settings, conditions[shares.index[0]].scenario, _shares(shares))
        for label, (settings, shares) in zip(labels, trained, strict=True)
    ]


def _shares(shares: pd.Series) -> Floats:
    own = np.unique(shares.to_numpy(dtype=np.float64))
    return own if own.size > 1 else np.union1d(own, DEFAULT_SHARES)
