"""A filter's trade-off in words, and as a table."""

from __future__ import annotations

import math

import pandas as pd

from smcollapse.questions.tradeoffs.results import (
    BALANCED,
    HEAD,
    RARE,
    FilterCurve,
    Outcome,
    TradeOff,
)

NAMES = {BALANCED: "balanced recall"}


def name_of(objective: str) -> str:
    """A measure in words."""
    return NAMES.get(objective, objective.replace("_", " "))


def scope_words(curve: FilterCurve) -> str:
    """What passes the filter."""
    return "real rows filtered too" if curve.scope == "both" else "synthetic rows alone filtered"


def titled(answer: TradeOff, label: str) -> str:
    """A condition's name with what passes the filter, where conditions differ in that."""
    curve = answer.of(label)[0]
    if len({one.scope for one in answer.curves}) == 1 and len(answer.labels) > 1:
        return label
    return f"{label} ({scope_words(curve)})"


def optimum_words(curve: FilterCurve, places: int = 1) -> str:
    """The best strictness of a share with its interval: '0.8 [0.6, 0.9]', edges in words."""
    found = curve.optimum
    if found is None:
        return "not trained"
    where = {"no filter": "0, no filter", "strictest": f"{found.strictness:g}, the strictest"}
    text = where.get(found.edge, f"{found.strictness:g}")
    if found.interval is None:
        return text
    text += f" [{found.interval.lower:g}, {found.interval.upper:g}]"
    if found.open_below and found.open_above:
        text += ", any"
    return text


def verdict_of(answer: TradeOff) -> str:
    """What filters give and take, condition by condition, in words with numbers."""
    return "; ".join(_condition(answer, label) for label in answer.labels)


def _condition(answer: TradeOff, label: str) -> str:
    curves = answer.of(label)
    title = titled(answer, label)
    if not answer.trained:
        best = ", ".join(
            f"{curve.foretold.optimum:g} at {100 * curve.share:g} %"
            for curve in curves
            if curve.foretold is not None and not math.isnan(curve.foretold.optimum)
        )
        return f"{title}: theory {answer.theory} expects the best strictness at {best}"
    parts = [_trade(answer, curves), _optima(curves), _gains(answer, curves), _theory(curves)]
    return f"{title}: " + ", ".join(part for part in parts if part)


_SAID: dict[Outcome, str] = {
    "trade": "trades rare recall for the head",
    "turn": "helps the head at first and costs rare recall later",
    "cost": "costs rare recall and is not shown to help the head",
    "free": "costs no rare recall",
    "open": "shows neither cost nor the lack of it",
}


def _trade(answer: TradeOff, curves: tuple[FilterCurve, ...]) -> str:
    """Whether contamination is traded against collapse, at which shares, and by how much."""
    said = []
    for kind, words in _SAID.items():
        found = [curve for curve in curves if curve.outcome == kind]
        if not found:
            continue
        where = ", ".join(f"{100 * curve.share:g}" for curve in found)
        text = f"{words} at a share of {where} %"
        if kind == "free":
            text += f" (a loss of {100 * answer.tolerance:g} points is excluded)"
        elif kind != "open":
            worst = min(found, key=lambda curve: _past(curve, RARE))
            text += (
                f" (at {100 * worst.share:g} %, from a strictness of {worst.turning:g} to "
                f"{worst.strictness[-1]:g}, rare recall changes by {100 * _past(worst, RARE):+.1f} "
                f"points and head recall by {100 * _past(worst, HEAD):+.1f}, in all by "
                f"{100 * worst.changes[HEAD][-1].estimate:+.1f})"
            )
        said.append(text)
    return " and ".join(said)


def _past(curve: FilterCurve, measure: str) -> float:
    """Change of a measure from the strictness of the trade to the strictest."""
    return curve.to_strictest[measure][curve.strictness.index(curve.turning)].estimate


def _optima(curves: tuple[FilterCurve, ...]) -> str:
    said = ", ".join(f"{optimum_words(c)} at {100 * c.share:g} %" for c in curves if c.optimum)
    return f"the best strictness is {said}" if said else ""


def _gains(answer: TradeOff, curves: tuple[FilterCurve, ...]) -> str:
    """The largest gain that is shown, or that none is."""
    gains = [(curve, curve.gain) for curve in curves if curve.gain is not None]
    if not gains:
        return ""
    shown = [(curve, test) for curve, test in gains if test.rejected and test.estimate > 0.0]
    if not shown:
        return f"no gain of {name_of(answer.objective)} over no filter is shown"
    curve, test = max(shown, key=lambda pair: pair[1].estimate)
    return (
        f"the gain over no filter is largest at {100 * curve.share:g} %, "
        f"{100 * test.estimate:+.1f} points [{100 * test.interval.lower:+.1f}, "
        f"{100 * test.interval.upper:+.1f}]"
    )


def _theory(curves: tuple[FilterCurve, ...]) -> str:
    known = [c.foretold for c in curves if c.foretold is not None and c.foretold.inside is not None]
    if not known:
        return ""
    hits = sum(bool(one.inside) for one in known)
    return f"theory's optimum lies in the interval at {hits} of {len(known)} shares"


def tradeoff_table(answer: TradeOff) -> pd.DataFrame:
    """One row per condition, share and strictness; numbers in units of the measures."""
    rows = []
    for curve in answer.curves:
        for place, strictness in enumerate(curve.strictness):
            said: dict[str, object] = {
                "condition": curve.label,
                "scope": curve.scope,
                "share": curve.share,
                "strictness": strictness,
            }
            if curve.law is not None:
                said["contamination_left"] = curve.law.contamination[place]
                said["breakdown_head"] = curve.law.breakdown_head[place]
                said["breakdown_exceptions"] = curve.law.breakdown_exceptions[place]
            for name, level in curve.levels.items():
                said[name] = level.mean[place]
                said[f"{name}_lower"], said[f"{name}_upper"] = (
                    level.lower[place],
                    level.upper[place],
                )
            if curve.foretold is not None:
                for name in curve.levels or curve.foretold.measures:
                    if name in curve.foretold.measures:
                        said[f"{name}_predicted"] = curve.foretold.measures[name][place]
                said["optimum_predicted"] = curve.foretold.optimum
            if curve.optimum is not None:
                said["optimum"] = curve.optimum.strictness
                band = curve.optimum.interval
                said["optimum_lower"] = math.nan if band is None else band.lower
                said["optimum_upper"] = math.nan if band is None else band.upper
            if curve.gains and place:
                test = curve.gains[place - 1]
                said["gain"], said["gain_p_adjusted"] = test.estimate, test.p_adjusted
                said["gain_lower"], said["gain_upper"] = test.interval.lower, test.interval.upper
            said["outcome"] = curve.outcome
            rows.append(said)
    return pd.DataFrame(rows)
