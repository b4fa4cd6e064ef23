"""Files of `smcollapse specify`: tables of specifications and of medians, figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from smcollapse.inference.specifications.choices import DIMENSIONS
from smcollapse.inference.specifications.results import Specification
from smcollapse.questions.specify import SpecificationReport
from smcollapse.report.specification_figure import specification_figure
from smcollapse.report.write_predictions import Drawing, write_files

MOST_FIGURES = 12


def write_specification(report: SpecificationReport, folder: Path) -> tuple[Path, ...]:
    """Write `specification.csv` and a figure per condition (the first dozen).

    Raises StoreError for a folder that cannot be written.
    """
    shown = [one for one in report.found if one.specification is not None][:MOST_FIGURES]
    drawings: dict[str, Drawing] = {
        "specification" if len(report.found) == 1 else f"specification-{place + 1}": partial(
            specification_figure, report, place
        )
        for place, one in enumerate(report.found)
        if one in shown
    }
    return write_files(
        folder,
        {
            "specification": _by_condition(report, specification_rows),
            "specification-medians": medians_of(report),
        },
        drawings,
    )


def medians_of(report: SpecificationReport) -> pd.DataFrame:
    """One row per condition and estimand: the median over its specifications."""
    return _by_condition(report, median_rows)


def _by_condition(
    report: SpecificationReport, rows: Callable[[Specification], pd.DataFrame]
) -> pd.DataFrame:
    tables = [
        rows(one.specification).assign(condition=one.label)
        for one in report.found
        if one.specification is not None
    ]
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "condition", table.pop("condition"))
    return table


def median_rows(spec: Specification) -> pd.DataFrame:
    """One row per estimand: the median over its specifications, with its interval."""
    return pd.DataFrame(
        [
            {
                "estimand": curve.estimand,
                "measure": one.measure,
                "estimator": one.estimator,
                "median": one.median,
                "lower": math.nan if one.interval is None else one.interval.lower,
                "upper": math.nan if one.interval is None else one.interval.upper,
                "specifications": one.specifications,
            }
            for curve in (spec.onset, spec.effect)
            if curve is not None
            for one in curve.medians
        ]
    )


def specification_rows(spec: Specification) -> pd.DataFrame:
    """One row per estimand and specification, ascending by estimate."""
    return pd.DataFrame(
        [
            {
                "estimand": curve.estimand,
                **{name: getattr(row, name) for name in DIMENSIONS},
                "estimate": row.estimate,
                "se": row.se,
                "lower": math.nan if row.interval is None else row.interval.lower,
                "upper": math.nan if row.interval is None else row.interval.upper,
                "significant": row.significant,
            }
            for curve in (spec.onset, spec.effect)
            if curve is not None
            for row in curve.rows
        ]
    )
