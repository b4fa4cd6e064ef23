"""Numbers and names as they are printed: per cent, typographic minus signs, open limits in words.

Shares are fractions in the records and per cent in print. Measures keep their own units in the
records: a fraction is printed in per cent and its changes in points, a percentage as it is and its
changes in points, any other measure as it is (`Unit`). Digits follow the width of the interval.
"""

from __future__ import annotations

import math

from smcollapse.inference import Estimate, Interval
from smcollapse.questions.measures import Unit

NBSP = "\u00a0"
MINUS = "\u2212"

MEASURE_NAMES = {
    "rare_recall": "rare recall",
    "exception_recall": "exception recall",
    "head_recall": "head recall",
    "accuracy": "accuracy",
    "mean_confidence": "mean confidence",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
    "template_recall": "rare recall in the source's phrasing",
    "perplexity": "perplexity on real text",
    "distinct_1": "distinct tokens (synthetic)",
    "distinct_2": "distinct pairs of tokens (synthetic)",
    "template_rate": "template rate (synthetic)",
}

_UPPER = (
    "ap auc auroc auprc bce bleu bpb bpc cer ece eer em f1 f2 fad fid fnr fpr fvd js jsd kid kl "
    "kld lpips mae mape mce mcc mmd mrr mse ndcg nll psnr r2 rmse roc ssim tnr tpr w1 w2 wer"
)
ACRONYMS = {
    **{word: word.upper() for word in _UPPER.split()},
    "iou": "IoU",
    "miou": "mIoU",
    "ppl": "perplexity",
}
"""How words of a column's name are written."""

UNITS = {"share": f"{NBSP}%", "points": f"{NBSP}points", "relative": f"{NBSP}%"}
"""What follows a number, by reading: a share, a change in points, a relative change."""


BOUNDS = {"at least": "≥ ", "at most": "≤ "}
"""What stands before a shift between two onsets of which one is not reached."""


def shift_words(shift: float, bound: str, star: str = "") -> str:
    """A shift of an onset in points of share: '+4.0*', '≤ −16.6', 'unknown'."""
    if math.isnan(shift):
        return "unknown"
    return f"{BOUNDS.get(bound, '')}{number(100.0 * shift, signed=True)}{star}"


def measure_name(column: str) -> str:
    """Name of a measure or estimand in print.

    >>> measure_name("minority_f1"), measure_name("rare_recall"), measure_name("fid")
    ('minority F1', 'rare recall', 'FID')
    """
    if column in MEASURE_NAMES:
        return MEASURE_NAMES[column]
    return " ".join(ACRONYMS.get(word, word) for word in column.replace("_", " ").split(" "))


def axis_name(column: str, unit: Unit) -> str:
    """Name of a measure at an axis, with its unit: "accuracy, %", "FID"."""
    return measure_name(column) + ("" if unit == "none" else ", %")


def scale_of(unit: Unit) -> float:
    """Factor from a measure's own unit to what is printed: 100 for a fraction."""
    return 100.0 if unit == "fraction" else 1.0


def number(value: float, decimals: int = 1, *, signed: bool = False) -> str:
    """Fixed-point number; zero has no sign, a minus sign is U+2212.

    >>> number(-0.04), number(-0.06), number(2.0, signed=True)
    ('0.0', '−0.1', '+2.0')
    """
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    if float(text) == 0.0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def percent(value: float, decimals: int | None = None) -> str:
    """A fraction in per cent: 0.42 is '42.0 %', 0.0004 '0.040 %'."""
    if decimals is None:
        decimals = digits_of_share(value)
    return number(100.0 * value, decimals) + UNITS["share"]


def digits_of_share(value: float) -> int:
    """Decimals of a share in per cent: one, and two digits that are not zero below 1 per cent."""
    size = abs(100.0 * value)
    return 1 if size >= 1.0 or size == 0.0 else 1 - math.floor(math.log10(size))


def short_percent(value: float) -> str:
    """A fraction in per cent with no more digits than it has: 0.35 is '35 %', 0.125 '12.5 %'."""
    return f"{100.0 * value:.6g}".replace("-", MINUS) + UNITS["share"]


