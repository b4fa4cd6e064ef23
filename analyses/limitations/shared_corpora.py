"""Runs that share a synthetic corpus are not independent.

Claim: Bands that treat runs of one synthetic corpus as independent cover less than they say, and
declaring the corpora restores them: a claim without its corpora has no error bars, even where it
has replicates.

Design: Simulated sweeps of known truth: 13 shares, 9 runs a share, half of a run's variance its
corpus's; every run with a corpus of its own, three corpora a share, one for all. Bands of the
benchmark share and of the change between the claim's windows, corpora taken for the runs' own and
declared, on the same data sets; coverage with Clopper-Pearson intervals.

Falsifier: With three corpora or one, treated as independent, a coverage of the change that is shown
to be at least 93 %; or, declared, one that is shown to be below 93 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smcollapse.inference import benchmark_share, effect
from smcollapse.questions.claim import published_claim
from smcollapse.questions.ledgers.findings import Finding
from smcollapse.questions.limitations.estimates import LEVEL, all_of, grade_below, not_of
from smcollapse.questions.limitations.limits import Lab
from smcollapse.questions.limitations.worlds import SharedCorpora, benchmark_on, rate_of
from smcollapse.report.claims import quantity_text
from smcollapse.report.limitation_figures import interval_panel, panels
from smcollapse.report.style import GREY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORDER = 150
LAYERS = ("worlds", "training", "measures", "inference")
ENOUGH = 0.93
DESIGNS = {
    "own corpora": (0, False),
    "three corpora, as independent": (3, False),
    "three corpora, declared": (3, True),
    "one corpus, as independent": (1, False),
    "one corpus, declared": (1, True),
}
"""Number of corpora a share, and whether they are declared."""


def analyse(lab: Lab) -> tuple[Finding, Figure]:
    """Coverage by design and by what is said of it."""
    sets, changes, onsets = (200 if lab.quick else 1000), {}, {}
    for name, (corpora, declared) in DESIGNS.items():
        lab.say(f"{name}, {sets} data sets")
        rows = [_covered(SharedCorpora(corpora), number, declared) for number in range(sets)]
        changes[name] = rate_of(f"change: {name}", [row[0] for row in rows])
        onsets[name] = rate_of(f"benchmark share: {name}", [row[1] for row in rows])
    short = [changes[name] for name in DESIGNS if name.endswith("independent")]
    whole = [changes[name] for name in DESIGNS if name.endswith("declared")]
    # what covers at least as stated need not be shown to: it must not be shown to fall short
    declared_grades = [not_of(grade_below(one, ENOUGH)) for one in whole]
    kept = ["supported" if grade == "not shown" else grade for grade in declared_grades]
    grade = all_of([*(grade_below(one, ENOUGH) for one in short), *kept])
    verdict = (
        f"bands of 95 % for the change hold the truth in {quantity_text(short[0])} of the data "
        f"sets with three corpora a share and in {quantity_text(short[1])} with one, where runs "
        f"count as independent; declared in {quantity_text(whole[0])} and "
        f"{quantity_text(whole[1])}"
    )
    figure, axes = panels(2, width=9.5)
    for ax, found, title in zip(
        axes, (changes, onsets), ("Change", "Benchmark share"), strict=True
    ):
        words = "data sets whose 95 % band holds the truth, %"
        interval_panel(ax, list(found.values()), words, names=list(DESIGNS))
        ax.axvline(100.0 * LEVEL, color=GREY, linewidth=0.9, zorder=1)
        ax.set_title(title)
    axes[1].set_yticklabels([])
    notes = ["the part of a run's variance that is its corpus's is supposed, not measured"]
    quantities = [*short, *whole, changes["own corpora"], *onsets.values()]
    return lab.finding(quantities, verdict, grade, "simulation", notes=notes), figure


def _covered(design: SharedCorpora, number: int, declared: bool) -> tuple[bool, bool]:
    """Whether the bands of one data set hold the true change and the true benchmark share."""
    claim = published_claim()
    found = design.draw(number, declared=declared, trusted=not declared)
    truth = design.truth(found.shares)
    change = effect(found, claim.before, claim.after).points.interval
    band = benchmark_share(found).band
    first, second = (
        truth[(found.shares >= low - 1e-9) & (found.shares <= high + 1e-9)].mean()
        for low, high in (claim.before, claim.after)
    )
    true_share = benchmark_on(found.shares, truth)
    assert change is not None
    assert band is not None
    return float(second - first) in change, true_share in band
