"""What a toy cannot say about large language models.

Claim: Between toy worlds and settings that are all defensible the benchmark share of rare recall
differs by far more than the claimed band is wide: none of them places that of another model.

Design: Facts worlds of five budgets and two designs, sources that differ in tempering, coverage,
templates and detectability, clusters of feature vectors, handwritten digits; the standard
deviation of the benchmark share between them against that of a share anywhere within the band.
An onset that is not reached counts with the largest share that was tried, so that the spread is
a lower bound.

Falsifier: A standard deviation between worlds that is shown to be below that of the claimed band:
then toys agree, and their onset might be carried over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import benchmark_share
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding, Quantity
from smcollapse.questions.limitations.estimates import exact, grade_above, quantity_of
from smcollapse.questions.limitations.limits import Lab, conditions_by_label, curves_in
from smcollapse.questions.limitations.studies import budgets, reference
from smcollapse.questions.limitations.worlds import (
    RESPONSE,
    band_spread,
    coverages,
    detectabilities,
    spread_of,
    temperings,
    templates,
)
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import interval_panel, panels
from smcollapse.study_file import load_study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from smcollapse.store import Store

ORDER = 180
LAYERS = ("worlds", "training", "measures", "inference")
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
LEFT_OUT = (
    ("budget", "budget 20000"),
    ("detectability", "detectability 0.0"),
    ("detectability", "detectability 1.0"),
)
"""What is the reference once more, and a style on every row, with which nothing is lost."""

CANNOT = {
    "supported": "a toy cannot",
    "contradicted": "by this test a toy could",
    "not shown": "it is not shown that a toy cannot",
}
MISSING = (
    "what the toy lacks, sequences: no tokens, no context that is read, nothing is generated",
    "phrasing: a fact has one form; few phrasings localise a collapse (theory notes, section 1)",
    "generalisation across facts: each context is memorised by itself or follows its category",
    "scale: 10^3 to 10^5 rows, 10^4 weights; no generations, no instruction tuning, no retrieval",
)


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Benchmark shares of every toy at hand."""
    onsets = list(_all_onsets(lab))
    values = [one.value if one.value is not None else last for one, last in onsets]
    spread = spread_of("benchmark share: standard deviation between worlds", values, "share")
    lower, upper = published_claim().onset
    pairs = sorted(zip(values, (one for one, _ in onsets), strict=True), key=lambda pair: pair[0])
    ordered = [one for _, one in pairs]
    least, last = min(values), max(values)
    inside = sum(lower <= value <= upper for value in values)
    ratio = exact(
        "range of benchmark shares over the width of the band",
        (last - min(values)) / (upper - lower),
        "ratio",
        "at least",
    )
    grade = grade_above(spread, band_spread())
    verdict = (
        f"{CANNOT[grade]} place the onset of another model: over {len(values)} chosen toys the "
        f"benchmark share runs from {100 * least:.1f} % ({ordered[0].term}) to at least "
        f"{100 * last:.1f} %, {ratio.value:.0f} times the width of the claimed band; {inside} lie "
        f"in it; standard deviation {quantity_text(spread)}, that of the band "
        f"{100 * band_spread():.1f} %"
    )
    figure, (only,) = panels(1, width=7.5, height=0.9 + 0.24 * len(onsets))
    ordered = [
        one
        for _, one in sorted(
            zip(values, (o for o, _ in onsets), strict=True), key=lambda pair: pair[0]
        )
    ]
    interval_panel(only, ordered, "benchmark share of rare recall, %", claim=True)
    unreached = sum(one.value is None for one, _ in onsets)
    quantities = [
        spread,
        ratio,
        exact("toys", len(values)),
        exact("toys that do not reach the loss", unreached),
        exact("toys within the claimed band", inside),
        exact("band: standard deviation", band_spread(), "share"),
        *ordered,
    ]
    notes = (*MISSING, "toys are chosen, not sampled: the interval treats them as normal draws")
    return lab.finding(quantities, verdict, grade, notes=notes), figure


def _all_onsets(lab: Lab) -> Iterator[tuple[Quantity, float]]:
    """Benchmark share of every condition, and the largest share that was tried."""
    stores: list[tuple[str, Store]] = [
        ("facts", reference(lab)),
        ("facts", budgets(lab)),
        ("facts, flatter frequencies", temperings(lab)),
        *(("facts", found(lab)) for found in (coverages, templates, detectabilities)),
        *(
            (name, lab.run(load_study(name), quick_shares=SHARES))
            for name in ("clusters", "digits")
        ),
    ]
    for name, store in stores:
        for label, condition in conditions_by_label(store).items():
            if (store.study.name, label) in LEFT_OUT:
                continue
            measured = curves_in(condition, RESPONSE)
            found = benchmark_share(measured).estimates()[0]
            term = name if label == "reference" else f"{name}, {label}"
            yield quantity_of(found, "share", term), float(measured.shares[-1])
