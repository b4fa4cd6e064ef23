"""What `onset` and `effects` print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from smcollapse_cli.printing import console, grid

if TYPE_CHECKING:
    from smcollapse.inference import Estimate, Onset
    from smcollapse.questions.onset_results import EffectReport, OnsetReport


def onset(report: OnsetReport, written: Iterable[Path]) -> None:
    """Per condition: the verdict, a table of estimands, what must be known."""
    from smcollapse.report.wording import measure_name

    out = console()
    harm = "rises" if report.direction == "gain" else "falls"
    out.print(f"{report.name}: {measure_name(report.response)}, harm where it {harm}", markup=False)
    if len(report.found) == 1:
        found = report.found[0].onset
        out.print(f"\nVerdict: {found.verdict}.", markup=False, style="bold")
        out.print(grid("", ("estimand", "estimate", "how"), _estimands(found)))
    else:
        columns = ("condition", "benchmark share", "safe share", "knot", "verdict")
        rows = [(one.label, *_short(one.onset), one.onset.verdict) for one in report.found]
        out.print(grid("", columns, rows))
    said: dict[str, list[str]] = {}
    for one in report.found:
        for warning in one.onset.warnings:
            said.setdefault(warning, []).append(one.label)
    for warning, labels in said.items():
        where = "" if len(labels) == len(report.found) else f"{', '.join(labels)}: "
        out.print(f"note: {where}{warning}", markup=False)
    files(written)


def _estimands(found: Onset) -> list[tuple[str, str, str]]:
    from smcollapse.report.wording import percent

    rows: list[tuple[str, str, str]] = []
    if (benchmark := found.benchmark) is not None:
        size = f"{100 * benchmark.loss:.3g} {'%' if benchmark.relative else 'points'}"
        word = "lost" if benchmark.direction == "loss" else "gained"
        rows.append(
            (f"benchmark share ({size} {word})", _share(benchmark.estimates()[0]), "isotonic curve")
        )
        if benchmark.safe_share is not None:
            rows.append(("safe share", percent(benchmark.safe_share), "its one-sided limit"))
    if found.step_down is not None and found.step_down.safe_share is not None:
        rows.append(
            (
                "safe share, step-down",
                percent(found.step_down.safe_share),
                f"no curve; {100 * found.step_down.tolerance:.3g} points let pass",
            )
        )
    rows += [
        (f"benchmark share, {model.model}", _share(model.estimate()), "model")
        for model in found.models
    ]
    if found.break_point is not None:
        rows.append(
            (
                "knot of a kink",
                _share(found.break_point.estimates()[0]),
                "least squares; test inversion",
            )
        )
    if found.bend is not None:
        rows.append(("width of its bend", _share(found.bend.estimates()[0]), "softplus"))
    if found.transition is not None and found.transition.shown:
        centre, width = found.transition.estimates()
        rows += [
            ("transition centre", _share(centre), "logistic"),
            ("transition width", _share(width), "10 to 90 %"),
        ]
    if (test := found.existence) is not None:
        said = "shown" if test.exists else f"not shown: {test.reason}"
        rows.append(("a break exists", f"p = {test.p_value:.3g}", said))
    if found.power is not None and found.power_knot is not None:
        rows.append(
            (
                "power to show one",
                f"{found.power:.2f}",
                f"flat to {percent(found.power_knot)}, then straight to the same end",
            )
        )
    if found.variants is not None:
        for variant in found.variants.found:
            places = " and ".join(percent(knot) for knot in variant.knots)
            rows.append(
                (f"knot, {variant.name}", places, "agrees" if variant.agrees else "disagrees")
            )
    return rows


def _short(found: Onset) -> tuple[str, str, str]:
    from smcollapse.report.wording import percent

    benchmark, knot = found.benchmark, found.break_point
    safe = None if benchmark is None else benchmark.safe_share
    return (
        "–" if benchmark is None else _share(benchmark.estimates()[0]),
        "–" if safe is None else percent(safe),
        "–" if knot is None else _share(knot.estimates()[0]),
    )


def _share(row: Estimate) -> str:
    from smcollapse.report.wording import estimate

    return estimate(row, "share")


def effects(report: EffectReport, written: Iterable[Path]) -> None:
    """A row per condition and measure, with the claim and how the two lie to each other."""
    from smcollapse.report.wording import estimate, measure_name, percent_range

    out = console()
    title = (
        f"{report.name}: change from shares {percent_range(*report.before)} to "
        f"{percent_range(*report.after)}"
    )
    several = len({one.label for one in report.found}) > 1
    rows = []
    for one in report.found:
        row = [measure_name(one.response), estimate(one.effect.points, "points")]
        row.append(estimate(one.effect.relative, "relative"))
        row.append("–" if one.net is None else estimate(one.net.points, "points"))
        row.append("–" if one.joint is None else estimate(one.joint.points, "points"))
        row.append("–" if one.claimed is None else f"{100 * one.claimed:+.3g} %")
        row.append("; ".join(f"{reading}: {word}" for reading, word in one.verdicts.items()) or "–")
        rows.append([one.label, *row] if several else row)
    columns = [
        "measure",
        "points",
        "relative",
        "net of control",
        "beyond the knot",
        "claimed",
        "verdict",
    ]
    out.print(grid(title, ["condition", *columns] if several else columns, rows))
    for note in report.notes:
        out.print(f"note: {note}", markup=False)
    files(written)


def files(written: Iterable[Path]) -> None:
    """Where the files are."""
    for path in written:
        console().print(f"file: {path}", markup=False)
