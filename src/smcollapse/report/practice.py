"""What a run can say in a risk review: its numbers beside the questions that a review asks.

The questions follow, in our own words, the functions Map, Measure and Manage of NIST's AI Risk
Management Framework (AI RMF 1.0, NIST AI 100-1, 2023). What its fourth function, Govern, asks for
is not in any number of a run, and is said so. Every value is of the run at hand; one that it does
not have is named with what would give it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from smcollapse.inference import Effect
from smcollapse.questions.answer import Answer, ConditionAnswer
from smcollapse.report.tables import Table
from smcollapse.report.wording import estimate, measure_name, percent, percent_range, short_percent
from smcollapse.scenario import Scenario
from smcollapse.store import Store

Function = Literal["Map", "Measure", "Manage"]
COLUMNS = ("question of a review", "function", "what this run says", "by which number")
MISSING = "missing in this run"

DISCLAIMER = (
    "This is no certificate, no audit and no proof of conformity with the framework or with any "
    "law. It lists which numbers of this run bear on which question; whether they are enough is "
    "for the people who answer for the system."
)
GOVERN = (
    "Govern asks for what no training run can give: who decides on the share and who answers for "
    "it; which loss of rare cases is acceptable, and to whom (the loss of a tenth used on this "
    "page is a default of this tool, not a decision); whose cases the rare ones are, and whether "
    "they were asked; where the real and the synthetic rows come from, with which rights, and "
    "whether their supplier may change them; who is told when a limit is passed. Write these down "
    "beside this page."
)


@dataclass(frozen=True)
class PracticeRow:
    """A question of a risk review, and what the run says to it; `says` is MISSING if nothing.

    source : the number or record that it comes from
    mend   : what would supply it where it is missing, else empty
    """

    function: Function
    question: str
    says: str
    source: str
    mend: str = ""


@dataclass(frozen=True)
class Practice:
    """The questions with what the run says of its condition, and what it lacks."""

    condition: str
    rows: tuple[PracticeRow, ...]
    limits: tuple[str, ...]
    govern: str = GOVERN
    disclaimer: str = DISCLAIMER

    @property
    def missing(self) -> tuple[str, ...]:
        """Each question without an answer and what would give one, then what limits the rest."""
        unanswered = (f"{row.question} {row.mend}" for row in self.rows if row.says == MISSING)
        return (*unanswered, *self.limits)

    @property
    def table(self) -> Table:
        """The questions as a table."""
        rows = tuple((row.question, row.function, row.says, row.source) for row in self.rows)
        note = (
            f"Values are those of condition “{self.condition}”. The questions follow Map, Measure "
            "and Manage of the NIST AI Risk Management Framework (AI RMF 1.0, 2023), in our words."
        )
        return Table("In a risk review: Map, Measure, Manage", COLUMNS, rows, note)


def practice_of(store: Store, answer: Answer) -> Practice:
    """The questions of a risk review, answered from the reference condition of a run."""
    scenario, reference = store.study.scenario, answer.conditions[0]
    rows = (
        *_map(store, scenario, reference),
        *_measure(store, answer, reference),
        *_manage(answer, reference),
    )
    return Practice(reference.label, rows, tuple(_limits(store, scenario, answer)))


def _row(
    function: Function, question: str, says: str | None, source: str, mend: str
) -> PracticeRow:
    return PracticeRow(function, question, says or MISSING, source, "" if says else mend)


def _map(store: Store, scenario: Scenario, reference: ConditionAnswer) -> list[PracticeRow]:
    """What is at stake, and in which setting."""
    shares = sorted({one.scenario.mixture.share for one in store.study.conditions()})
    tried = short_percent(shares[0])
    if len(shares) > 1:
        tried = f"{len(shares)} shares, {percent_range(shares[0], shares[-1])}"
    benchmark = reference.onset.benchmark
    level = None
    if benchmark is not None:
        at = short_percent(benchmark.baseline_share)
        level = f"rare recall is {percent(benchmark.baseline)} at a synthetic share of {at}"
    return [
        PracticeRow(
            "Map",
            "What was looked at: whose data, which world?",
            _world(scenario),
            "[scenario.world]",
        ),
        PracticeRow(
            "Map", "Where do the synthetic data come from?", _source(scenario), "[scenario.source]"
        ),
        PracticeRow(
            "Map",
            "Which use was tried?",
            f"{tried}, design “{scenario.mixture.design}”, model “{scenario.model.kind}”",
            "mixture.share, mixture.design, model",
        ),
        PracticeRow("Map", "Which cases may be lost?", _rare(scenario), "world.rare_mass"),
        _row(
            "Map",
            "How well are those served to begin with?",
            level,
            "baseline of the benchmark share",
            _unlearned(reference)
            or "Needs three shares at least: write [axes] mixture.share = [0.0, 0.3, 0.6].",
        ),
    ]


def _unlearned(reference: ConditionAnswer) -> str:
    """Why rare cases have nothing to lose, if that is why there is no onset."""
    onset = reference.onset
    unlearned = onset.benchmark is None and onset.verdict_kind == "not learned"
    return f"Cannot be had: {onset.verdict}." if unlearned else ""


def _measure(store: Store, answer: Answer, reference: ConditionAnswer) -> list[PracticeRow]:
    """What was found, how surely, and on what evidence."""
    onset = reference.onset
    benchmark = onset.benchmark
    effects, net = reference.effects, reference.net_effects
    windows = "Needs shares in both windows of the claim, 0–35 % and 45–60 %, and replicates."
    replicates = (
        _unlearned(reference) or "Needs two shares and two replicates at least: --replicates 10."
    )
    tested = benchmark is not None and benchmark.bracket is not None
    control = (
        'Needs the control: add [[variants]] with set = { mixture.design = "real_only" }, and '
        "the design “replace”."
    )
    return [
        _row(
            "Measure",
            "What share may be used?",
            benchmark.safe_words if tested and benchmark is not None else None,
            "safe share",
            replicates,
        ),
        _row(
            "Measure",
            "Where is a tenth of the rare cases lost?",
            None if benchmark is None else estimate(benchmark.estimates()[0], "share"),
            "benchmark share",
            replicates,
        ),
        _row(
            "Measure",
            "Is there a cliff, and how sure is that?",
            onset.verdict if onset.verdict_kind != "no noise" else None,
            "test of existence",
            replicates,
        ),
        PracticeRow("Measure", "On what evidence?", _evidence(store, answer), "table of the run"),
        _changed("How large is the loss?", effects, "rare_recall", windows),
        _changed("Would the average show it?", effects, "accuracy", windows),
        _changed("Is confidence earned?", effects, "ece", windows, "mean_confidence"),
        replace(
            _changed(
                "Is it the synthetic data, or the loss of real rows?", net, "rare_recall", control
            ),
            source="the same change, less that of the real rows trained alone",
        ),
    ]


def _manage(answer: Answer, reference: ConditionAnswer) -> list[PracticeRow]:
    """What can be done, and what to watch."""
    benchmark, contrasts = reference.onset.benchmark, answer.contrasts
    alarm = None
    if benchmark is not None and benchmark.direction == "loss":
        lost = benchmark.loss * (benchmark.baseline if benchmark.relative else 1.0)
        floor = max(benchmark.baseline - lost, 0.0)
        alarm = f"rare recall on held-out real rows below {percent(floor)}"
    hold = None
    if benchmark is not None and benchmark.safe_share is not None:
        hold = (
            f"above a synthetic share of {short_percent(benchmark.safe_share)} a loss of a tenth "
            "of rare recall is not excluded"
        )
    return [
        _row("Manage", "Where to stop?", hold, "safe share", "Needs a safe share, see above."),
        _row(
            "Manage",
            "What to watch in use, and when to act?",
            alarm,
            "baseline less the loss of the benchmark share",
            "Needs a benchmark share, see above.",
        ),
        _row(
            "Manage",
            "Which settings move the risk?",
            None if contrasts is None else contrasts.verdict,
            "conditions against the reference",
            "Needs variants or axes beside the share, such as source.coverage.",
        ),
        _row(
            "Manage",
            "What helps, and what does it cost?",
            None,
            "comparison of mitigations",
            "Is a run of its own: smcollapse mitigate STUDY, or for filters: smcollapse tradeoff "
            "STUDY.",
        ),
    ]


def _changed(
    question: str, effects: dict[str, Effect], measure: str, mend: str, *beside: str
) -> PracticeRow:
    """Change of a measure between the claim's windows, others beside it."""
    said = [
        f"{measure_name(name)} {estimate(effects[name].points, 'points')}"
        for name in (measure, *beside)
        if name in effects
    ]
    first = effects.get(measure)
    where = "change between windows of shares"
    if first is not None:
        where += f", {percent_range(*first.before)} and {percent_range(*first.after)}"
    return _row("Measure", question, "; ".join(said) if first else None, where, mend)


