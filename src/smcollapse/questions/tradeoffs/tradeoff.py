"""A filter's trade-off: contamination against collapse, over strictness, at every share.

Strictness is an axis of the study that holds 0, no filter. What the best strictness is depends on
what is wanted: the objective, by default the mean of head recall and rare recall. All strictnesses
of a share are trained on the same replicates, so that every contrast is paired.

Two families are tested, each with Romano and Wolf's correction over all conditions, shares and
strictnesses: gains of the objective over no filter (so that the gain at the *chosen* strictness
has an interval that holds whichever is chosen), and changes of rare and head recall, against no
filter and from every strictness to the strictest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from smcollapse.errors import StudyError, nearest
from smcollapse.inference import Curves, Replication
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.metrics.measures import MEASURES as MEASURED
from smcollapse.questions.conditions import replication_of
from smcollapse.questions.measures import direction_of
from smcollapse.questions.tradeoffs.groups import Group, check_study, groups_of
from smcollapse.questions.tradeoffs.optimum import optimum_of, tested
from smcollapse.questions.tradeoffs.results import (
    BALANCED,
    HEAD,
    RARE,
    SHOWN,
    FilterCurve,
    Level,
    Outcome,
    TradeOff,
)
from smcollapse.questions.tradeoffs.theory import foretold, law_of, predicted_by, theory_for
from smcollapse.questions.tradeoffs.words import verdict_of
from smcollapse.store import Store
from smcollapse.study import Study
from smcollapse.theories import Theory

TOLERANCE = 0.02
"""Loss of rare recall that counts as none, as in the step-down test."""

Floats = npt.NDArray[np.float64]


def filter_tradeoff(
    source: Store | Study,
    objective: str = BALANCED,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> TradeOff:
    """The trade-off in a run; in a study, what theory says of it before training.

    Raises
    ------
    StudyError
        If strictness is no axis with 0 and two other values, a measure is unknown, or a study is
        given to which no theory applies.
    StoreError
        If nothing is trained yet, or a part is damaged.
    """
    study = source.study if isinstance(source, Store) else source
    check_study(study)
    check_objective(objective)
    table = source.table(complete=True) if isinstance(source, Store) else None
    groups, notes = groups_of(study, table)
    sign = -1.0 if direction_of(objective) == "gain" else 1.0
    found = [
        _measured(group, share, objective, sign, level, seed)
        for group in groups
        for share in group.shares
    ]
    curves, method = _with_tests(found, level, seed)
    theory, silence = theory_for([one for group in groups for one in group.scenarios.values()])
    if theory is None and table is None:
        raise StudyError(f"no theory applies to study '{study.name}' ({silence}): run it")
    if theory is not None:
        curves, doubts = _foretold(theory, groups, curves, objective, sign)
        notes += doubts
    answer = TradeOff(
        study=study.name,
        objective=objective,
        lower_is_better=sign < 0.0,
        curves=tuple(curves),
        tolerance=TOLERANCE,
        level=level,
        replicates=min((curve.replicates for curve in curves), default=0),
        trained=table is not None,
        theory=None if theory is None else theory.name,
        silence=silence,
        method=method,
        verdict="",
        notes=(*notes, *_run_notes(source)),
    )
    return replace(answer, verdict=verdict_of(answer))


def check_objective(objective: str) -> None:
    """Raise StudyError for a measure that there is not."""
    known = [BALANCED, *MEASURED]
    if objective not in known:
        raise StudyError(
            f"no measure '{objective}' to choose a filter by: write one of {', '.join(known)}"
            f"{nearest(objective, known)}"
        )


@dataclass(frozen=True, eq=False)
class _Measured:
    """One curve before its tests: values (R, T) of the objective (signed) and the recalls."""

    curve: FilterCurve
    values: dict[str, Floats]
    replication: Replication


def _measured(
    group: Group, share: float, objective: str, sign: float, level: float, seed: int
) -> _Measured:
    scenarios = group.over_strictness(share)
    curve = FilterCurve(
        label=group.label,
        scope=scenarios[0].filter.scope,
        share=share,
        strictness=group.strictness,
        levels={},
        optimum=None,
        gains=(),
        changes={},
        to_strictest={},
        outcome="open",
        turning=math.nan,
        foretold=None,
        law=law_of(scenarios),
        replicates=0,
    )
    if group.rows is None:
        return _Measured(curve, {}, Replication())
    rows = group.rows[np.isclose(group.rows["share"], share)]
    rows = rows.assign(**{BALANCED: 0.5 * (rows[HEAD] + rows[RARE])})
    replication = replication_of(rows)
    values = {}
    for name in dict.fromkeys([objective, *SHOWN]):
        wide = rows.pivot_table(name, "replicate", "strictness", dropna=True)
        wide = wide.reindex(columns=list(group.strictness)).dropna()
        if len(wide):
            values[name] = wide.to_numpy(dtype=np.float64)
    if objective not in values:
        return _Measured(curve, {}, replication)
    levels = {
        name: _level(found, group.strictness, replication, level) for name, found in values.items()
    }
    best = optimum_of(
        sign * values[objective], group.strictness, replication, level=level, seed=seed
    )
    curve = replace(curve, levels=levels, optimum=best, replicates=len(values[objective]))
    return _Measured(curve, values | {"": sign * values[objective]}, replication)


def _level(
    values: Floats, strictness: tuple[float, ...], replication: Replication, level: float
) -> Level:
    """Means (T,) of values (R, T) with t intervals."""
    own = Curves(np.array(strictness), values, tuple(range(len(values))), replication=replication)
    half = np.full(len(strictness), math.nan)
    if len(values) > 1:
        variance, freedom = own.noise.variance_and_freedom(
            np.eye(len(strictness)), without_curve=True
        )
        still = np.isinf(freedom) | (variance == 0.0)
        half = np.where(still, 0.0, stdtrit(freedom, 0.5 + level / 2.0)) * np.sqrt(variance)
    mean = own.mean
    return Level(tuple(mean.tolist()), tuple((mean - half).tolist()), tuple((mean + half).tolist()))


def _with_tests(found: list[_Measured], level: float, seed: int) -> tuple[list[FilterCurve], str]:
    """Every curve with its tests, each family corrected over all of them."""
    usable = [one for one in found if one.values]
    counts = {len(values) for one in usable for values in one.values.values()}
    if not usable or len(counts) != 1:
        return [one.curve for one in found], "not tested: curves differ in their replicates"
    gains: list[Floats] = []
    moves: list[Floats] = []
    names: list[str] = []
    moved: list[str] = []
    for one in usable:
        where, objective = f"{one.curve.label}, share {one.curve.share:g}", one.values[""]
        for place, strictness in enumerate(one.curve.strictness[1:], start=1):
            gains.append(objective[:, place] - objective[:, 0])
            names.append(f"{where}: strictness {strictness:g}")
        for measure in (RARE, HEAD):
            values = one.values[measure]
            moves += [*(values[:, 1:] - values[:, [0]]).T, *(values[:, [-1]] - values[:, :-1]).T]
            moved += [f"{where}: {measure} at {s:g}" for s in one.curve.strictness[1:]]
            moved += [f"{where}: {measure} from {s:g}" for s in one.curve.strictness[:-1]]
    replication = usable[0].replication
    gain_tests, method = tested(gains, names, replication, level, seed)
    move_tests, _ = tested(moves, moved, replication, level, seed)
    left, right = iter(gain_tests), iter(move_tests)
    curves = [_judged(one, left, right) if one.values else one.curve for one in found]
    return curves, method


def _judged(
    one: _Measured, gains: Iterator[Hypothesis], moves: Iterator[Hypothesis]
) -> FilterCurve:
    """The curve with its own tests, taken from the families in their order."""
    steps = len(one.curve.strictness) - 1

    def taken(tests: Iterator[Hypothesis]) -> tuple[Hypothesis, ...]:
        return tuple(test for _, test in zip(range(steps), tests, strict=False))

    own = taken(gains)
    changes, to_strictest = {}, {}
    for measure in (RARE, HEAD):
        changes[measure], to_strictest[measure] = taken(moves), taken(moves)
    curve = replace(one.curve, gains=own, changes=changes, to_strictest=to_strictest)
    outcome, turning = _outcome(curve)
    return replace(curve, outcome=outcome, turning=turning)


def _outcome(curve: FilterCurve) -> tuple[Outcome, float]:
    """What is shown of the trade, and from which strictness on."""
    rare, head = curve.to_strictest[RARE], curve.to_strictest[HEAD]
    if not rare:
        return "open", math.nan
    falls = [test.rejected and test.estimate < 0.0 for test in rare]
    rises = [test.rejected and test.estimate > 0.0 for test in head]
    both = [down and up for down, up in zip(falls, rises, strict=True)]
    kinds: tuple[tuple[Outcome, list[bool]], ...] = (("trade", both), ("cost", falls))
    for outcome, shown in kinds:
        if any(shown):
            fall = [test.estimate if here else 0.0 for test, here in zip(rare, shown, strict=True)]
            gained = any(test.rejected and test.estimate > 0.0 for test in curve.changes[HEAD])
            kind: Outcome = "turn" if outcome == "cost" and gained else outcome
            return kind, curve.strictness[int(np.argmin(fall))]
    if all(test.interval.lower > -TOLERANCE for test in (*curve.changes[RARE], *rare)):
        return "free", math.nan
    return "open", math.nan


def _foretold(
    theory: Theory,
    groups: list[Group],
    curves: list[FilterCurve],
    objective: str,
    sign: float,
) -> tuple[list[FilterCurve], list[str]]:
    """The curves with the theory beside them, and what it doubts."""
    out, notes = [], []
    for group in groups:
        scenarios = group.over_strictness(group.shares[0])
        predicted, doubts = predicted_by(theory, scenarios, group.shares)
        notes += [f"{group.label}: theory {theory.name} doubts: {said}" for said in doubts]
        for place, curve in enumerate(one for one in curves if one.label == group.label):
            at_share = {name: column[:, place] for name, column in predicted.items()}
            said = foretold(at_share, objective, sign, curve)
            out.append(replace(curve, foretold=said))
    return out, notes


def _run_notes(source: Store | Study) -> tuple[str, ...]:
    if isinstance(source, Study):
        return ("nothing is trained: theory alone",)
    done, planned = source.count()
    notes = []
    if done < planned:
        notes.append(f"{done} of {planned} models are trained: the answer is provisional")
    if source.study.scenario.world.kind == "table":
        notes.append("replicates are re-splits of one table: everything is conditional on it")
    return tuple(notes)