def percent_range(lower: float, upper: float) -> str:
    """Two fractions in per cent: 0.38 and 0.42 are '38–42 %'."""
    return short_percent(lower).removesuffix(UNITS["share"]) + f"–{short_percent(upper)}"


def limits(
    interval: Interval,
    decimals: int = 1,
    *,
    signed: bool = False,
    beyond: str,
    scale: float = 100.0,
) -> str:
    """Limits in what is printed; an open side is said in words (`beyond` for the upper one)."""
    lower, upper = interval.lower, interval.upper
    left = "open" if math.isinf(lower) else written(scale * lower, decimals, signed=signed)
    right = beyond if math.isinf(upper) else written(scale * upper, decimals, signed=signed)
    return f"[{left}, {right}]"


def estimate(measured: Estimate, reading: str, unit: Unit = "fraction") -> str:
    """An estimate with its interval: '−23.0 points [−25.2, −20.9]'.

    reading : 'share', 'points' or 'relative', see `UNITS`; all but shares carry a sign
    unit : that of the measure, of which a change "in points" is; one without bounds has no word

    A share that is not a number reads 'not reached', any other value 'unknown'.
    """
    if math.isnan(measured.value):
        return "not reached" if reading == "share" else "unknown"
    beyond = "not reached" if measured.term == "benchmark share" else "open"
    own = unit if reading == "points" else "fraction"
    text, ends = with_limits(
        measured.value,
        measured.interval,
        own,
        signed=reading != "share",
        word="" if own == "none" else UNITS[reading],
        beyond=beyond,
    )
    return f"{text} {ends or '(no interval)'}"


def with_limits(
    value: float,
    interval: Interval | None,
    unit: Unit,
    *,
    signed: bool,
    word: str,
    beyond: str = "open",
) -> tuple[str, str]:
    """A number with its word, and its limits with the same digits; these empty without any."""
    scale, decimals = scale_of(unit), decimals_for(interval, unit, value)
    text = written(scale * value, decimals, signed=signed) + word
    if interval is None:
        return text, ""
    return text, limits(interval, decimals, signed=signed, beyond=beyond, scale=scale)


def change(value: float, unit: Unit) -> str:
    """A change of a measure without an interval: '−5.2 points', '+48.3'."""
    return with_limits(value, None, unit, signed=True, word=points(unit))[0]


def points(unit: Unit) -> str:
    """What follows a change of a measure: nothing where it has its own unit."""
    return "" if unit == "none" else UNITS["points"]


def size_words(loss: float, relative: bool, unit: Unit = "fraction") -> str:
    """What counts as lost: '10 %' of the value, '5 points', or '3' of the measure's own units."""
    size = f"{(100.0 if relative else scale_of(unit)) * loss:.3g}"
    return size + (UNITS["relative"] if relative else points(unit))


def written(value: float, decimals: int, *, signed: bool = False) -> str:
    """A number with that many decimals; very large and very small ones as powers of ten.

    >>> written(1.234e20, 0, signed=True), written(12.34, 1)
    ('+1.23e20', '12.3')
    """
    if value != 0.0 and (abs(value) >= 1e7 or (decimals > 6 and abs(value) < 1e-3)):
        mantissa, exponent = f"{value:{'+' if signed else ''}.2e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    return number(value, decimals, signed=signed)


def decimals_for(interval: Interval | None, unit: Unit = "fraction", value: float = 0.0) -> int:
    """Decimals of a number with that interval, in what is printed.

    Of per cent and points one, and more for an interval narrower than ±0.1; of measures without
    bounds as many as show two digits of the interval's half width, or three of the value.
    """
    scale = scale_of(unit)
    half = 0.0 if interval is None else 0.5 * scale * interval.width
    size = abs(scale * value)
    magnitude = math.floor(math.log10(size)) if size > 0.0 else 0
    # an interval without width, or one of rounding errors, says nothing about digits
    if not 1e-9 * size < half < math.inf:
        return max(2 - magnitude, 0) if unit == "none" else digits_of_share(size / 100.0)
    wanted = 1 - math.floor(math.log10(half)) if unit == "none" else math.ceil(-math.log10(half))
    return min(max(wanted, 0 if unit == "none" else 1), max(3, 3 - magnitude))


def shortened(text: str, length: int = 32) -> str:
    """A user's label on one line, cut to that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