def _world(scenario: Scenario) -> str:
    world = scenario.world
    if world.kind == "table":
        if world.data == "digits":
            return "a packaged table of real images (digits), split anew in every replicate"
        return (
            f"your table “{world.data}”, predicting “{world.label}”, split anew in every replicate"
        )
    if world.kind == "corpus":
        if world.data == "python-docs":
            return (
                "real prose that every Python carries, its documents split anew in each replicate"
            )
        return f"your text “{world.data}”, its documents split anew in every replicate"
    return f"a toy world (“{world.kind}”) with known truth: a mechanism, not data of yours"


def _source(scenario: Scenario) -> str:
    source = scenario.source
    if source.kind == "file":
        return f"the file “{source.path}”"
    if source.kind == "shrunken":
        return (
            "a Gaussian per class fitted to the real rows and shrunken: a stand-in for a generator"
        )
    if source.kind == "generated":
        return (
            f"text that a {source.size} transformer, trained on the real training part, generates"
        )
    return "a built-in source that says the consensus: a stand-in for a generator"


def _rare(scenario: Scenario) -> str:
    world = scenario.world
    mass = short_percent(world.rare_mass)
    if world.kind == "corpus":
        run = "tokens" if world.case_length == 1 else f"runs of {world.case_length} tokens"
        return f"the rarest {run} among those that can be learned, {mass} of their occurrences"
    if world.kind != "table":
        return f"contexts that make up the rarest {mass} of real rows"
    groups = f"values of “{world.group}”" if world.group else "clusters within each label"
    return f"{groups} that make up the rarest {mass} of real rows"


