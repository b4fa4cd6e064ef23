"""Which premise of `counts` fails in transformers: tables and conclusions from `wordings.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.verification import wordings
from tests.verification.counts_transformer import LEVELS
from tests.verification.sections import Required, at_least, at_most, markdown
from tests.verification.trainings import each
from tests.verification.wordings import CASES, REPLICATES, SHARES

FREE, LONG, ONE, ONE_LONG, *STYLED = CASES
"""The cases without style, at 8 and 32 passes, in many wordings and in one; those with a style."""

CLEAR = 2.0
"""Standard errors from which on a difference is called one."""


@dataclass(frozen=True)
class Premises:
    """What was measured, `wordings.measured` of all cases and replicates; theory of each case."""

    table: pd.DataFrame
    theory: dict[str, np.ndarray]

    def values(self, case: str, share: float, *measures: str, group: str = "") -> np.ndarray:
        """(replicates,) first measure, less the second if there are two."""
        at = self.table[
            (self.table.case == case)
            & np.isclose(self.table.share, share)
            & (self.table.group == group)
        ]
        wide = at.pivot_table(index="replicate", columns="measure", values="value")
        found = wide[measures[0]] - (wide[measures[1]] if len(measures) > 1 else 0.0)
        return np.asarray(found)

    def mean(self, case: str, share: float, *measures: str, group: str = "") -> float:
        """Its mean over replicates."""
        return float(self.values(case, share, *measures, group=group).mean())

    def se(self, case: str, share: float, *measures: str, group: str = "") -> float:
        """Standard error of that mean."""
        return float(self.values(case, share, *measures, group=group).std(ddof=1)) / REPLICATES**0.5

    def with_se(self, case: str, share: float, *measures: str, group: str = "") -> str:
        """Both, to be read."""
        found = self.mean(case, share, *measures, group=group)
        return f"{found:+.3f} ± {self.se(case, share, *measures, group=group):.3f}"

    def largest(self, case: str, *measures: str) -> float:
        """Largest absolute mean over the shares."""
        return max(abs(self.mean(case, share, *measures)) for share in SHARES)


def premises(workers: int) -> Premises:
    """Train and ask."""
    items = [(case, replicate) for case in CASES for replicate in range(REPLICATES)]
    found = pd.concat(each("wordings", wordings.tables, items, workers), ignore_index=True)
    return Premises(found, {case: wordings.theory(case) for case in CASES})


def recalls(found: Premises) -> pd.DataFrame:
    """Rare recall: of single wordings, of pooled ones, of the majority of labels, of the theory."""
    rows = []
    for case in (FREE, LONG, ONE, ONE_LONG):
        for share, theory in zip(SHARES, found.theory[case], strict=True):
            row: dict[str, object] = {"case": case, "share": f"{share:g}"}
            for name, label in (
                ("recall", "trained"),
                ("pooled", "pooled"),
                ("majority", "majority"),
            ):
                row[label] = f"{found.mean(case, share, name):.3f}"
            row["theory"] = f"{theory:.3f}"
            row["trained − pooled"] = found.with_se(case, share, "recall", "pooled")
            row["pooled − majority"] = found.with_se(case, share, "pooled", "majority")
            rows.append(row)
    return pd.DataFrame(rows)


def answers(found: Premises) -> pd.DataFrame:
    """Exceptions: answers between wordings, against the majority of labels, word for word."""
    shown = {
        "differ": "two wordings differ",
        "agree": "own majority",
        "agree elsewhere": "another's majority",
        "to the rule": "to the rule",
        "to the truth": "to the truth",
        "own sentence": "own sentences",
        "unknown sentence": "unknown sentences",
    }
    return pd.DataFrame(
        [
            {"case": case, "share": f"{share:g}"}
            | {label: f"{found.mean(case, share, name):.3f}" for name, label in shown.items()}
            for case in CASES
            for share in SHARES
        ]
    )


def by_class(found: Premises) -> pd.DataFrame:
    """Recall by class of the likelihood ratio, beside every learner."""
    rows = []
    for case in STYLED:
        groups = found.table[(found.table.case == case) & (found.table.group != "")].group
        for group in sorted(groups.unique(), reverse=True):
            for share in SHARES:
                row = {"case": case, "questions": group, "share": f"{share:g}"}
                for name in ("mass", "trained", *LEVELS):
                    row[name] = f"{found.mean(case, share, name, group=group):.3f}"
                rows.append(row)
    return pd.DataFrame(rows)


def used(found: Premises, case: str, share: float) -> float:
    """Part of the way from a learner blind to style to one that goes by everything.

    In questions that the source would never ask.
    """
    said = {
        name: found.mean(case, share, name, group="never said by the source")
        for name in ("trained", "everything", "nothing")
    }
    return (said["trained"] - said["nothing"]) / (said["everything"] - said["nothing"])


def conclusions(found: Premises) -> tuple[str, ...]:
    """What the numbers say, in words."""
    one, pooled = (found.largest(case, "pooled", "majority") for case in (ONE_LONG, LONG))
    agree = [found.mean(ONE_LONG, share, "agree") for share in SHARES]
    lost = ", ".join(
        f"{found.with_se(LONG, share, 'recall', 'pooled')} at {share:g}" for share in SHARES
    )
    worst, single = (found.largest(LONG, "recall", other) for other in ("pooled", "majority"))
    return (
        f"*Majority of labels*, {ONE_LONG}: {_holds(one)}. Mean rare recall differs from that of "
        f"the majority of the network's own labels by up to {one:.3f}, and {min(agree):.3f} to "
        f"{max(agree):.3f} of the exceptions are answered as that says; "
        f"{_within(found, ONE_LONG)}.",
        f"*One answer whatever the wording*, {LONG}: {_holds(worst)}. Single wordings differ from "
        f"the pooled answer by {lost}. Pooling takes the largest distance to the majority from "
        f"{single:.3f} to {pooled:.3f} ({_within(found, LONG)}). {_memory(found)}",
        *(_short(found),),
        *(_evidence(found, case) for case in STYLED),
    )


HOLDS = 0.02
"""Difference of rare recall up to which a premise is said to hold."""


def _holds(difference: float) -> str:
    return "holds" if difference <= HOLDS else "fails"


def _within(found: Premises, case: str) -> str:
    """How many networks are as close to the majority as is said to be close."""
    apart = np.abs([found.values(case, share, "pooled", "majority") for share in SHARES])
    return f"{int((apart <= HOLDS).sum())} of {apart.size} networks are within {HOLDS:g}"


def _memory(found: Premises) -> str:
    own, unknown = (
        np.mean([found.values(LONG, share, name) for share in SHARES], axis=0)
        for name in ("own sentence", "unknown sentence")
    )
    return (
        f"Asked in the words of a training sentence, the network gives that sentence's label "
        f"{_se(own)} more chance than in fresh words; of sentences of the same law that it was "
        f"not trained on, {_se(unknown)}."
    )


def _short(found: Premises) -> str:
    rule, truth = (
        float(np.mean([found.mean(FREE, share, name) for share in SHARES]))
        for name in ("to the rule", "to the truth")
    )
    long = float(np.mean([found.mean(LONG, share, "to the rule") for share in SHARES]))
    missed = found.largest(FREE, "pooled", "majority")
    total = "; ".join(_parts(found, share) for share in SHARES)
    return (
        f"*Trained far enough*, {FREE}, 8 passes: {_holds(missed)}. Pooled answers miss the "
        f"majority by up to {missed:.3f}; of the exceptions {rule:.3f} are answered by the rule "
        f"against the majority of their labels, {truth:.3f} the other way. With 32 passes the rule "
        f"has {long:.3f}. Of what is missed at 8 passes (trained − theory) {total}."
    )


def _parts(found: Premises, share: float) -> str:
    theory = float(found.theory[FREE][SHARES.index(share)])
    return (
        f"{found.mean(FREE, share, 'recall') - theory:+.3f} at {share:g}, "
        f"{found.mean(FREE, share, 'recall', 'pooled'):+.3f} is wordings, "
        f"{found.mean(FREE, share, 'pooled', 'majority'):+.3f} pooled answers against the "
        f"majority, {found.mean(FREE, share, 'majority') - theory:+.3f} the draw of the labels"
    )


def _evidence(found: Premises, case: str) -> str:
    parts = [f"{used(found, case, share):.2f} at {share:g}" for share in SHARES[1:]]
    least = min(used(found, case, share) for share in SHARES[1:])
    return (
        f"*All evidence of style is used*, {case}: {'holds' if least >= 0.9 else 'fails'}. In "
        "questions that the source would never ask, trained recall has gone this part of the way "
        f"from a learner blind to style to one that goes by everything: {', '.join(parts)} (below "
        "0 is worse than blind)."
    )


def _se(values: np.ndarray) -> str:
    return f"{values.mean():+.4f} ± {values.std(ddof=1) / len(values) ** 0.5:.4f}"


def blocks(found: Premises) -> tuple[str, ...]:
    """Tables and text."""
    return (
        "**Which assumption fails.** The preset `language-small` with learning rate .01, 8 passes "
        f"if no other number is given, {REPLICATES} replicates. Every rare context is asked in "
        f"{wordings.WORDINGS} wordings of real text. *Pooled* is the answer of the mean "
        "probability over wordings, *majority* the most frequent label of the context's own "
        "training rows, which is the premise of the theory. Negative controls: a world with one "
        "wording, where nothing can depend on it; the majority of another training set of the "
        "same law; sentences of the same law that were not trained on. What to look for was "
        "seen in another seed. Rare recall where the source has no style:",
        markdown(recalls(found)),
        "Exceptions, by their share of questions: two wordings of one question answered "
        "differently; pooled answers that are the majority of their own labels, or of another "
        "training set's; that go against it to the rule or to the truth. Last, of training "
        "sentences about rare facts asked word for word, the gain of their own label over fresh "
        "wordings. (With a style the majority of all labels is not the premise.)",
        markdown(answers(found)),
        "Recall by the log likelihood ratio made/real of a question, beside each learner; mass is "
        "the share of rare questions:",
        markdown(by_class(found)),
        "What follows, a premise being said to hold where rare recall differs by at most "
        f"{HOLDS:g}:",
        "\n".join(f"- {text}" for text in conclusions(found)),
    )


def required(found: Premises) -> tuple[Required, ...]:
    """What has to come out if the diagnosis is right."""
    own, unknown = (
        np.mean([found.values(LONG, share, name) for share in SHARES], axis=0)
        for name in ("own sentence", "unknown sentence")
    )
    own_labels = found.mean(ONE_LONG, 0.45, "agree", "agree elsewhere")
    z = float(own.mean() / (own.std(ddof=1) / REPLICATES**0.5))
    return (
        at_most(
            "one wording, 32 passes: rare recall less that of the majority, largest",
            found.largest(ONE_LONG, "recall", "majority"),
            HOLDS,
        ),
        at_most(
            "32 passes: pooled over wordings, less that of the majority, largest",
            found.largest(LONG, "pooled", "majority"),
            HOLDS,
        ),
        at_least(
            "32 passes: single wordings less pooled, largest, in s.e.",
            max(
                abs(found.mean(LONG, share, "recall", "pooled"))
                / max(found.se(LONG, share, "recall", "pooled"), 1e-9)
                for share in SHARES
            ),
            CLEAR,
            2,
        ),
        at_least("own sentences remembered, in s.e.", z, 4.0, 2),
        at_most("sentences not trained on, abs. gain", abs(float(unknown.mean())), 0.005),
        at_least("own labels followed rather than another set's, at .45", own_labels, 0.1),
    )
