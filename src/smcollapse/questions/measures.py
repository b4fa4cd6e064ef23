"""What the name of a measure says: which way harm lies, and in which unit it is.

A name is read by its words (split at _ - space . / : @ and at changes of case), the longest known
run of words first: "rare_recall", "minorityF1", "val_loss", "exact match", "neg_log_loss". A name
that says nothing, or two things, is never guessed: the user says which way harm lies.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from smcollapse.errors import DataError
from smcollapse.inference.onsets.benchmark import Direction

Worse = Literal["lower", "higher"]
Unit = Literal["fraction", "percent", "none"]

EFFECT_MEASURES = ("rare_recall", "head_recall", "accuracy", "mean_confidence", "ece")
"""Measures whose changes are looked at unless others are named."""


def _listed(*texts: str) -> frozenset[str]:
    """The words of texts that list them."""
    return frozenset(" ".join(texts).split())


_BOUNDED_HIGH = (
    "recall precision accuracy acc f1 f2 fscore fmeasure fbeta auc auroc auprc aucroc aucpr "
    "rocauc prauc ap map mrr ndcg iou miou dice jaccard kappa mcc tpr tnr ppv npv sensitivity "
    "specificity hit hits success successes win wins pass passes coverage correct correctness em "
    "exactmatch bleu sacrebleu rouge meteor chrf bertscore ssim msssim gmean youden ari nmi ami "
    "purity mauve faithfulness factuality truthfulness truepositiverate truenegativerate "
    "positivepredictivevalue negativepredictivevalue r2 rsquared distinct"
)
_FREE_HIGH = (
    "psnr snr likelihood loglikelihood loglik loglikelihoods elbo diversity reward rewards return "
    "returns elo cider comet bleurt clipscore inceptionscore quality fidelity utility robustness "
    "helpfulness fluency coherence safety throughput speed spearman pearson kendall correlation "
    "truepositives truenegatives"
)
_BOUNDED_LOW = (
    "wer cer ter eer der mer ece mce ace brier fpr fnr fdr fnmr hter confidence overconfidence "
    "toxicity hallucination hallucinations incorrect falsepositiverate falsenegativerate "
    "falsediscoveryrate selfbleu smape jsd js tvd mape"
)
_FREE_LOW = (
    "fid kid fvd fad sfid lpips rmse mse mae mase mspe rmsle mdae medae ppl perplexity kl kld mmd "
    "w1 w2 wasserstein emd frechet hellinger hausdorff chamfer loss losses logloss error errors "
    "err errs nll negativeloglikelihood negloglikelihood negloglik crossentropy xent bce bpc bpb "
    "bitsperbyte bitspercharacter bias biases latency runtime cost costs regret deviance residual "
    "residuals divergence distance discrepancy disparity unfairness gap miss misses failure "
    "failures fail mistake mistakes misclassification toxic harm harmfulness violation violations "
    "memorization memorisation leakage repetition duplication forgetting contamination "
    "falsepositives falsenegatives incorrectness nonsense"
)
BETTER_HIGH = _listed(_BOUNDED_HIGH, _FREE_HIGH)
"""Words of measures that are better high: harm is a fall."""

BETTER_LOW = _listed(_BOUNDED_LOW, _FREE_LOW)
"""Words of measures that are better low: harm is a rise. Confidence is among them: its rise is what
is looked for."""

BOUNDED = _listed(
    _BOUNDED_HIGH,
    _BOUNDED_LOW,
    "rate ratio fraction share proportion percent percentage pct probability prob",
)
"""Words of measures between 0 and 1, or 0 and 100 per cent."""

UNBOUNDED = _listed(_FREE_HIGH, _FREE_LOW)

_MAY_EXCEED_ONE = _listed("wer cer ter der mer mape smape")
_PER_CENT = _listed("percent percentage pct")

_TURNERS = _listed("neg negative negated minus non not no anti inverse inverted un")
_OF_NEGATIVES = _listed("neg negative")
_BETWEEN = _listed(
    "mean average avg median max maximum root squared square absolute abs log normalized "
    "normalised weighted one"
)
"""Words that may stand between a turning word and what it turns: neg_root_mean_squared_error."""

_OPEN = _listed(
    "reduction reduced reduce improvement improved delta drop dropped change changes changed diff "
    "difference differences gain gains increase decrease lift decline degradation deterioration "
    "attack adversarial saved recovered free std stdev sd stderr sem se var variance rank hacking "
    "time steps epochs iterations"
)
"""Words that leave the sign open: is a rising "loss reduction" good, a rising "accuracy std"?"""

_CLASSWISE = _listed(
    "recall precision accuracy acc f1 f2 fscore auc ap hit hits sensitivity coverage"
)
"""Measures that are taken of one class: "negative_recall" may be that of the negative class."""

FEWEST_PER_CENT = 2.0
"""A bounded measure with no value beyond this is not taken for one in per cent."""

LONGEST = 4
SLACK = 1e-6


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name, known ones joined: "val F1@5" is ("val", "f1", "5").

    >>> words_of("neg_log_loss"), words_of("minorityF1Score")
    (('neg', 'logloss'), ('minority', 'f1', 'score'))
    """
    parts = [part for chunk in re.split(r"[^0-9A-Za-z]+", name) for part in _pieces(chunk)]
    words, place = [], 0
    known = BETTER_HIGH | BETTER_LOW
    while place < len(parts):
        for length in range(min(LONGEST, len(parts) - place), 0, -1):
            word = "".join(parts[place : place + length])
            if length == 1 or (word in known and not word.isdigit()):
                words.append(word)
                place += length
                break
    return tuple(words)


