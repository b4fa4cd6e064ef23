"""A sweep over the synthetic share, and all that can be asked of it.

    import smcollapse

    sweep = smcollapse.Sweep.from_frame(results, response="recall", replicate="seed")
    answer = sweep.onset()
    print(answer.summary())
    answer.to_frame()

Results are a data frame, a file (CSV, TSV, JSON, JSONL, Parquet, Feather, Excel, with a row per run
or in one of the layouts of :class:`Layout`), or the folder of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import pandas as pd

from smcollapse.errors import DataError
from smcollapse.inference import SupposedNoise
from smcollapse.inference.onsets.planning import Plan
from smcollapse.questions.attribute import AttributionReport, attribution_report
from smcollapse.questions.columns import SHARE, Columns, ShareUnit, usual_columns
from smcollapse.questions.effect_results import EffectReport, effect_report
from smcollapse.questions.layouts import LONG, Layout
from smcollapse.questions.onset_results import OnsetReport, onset_report
from smcollapse.questions.plan import noise_from, planned
from smcollapse.questions.results import Data, is_run, laid_out
from smcollapse.questions.specify import SpecificationReport, specify_report

if TYPE_CHECKING:
    from smcollapse.report.summaries import Part

Window = tuple[float, float]
Harm = Literal["auto", "loss", "gain"]
Report = TypeVar("Report", OnsetReport, EffectReport, AttributionReport, SpecificationReport, Plan)

USUAL = "rare_recall"
"""The measure of a run where none is named."""


@dataclass(frozen=True)
class SweepAnswer(Generic[Report]):
    """What a sweep answers: ``report`` holds every number."""

    report: Report
    _parts: Callable[[Report], Iterable[Part]]
    _frame: Callable[[Report], pd.DataFrame]

    def summary(self) -> str:
        """Verdict, estimates and notes as text."""
        from smcollapse.report.summaries import as_text

        return as_text(self._parts(self.report))

    def to_frame(self) -> pd.DataFrame:
        """The estimates, a row each."""
        return self._frame(self.report)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it: None where a number cannot be had."""
        return self.report.to_dict()

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True, eq=False)
class Sweep:
    """Results of a sweep: where they are, and which columns hold what.

    Make one with :meth:`from_frame`.
    """

    data: Data
    columns: Columns

    @classmethod
    def from_frame(
        cls,
        data: Data,
        *,
        response: str | None = None,
        share: str = SHARE,
        replicate: str | None = None,
        corpus: str | None = None,
        by: str | Sequence[str] = (),
        share_unit: ShareUnit = "auto",
        layout: Layout = LONG,
    ) -> Sweep:
        """A sweep from a data frame, a file or a run's folder.

        Parameters
        ----------
        data
            A row per run, or what ``layout`` says.
        response
            Column of the measure; may be left out where one column of numbers varies.
        share, replicate, corpus
            Columns of the synthetic share, the replicate (recognised as replicate, seed, run, fold
            …) and the synthetic corpus.
        by
            Columns that tell conditions apart.
        share_unit
            "fraction", "percent", "ratio" (synthetic rows for one real row), "real" (share of real
            rows) or "auto".
        layout
            Wide tables, means with errors, trials, counts of rows, joined tables.

        Raises
        ------
        DataError
            If the measure is not named and several columns may be it, or none.
        """
        apart = (by,) if isinstance(by, str) else tuple(by)
        columns = Columns(response or USUAL, share, replicate, corpus, apart, share_unit, layout)
        if response is None and not is_run(data):
            columns = Columns(
                _only_measure(data, columns), share, replicate, corpus, apart, share_unit, layout
            )
        return cls(data if isinstance(data, pd.DataFrame) else Path(data), columns)

    def onset(
        self,
        *,
        direction: Harm = "auto",
        loss: float = 0.10,
        relative: bool = True,
        smallest: float | None = None,
        level: float = 0.95,
        draws: int = 999,
        random_state: int = 0,
    ) -> SweepAnswer[OnsetReport]:
        """Where a loss sets in, the shape of the curve, whether it breaks, and how sure we are.

        Parameters as those of :func:`smcollapse.onset_report`; raises DataError as it does.
        """
        from smcollapse.report.onset_results import onset_rows
        from smcollapse.report.summaries import onset_summary

        report = onset_report(
            self.data,
            self.columns,
            direction=direction,
            loss=loss,
            relative=relative,
            smallest=smallest,
            level=level,
            draws=draws,
            seed=random_state,
        )
        return SweepAnswer(report, onset_summary, onset_rows)

    def effects(
        self,
        *responses: str,
        before: Window | None = None,
        after: Window | None = None,
        claim: bool = False,
        level: float = 0.95,
    ) -> SweepAnswer[EffectReport]:
        """How far measures (that of the sweep, or those named) change between two windows.

        Parameters as those of :func:`smcollapse.effect_report`; raises DataError as it does.
        """
        from smcollapse.report.effect_results import effect_rows
        from smcollapse.report.summaries import effect_summary

        report = effect_report(
            self.data,
            self.columns,
            responses or (self.columns.response,),
            before=before,
            after=after,
            claim=claim,
            level=level,
        )
        return SweepAnswer(report, effect_summary, effect_rows)

    def attribute(
        self,
        *knobs: str,
        direction: Harm = "auto",
        before: Window | None = None,
        after: Window | None = None,
        interactions: bool = True,
        level: float = 0.95,
        random_state: int = 0,
    ) -> SweepAnswer[AttributionReport]:
        """Which knobs move the change and the onset: those named, of ``by``, or of a run.

        Parameters as those of :func:`smcollapse.attribution_report`; raises DataError as it does.
        """
        from smcollapse.report.attribution import attribution_rows
        from smcollapse.report.summaries import attribution_summary

        report = attribution_report(
            self.data,
            self.columns,
            knobs or self.columns.by,
            direction=direction,
            before=before,
            after=after,
            interactions=interactions,
            level=level,
            seed=random_state,
        )
        return SweepAnswer(report, attribution_summary, attribution_rows)

    def specify(
        self,
        *responses: str,
        before: Window | None = None,
        after: Window | None = None,
        direction: Harm = "auto",
        loss: float = 0.10,
        relative: bool = True,
        level: float = 0.95,
        draws: int = 499,
        random_state: int = 0,
    ) -> SweepAnswer[SpecificationReport]:
        """Onset and change under every defensible way of analysis, tested together.

        Parameters as those of :func:`smcollapse.questions.specify.specify_report`; raises DataError
        as it does.
        """
        from smcollapse.report.specification import medians_of
        from smcollapse.report.summaries import specification_summary

        report = specify_report(
            self.data,
            self.columns,
            responses or (self.columns.response,),
            before=before,
            after=after,
            direction=direction,
            loss=loss,
            relative=relative,
            level=level,
            draws=draws,
            seed=random_state,
        )
        return SweepAnswer(report, specification_summary, medians_of)

    def plan(
        self,
        *,
        noise: SupposedNoise | None = None,
        drop: float | None = None,
        slope_change: float | None = None,
        slope_before: float = 0.0,
        knot: float = 0.4,
        last: float = 0.6,
        shares: Sequence[int] = (9, 13, 17, 25),
        replicates: Sequence[int] = (5, 10, 20, 40),
        corpora: Sequence[int | None] = (None,),
        power: float = 0.8,
        random_state: int = 0,
    ) -> SweepAnswer[Plan]:
        """Which design would show a break of that size, with the noise of these results.

        ``drop`` from the knot to ``last``, or ``slope_change`` per unit share: one of them.
        ``corpora`` a share, None: one for every run. Raises DataError for results without noise and
        numbers that make no design.
        """
        from smcollapse.report.summaries import plan_summary

        found = planned(
            noise or noise_from(self.data, self.columns),
            knot=knot,
            slope_change=slope_change,
            slope_before=slope_before,
            drop=drop,
            last=last,
            shares=tuple(shares),
            replicates=tuple(replicates),
            corpora=tuple(corpora),
            power=power,
            seed=random_state,
        )
        return SweepAnswer(found, plan_summary, _designs)


def _designs(found: Plan) -> pd.DataFrame:
    return pd.DataFrame([design.to_dict() for design in found.designs])


def _only_measure(data: Data, columns: Columns) -> str:
    """The one column of numbers that varies. Raises DataError where there are others, or none."""
    table, file, _ = laid_out(data, columns, ())
    found = usual_columns(table, columns)
    if len(found) != 1:
        several = f"several columns may be the measure ({', '.join(found)})" if found else (
            "no column of numbers varies"
        )  # fmt: skip
        raise DataError(f"{file.name}: {several}: name one, response=...")
    return found[0]