def _evidence(store: Store, answer: Answer) -> str:
    """Numbers of models and replicates, and what the replicates are."""
    scenario, replicates = store.study.scenario, store.study.replicates
    one_body = {"table": "re-splits of one table", "corpus": "re-splits of one body of text"}
    each = one_body.get(scenario.world.kind, "independent draws")
    corpora = (
        "all from one file of synthetic rows"
        if scenario.source.kind == "file"
        else "each with a synthetic corpus of its own"
    )
    models = f"{answer.n_models} of {answer.n_planned} models"
    one = "" if replicates > 1 else " (one)"
    return f"{models}, {replicates} replicates{one}: {each}, {corpora}"


def _limits(store: Store, scenario: Scenario, answer: Answer) -> list[str]:
    """What limits the answers that there are."""
    limits = []
    if scenario.world.kind == "table":
        limits.append("One table: nothing is known of how other tables of the same kind differ.")
    elif scenario.world.kind == "corpus":
        limits.append("One body of text and a small model: other texts and sizes may differ.")
    else:
        limits.append(
            "A toy world: it shows that and how the risk can arise, not that it does in your "
            "data; write a study of your own table (preset my-table)."
        )
    if scenario.source.kind == "generated":
        limits.append("One small generator: a larger one loses less of the rare cases, or other.")
        limits.append(
            "The generator is trained on the whole real training part, models and their control on "
            "what the budget holds: generated text may carry over what they did not see."
        )
    elif scenario.source.kind != "file":
        limits.append(
            "A built-in source: your generator may be better or worse; give its rows as a file "
            '(source.kind = "file").'
        )
    elif store.study.replicates > 1:
        limits.append("One file of synthetic rows: another batch of it may differ.")
    if store.study.replicates == 1:
        limits.append("One replicate: no interval, no safe share.")
    if answer.n_models < answer.n_planned:
        limits.append(
            f"{answer.n_planned - answer.n_models} models are not trained yet: all is provisional."
        )
    if any(math.isnan(row.measured.value) for row in answer.claim):
        limits.append("Some onsets are not reached by the shares that were tried.")
    return limits
