"""What an answer says in lines and tables of text: for a terminal, and for `summary()`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smcollapse.inference import BenchmarkShare, Estimate, Onset
from smcollapse.inference.onsets.planning import Plan
from smcollapse.inference.specifications.results import Specification
from smcollapse.questions.attribute import AttributionReport
from smcollapse.questions.effect_results import EffectReport, FoundEffect
from smcollapse.questions.measures import Unit
from smcollapse.questions.onset_results import OnsetReport
from smcollapse.questions.specify import SpecificationReport
from smcollapse.report.attribution import effect_lines, onset_lines
from smcollapse.report.specification_words import (
    curve_words,
    difference_words,
    joint_words,
    largest_words,
    median_words,
)
from smcollapse.report.tables import Table
from smcollapse.report.wording import (
    change,
    estimate,
    measure_name,
    percent,
    percent_range,
    short_percent,
    size_words,
)


@dataclass(frozen=True)
class Line:
    """A line of text; ``strong``: a verdict or a heading."""

    text: str
    strong: bool = False


Part = Line | Table


def as_text(parts: Iterable[Part]) -> str:
    """Parts as plain text, columns aligned."""
    return "\n".join(
        part.text if isinstance(part, Line) else "\n".join(_aligned(part)) for part in parts
    )


def _aligned(table: Table) -> list[str]:
    rows = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    rule = "  " + "─" * (sum(widths) + 2 * (len(widths) - 1))
    return [*([table.title] if table.title else []), lines[0], rule, *lines[1:], ""]


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    return Table(title, tuple(columns), tuple(tuple(row) for row in rows))


def _notes(said: Iterable[tuple[str, str]]) -> Iterator[Line]:
    """Notes of conditions; one that holds for all of them stands once, without a name."""
    labels: dict[str, list[str]] = {}
    for label, note in said:
        labels.setdefault(note, []).append(label)
    everywhere = len({label for held in labels.values() for label in held})
    for note, held in labels.items():
        where = "" if len(held) == everywhere else f"{', '.join(held)}: "
        yield Line(f"note: {where}{note}")


def onset_summary(report: OnsetReport) -> Iterator[Part]:
    """Per condition: the verdict, a table of estimands, what must be known."""
    name = measure_name(report.response)
    if report.unit == "percent":
        name += " (in per cent)"
    yield Line(f"{report.name}: {name}, {report.worse} is worse")
    if len(report.found) == 1:
        found = report.found[0].onset
        yield Line(f"\nVerdict: {found.verdict}.", strong=True)
        yield _table("", ("estimand", "estimate", "how"), _estimands(found, report.unit))
    else:
        columns = ("condition", "benchmark share", "safe share", "knot", "verdict")
        rows = [(one.label, *_short(one.onset), one.onset.verdict) for one in report.found]
        yield _table("", columns, rows)
    answered = [one for one in report.found if one.curves is not None]
    yield from _notes([(one.label, note) for one in answered for note in one.onset.warnings])


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
    return estimate(row, "share")


def effect_summary(report: EffectReport) -> Iterator[Part]:
    """A row per condition and measure, with the claim where it is asked for."""
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
    yield _table(title, ["condition", *columns] if len(labels) > 1 else columns, rows)
    for left in report.left_out:
        where = f"{left.label}, {left.response}" if len(labels) > 1 else left.response
        yield Line(f"no answer: {where}: {left.reason}")
    for note in report.notes:
        yield Line(f"note: {note}")


def _effect(one: FoundEffect, claim: bool) -> list[str]:
    """The cells of one measure in one condition."""
    row = [measure_name(one.response), estimate(one.effect.points, "points", one.unit)]
    row.append(estimate(one.effect.relative, "relative"))
    for other in (one.net, one.joint):
        row.append("–" if other is None else estimate(other.points, "points", one.unit))
    if claim:
        row.append("–" if one.claimed is None else f"{100 * one.claimed:+.3g} %")
        row.append("; ".join(f"{reading}: {word}" for reading, word in one.verdicts.items()) or "–")
    return row


def attribution_summary(report: AttributionReport) -> Iterator[Part]:
    """What moves the effect, and what the onset: a table and a verdict each."""
    effects = ("knob", "from, to", "moves it by", "p", "p, corrected")
    onsets = ("knob", "from, to", "moves it by", "limits for any curves", "for straight ones")
    name = measure_name(report.response)
    if report.effect is not None:
        windows = f"from {percent_range(*report.before)} to {percent_range(*report.after)}"
        title = f"{report.name}: change of {name} {windows}"
        yield _table(title, effects, effect_lines(report.effect, report.unit))
        yield Line(f"Verdict: {report.effect.verdict}.", strong=True)
    if report.onset is not None:
        title = f"{report.name}: benchmark share of {name}"
        yield _table(title, onsets, onset_lines(report.onset))
        yield Line(f"Verdict: {report.onset.verdict}.", strong=True)
    notes = [*report.notes]
    for part in (report.effect, report.onset):
        notes += [] if part is None else list(part.warnings)
    for note in dict.fromkeys(notes):
        yield Line(f"note: {note}")


def specification_summary(report: SpecificationReport) -> Iterator[Part]:
    """Per condition: medians by estimand, a sentence on each curve, and what each choice does."""
    measures = ", ".join(measure_name(name) for name in report.responses)
    yield Line(f"{report.name}: {measures}")
    said = []
    for one in report.found:
        if len(report.found) > 1:
            yield Line(f"\n{one.label}", strong=True)
        if one.specification is None:
            yield Line(f"\nNo answer: {one.reason}.", strong=True)
            continue
        yield from _specification(one.specification, report.unit)
        said += [(one.label, note) for note in one.specification.notes]
    yield from _notes(said)


def _specification(found: Specification, unit: Unit) -> Iterator[Part]:
    for name, curve in (("Onset", found.onset), ("Change", found.effect)):
        if curve is None:
            continue
        parts = (curve_words(curve, unit), largest_words(curve, unit))
        text = f"{name}: {'; '.join(part for part in parts if part)}."
        if curve.turned:
            turned = ", ".join(measure_name(measure) for measure in curve.turned)
            text += f" The sign of {turned} is turned, so that harm is negative."
        yield Line(f"\n{text}", strong=True)
        if curve.joint is not None:
            words = joint_words(curve.joint)
            yield Line(f"{words[0].upper()}{words[1:]}.")
        medians = [median_words(curve, one, unit) for one in curve.medians]
        yield _table("", ("measure", "estimand", "median", "specifications"), medians)
        rows = [difference_words(curve, difference, unit) for difference in curve.differences]
        if rows:
            yield _table("", ("choice", "what is changed", "median change of the estimate"), rows)


def plan_summary(found: Plan) -> Iterator[Part]:
    """The break that is supposed, the designs, and the cheapest that shows it."""
    noise = found.noise
    supposed = [
        f"a run has s.d. {noise.sd:.3g}",
        f"its neighbours' correlation is {noise.correlation:.2g}",
    ]
    if noise.level_part:
        supposed.append(f"{100 * noise.level_part:.0f} % of its variance is its replicate's level")
    if noise.corpus_sd:
        supposed.append(f"a corpus has s.d. {noise.corpus_sd:.3g}")
    yield Line(
        f"A kink near {percent(found.knot)} whose slope changes by {found.slope_change:.3g} per "
        f"unit share, from {found.slope_before:.3g}; {', '.join(supposed)}. Powers are means over "
        "places of the knot between two shares."
    )
    rows = [
        (
            str(design.shares),
            str(design.replicates),
            "own" if design.corpora is None else str(design.corpora),
            str(design.runs),
            f"{design.power:.2f}",
            f"±{100 * 1.96 * design.knot_se:.1f}",
        )
        for design in found.designs
    ]
    columns = ("shares", "replicates", "corpora a share", "runs", "power", "knot, points of share")
    yield _table("", columns, rows)
    if found.chosen is None:
        text = f"None of these designs shows such a break with power {found.target:g}."
    else:
        chosen = found.chosen
        corpora = (
            "a corpus for every run"
            if chosen.corpora is None
            else f"{chosen.corpora} corpora a share"
        )
        text = (
            f"Fewest runs: {chosen.shares} shares × {chosen.replicates} replicates, {corpora} "
            f"({chosen.runs} runs, power {chosen.power:.2f})."
        )
    yield Line(text, strong=True)
