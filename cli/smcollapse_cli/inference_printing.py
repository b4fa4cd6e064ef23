"""What `onset` and `effects` print."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from smcollapse_cli.printing import console, grid

if TYPE_CHECKING:
    from smcollapse.inference import BenchmarkShare, Estimate, Onset
    from smcollapse.questions.effect_results import EffectReport, FoundEffect
    from smcollapse.questions.measures import Unit
    from smcollapse.questions.onset_results import OnsetReport


def onset(report: OnsetReport, written: Iterable[Path]) -> None:
    """Per condition: the verdict, a table of estimands, what must be known."""
    from smcollapse.report.wording import measure_name

    out = console()
    name = measure_name(report.response)
    if report.unit == "percent":
        name += " (in per cent)"
    out.print(f"{report.name}: {name}, {report.worse} is worse", markup=False)
    if len(report.found) == 1:
        found = report.found[0].onset
        out.print(f"\nVerdict: {found.verdict}.", markup=False, style="bold")
        out.print(grid("", ("estimand", "estimate", "how"), _estimands(found, report.unit)))
    else:
        columns = ("condition", "benchmark share", "safe share", "knot", "verdict")
        rows = [(one.label, *_short(one.onset), one.onset.verdict) for one in report.found]
        out.print(grid("", columns, rows))
    answered = [one for one in report.found if one.curves is not None]
    notes([(one.label, warning) for one in answered for warning in one.onset.warnings])
    files(written)


def notes(said: Iterable[tuple[str, str]]) -> None:
    """Notes of conditions; one that holds for all of them stands once, without a name."""
    labels: dict[str, list[str]] = {}
    for label, note in said:
        labels.setdefault(note, []).append(label)
    everywhere = len({label for held in labels.values() for label in held})
    for note, held in labels.items():
        where = "" if len(held) == everywhere else f"{', '.join(held)}: "
        console().print(f"note: {where}{note}", markup=False)


def _estimands(found: Onset, unit: Unit) -> list[tuple[str, str, str]]:
    """Rows of the table: what holds for every curve, then what the shown shape has."""
    rows = [*_shares(found, unit), *_shape(found, unit)]
    kind = found.verdict_kind
    if kind in ("break", "transition", "no break"):
        rows += [
            (
                f"benchmark share, {model.model}",
                _share(model.estimate()),
                "if such curves are right",
            )
            for model in found.models
            if model.model == "model average"
        ]
    if kind == "break":
        rows += _break(found)
    if found.shown_transition is not None:
        centre, width = found.shown_transition.estimates()
        rows += [
            ("transition centre", _share(centre), "logistic"),
            ("transition width", _share(width), "10 to 90 %"),
        ]
    if (test := found.existence) is not None:
        said = "shown" if test.exists else f"not shown: {test.reason}"
        rows.append(("a break exists", f"p = {test.p_value:.3g}", said))
    return rows


def _shares(found: Onset, unit: Unit) -> list[tuple[str, str, str]]:
    """Safe share, bracket, and the estimate between tried shares."""
    from smcollapse.report.wording import short_percent

    if (benchmark := found.benchmark) is None:
        return []
    rows: list[tuple[str, str, str]] = []
    # "gained" would be harm here, and an improvement in "gain then loss"
    harm = f"{'loss' if benchmark.direction == 'loss' else 'rise'} of {_size(benchmark, unit)}"
    if (bracket := benchmark.bracket) is not None:
        how = f"a {harm} is excluded there and at every smaller tried share"
        rows.append(("safe share", benchmark.safe_words, how))
        low, high = bracket.band.lower, bracket.band.upper
        if math.isfinite(high):
            where = f"between {short_percent(low)} and {short_percent(high)}"
        elif low >= bracket.largest:
            where = "at no share that was tried"
        else:
            where = f"beyond {short_percent(low)}, if at all"
        rows.append((f"a {harm} is reached", where, "by tests at the tried shares"))
    how = "means joined by lines; narrowed where gaps look harmless"
    rows.append((f"benchmark share ({harm})", _share(benchmark.estimates()[0]), how))
    return rows


def _break(found: Onset) -> list[tuple[str, str, str]]:
    """Knot, bend, power and variants of a break that is shown."""
    from smcollapse.report.wording import percent

    rows: list[tuple[str, str, str]] = []
    if found.shown_knot is not None:
        knot = _share(found.shown_knot.estimates()[0])
        rows.append(("knot of a kink", knot, "least squares; test inversion"))
    if found.bend is not None:
        rows.append(("width of its bend", _share(found.bend.estimates()[0]), "softplus"))
    if found.power is not None:
        rows.append(("power to show it again", f"{found.power:.2f}", "with runs like these"))
    if found.variants is not None:
        rows += [
            (
                f"knot, {variant.name}",
                " and ".join(percent(knot) for knot in variant.knots),
                "agrees" if variant.agrees else "disagrees",
            )
            for variant in found.variants.found
        ]
    return rows


def _shape(found: Onset, unit: Unit) -> list[tuple[str, str, str]]:
    """Worse or better than without synthetic data, best shares, and the worst replicate."""
    from smcollapse.report.wording import change, short_percent

    rows: list[tuple[str, str, str]] = []
    if (shape := found.shape) is not None:
        size = "" if found.benchmark is None else _size(found.benchmark, unit)
        rows = [
            (f"{name} than at the smallest share", _shown(shown, size), f"p = {p:.2g}, one-sided")
            for name, shown, p in (
                ("worse", shape.harm, shape.p_harm),
                ("better", shape.gain, shape.p_gain),
            )
        ]
        if shape.gain == "shown":
            low, high = (short_percent(end) for end in shape.best_set)
            range_ = f"or anywhere from {low} to {high}" if low != high else "no other is as good"
            rows.append(("best share", short_percent(shape.best_share), range_))
    if (worst := found.worst) is not None:
        mean = f"at {short_percent(worst.share)}; {change(worst.mean_change, unit)} on average"
        rows.append((f"worst replicate, {worst.replicate}", change(worst.change, unit), mean))
    return rows


def _size(benchmark: BenchmarkShare, unit: Unit) -> str:
    from smcollapse.report.wording import size_words

    return size_words(benchmark.loss, benchmark.relative, unit)


def _shown(shown: str, size: str) -> str:
    """Less than the loss asked for may well be lost where that loss is excluded."""
    return f"not shown; a change of {size} is excluded" if shown == "excluded" else shown


def _short(found: Onset) -> tuple[str, str, str]:
    benchmark, knot = found.benchmark, found.shown_knot
    return (
        "–" if benchmark is None else _share(benchmark.estimates()[0]),
        "–" if benchmark is None else benchmark.safe_words,
        "–" if knot is None else _share(knot.estimates()[0]),
    )


def _share(row: Estimate) -> str:
    from smcollapse.report.wording import estimate

    return estimate(row, "share")


def effects(report: EffectReport, written: Iterable[Path]) -> None:
    """A row per condition and measure, with the claim where it is asked for."""
    from smcollapse.report.wording import percent_range

    out = console()
    title = (
        f"{report.name}: change from shares {percent_range(*report.before)} to "
        f"{percent_range(*report.after)}"
    )
    columns = ["measure", "change", "relative", "net of control", "beyond the knot"]
    if report.claim:
        columns += ["claimed", "verdict"]
    labels = {one.label for one in report.found} | {one.label for one in report.left_out}
    rows = [
        [one.label, *_effect(one, report.claim)] if len(labels) > 1 else _effect(one, report.claim)
        for one in report.found
    ]
    out.print(grid(title, ["condition", *columns] if len(labels) > 1 else columns, rows))
    for left in report.left_out:
        where = f"{left.label}, {left.response}" if len(labels) > 1 else left.response
        out.print(f"no answer: {where}: {left.reason}", markup=False)
    for note in report.notes:
        out.print(f"note: {note}", markup=False)
    files(written)


def _effect(one: FoundEffect, claim: bool) -> list[str]:
    """The cells of one measure in one condition."""
    from smcollapse.report.wording import estimate, measure_name

    row = [measure_name(one.response), estimate(one.effect.points, "points", one.unit)]
    row.append(estimate(one.effect.relative, "relative"))
    for other in (one.net, one.joint):
        row.append("–" if other is None else estimate(other.points, "points", one.unit))
    if claim:
        row.append("–" if one.claimed is None else f"{100 * one.claimed:+.3g} %")
        row.append("; ".join(f"{reading}: {word}" for reading, word in one.verdicts.items()) or "–")
    return row


def files(written: Iterable[Path]) -> None:
    """Where the files are."""
    for path in written:
        console().print(f"file: {path}", markup=False)