def _pieces(chunk: str) -> list[str]:
    """Lower-case parts of one chunk: whole where it is known, else split at case and digits."""
    known = BETTER_HIGH | BETTER_LOW | BOUNDED | _TURNERS | _OPEN
    if chunk.lower() in known:
        return [chunk.lower()]
    found = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", chunk)
    return [part.lower() for part in found]


@cache
def worse_of(name: str) -> Worse | None:
    """Which way harm lies by the name alone; None where it says nothing, or two things.

    >>> worse_of("rare_recall"), worse_of("test_WER"), worse_of("score")
    ('lower', 'higher', None)
    """
    words = words_of(name)
    if any(word in _OPEN for word in words):
        return None
    found: set[Worse] = set()
    turned = re.match(r"\s*(1|one)(\s*[-−]|[\s_-]*minus)", name, re.IGNORECASE) is not None
    if turned:
        words = tuple(word for word in words if word != "minus")
    turner = ""
    for word in words:
        if word in _TURNERS:
            turned, turner = not turned, word
        elif word in BETTER_HIGH or word in BETTER_LOW:
            if turned and turner in _OF_NEGATIVES and word in _CLASSWISE:
                return None
            found.add("higher" if (word in BETTER_LOW) != turned else "lower")
            turned = False
        elif word not in _BETWEEN and not word.isdigit():
            turned = False
    return found.pop() if len(found) == 1 else None


def direction_of(
    name: str, shares: npt.ArrayLike | None = None, values: npt.ArrayLike | None = None
) -> Direction:
    """What counts as harm, by the measure's name: "loss" where it is better high, else "gain".

    shares, values : the data, to show in the message which way they move

    Raises DataError for a name that does not say it: the user has to.
    """
    worse = worse_of(name)
    if worse is None:
        raise DataError(
            f"the name {name!r} does not say whether lower or higher is worse"
            f"{_movement(shares, values)}; write --direction loss if lower is worse, --direction "
            "gain if higher is worse"
        )
    return "loss" if worse == "lower" else "gain"


def worse_for(direction: Direction) -> Worse:
    """Which way harm lies: "lower" for a loss, "higher" for a gain."""
    return "lower" if direction == "loss" else "higher"


def _movement(shares: npt.ArrayLike | None, values: npt.ArrayLike | None) -> str:
    """Which way the data move, in words; empty without data."""
    if shares is None or values is None:
        return ""
    x, y = np.asarray(shares, dtype=float), np.asarray(values, dtype=float)
    held = np.isfinite(x) & np.isfinite(y)
    if not held.any():
        return ""
    x, y = x[held], y[held]
    first, last = float(y[x == x.min()].mean()), float(y[x == x.max()].mean())
    moves = "it falls" if last < first else "it rises" if last > first else "it stays"
    return f" (mean {first:.3g} at the smallest share, {last:.3g} at the largest: {moves})"


def unit_of(name: str, values: npt.ArrayLike) -> Unit:
    """The unit of a measure: a fraction, per cent, or one of its own ("none").

    A measure that is bounded by its name is a fraction where its values are at most 1, per cent
    from 2 to 100; in between (an accuracy relative to another's, or 1.2 per cent) nobody can tell.
    One that is unbounded by its name has a unit of its own; of any other name a fraction is what
    lies between 0 and 1.

    >>> unit_of("accuracy", [0.91, 0.88]), unit_of("accuracy", [91.2, 88.0]), unit_of("fid", [0.4])
    ('fraction', 'percent', 'none')
    """
    words = set(words_of(name))
    held = np.asarray(values, dtype=float)
    held = held[np.isfinite(held)]
    if not held.size:
        return "none"
    largest, smallest = float(np.abs(held).max()), float(held.min())
    if words & _PER_CENT or "%" in name:
        return "percent"
    if words & UNBOUNDED and not words & BOUNDED:
        return "none"
    if words & BOUNDED:
        exceeds = bool(words & _MAY_EXCEED_ONE)
        if largest <= (1.5 if exceeds else 1.0 + SLACK):
            return "fraction"
        beyond = float(held.max()) >= FEWEST_PER_CENT * (2.0 if exceeds else 1.0)
        within = largest <= (1.5 if exceeds else 1.0) * 100.0 + SLACK
        return "percent" if beyond and within else "none"
    return "fraction" if smallest >= 0.0 and largest <= 1.0 + SLACK else "none"
