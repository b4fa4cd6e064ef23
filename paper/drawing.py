"""Figures of the paper, each drawn from a committed finding."""

from __future__ import annotations

from typing import Any

from smcollapse.questions.ledgers.findings import Finding, FindingError
from smcollapse.report.style import (
    BLACK,
    BLUE,
    GREY,
    SERIES,
    claim_handle,
    image_files,
    new_figure,
    shade_claim,
    style,
)
from smcollapse.report.wording import MEASURE_NAMES, number

PANELS = (("rare_recall", "Rare recall"), ("mean_confidence", "Mean confidence"), ("ece", "ECE"))


def figures(findings: dict[str, Finding]) -> dict[str, bytes]:
    """The figures as SVG, by name."""
    with style():
        drawn = {
            "measures": measures_figure(findings["atlas"], findings["atlas_theory"]),
            "conditions": conditions_figure(findings["atlas_conditions"]),
            "theory": theory_figure(findings["atlas_theory"]),
            "polish": polish_figure(findings["polish"]),
            "language": phrasings_figure(findings["language"]),
            "corpus": prose_figure(findings["corpus"]),
            "mitigations": mitigations_figure(findings["mitigations"]),
        }
        return {name: image_files(figure)["svg"] for name, figure in drawn.items()}


def measures_figure(atlas: Finding, theory: Finding) -> Any:
    """Three measures against the share: trained, the control, count theory."""
    figure = new_figure(7.0, 2.5)
    points, curves = detail(theory, "points"), detail(atlas, "curves")
    for ax, (measure, title) in zip(figure.subplots(1, 3), PANELS, strict=True):
        shade_claim(ax)
        for label, colour, marker in (("reference", BLUE, "o"), ("real only", GREY, "s")):
            if label in curves:
                curve = curves[label]
                ax.errorbar(
                    percents(curve["share"]),
                    percents(curve[measure]),
                    yerr=[2.0 * value for value in percents(curve[f"{measure}_se"])],
                    color=colour,
                    marker=marker,
                    markersize=3.5,
                    linewidth=0.0,
                    elinewidth=1.0,
                    label={"reference": "trained"}.get(label, "real rows only"),
                )
        chosen = [
            n
            for n, condition in enumerate(points["condition"])
            if condition == "reference" and points["measure"][n] == measure
        ]
        ax.plot(
            percents(points["share"][n] for n in chosen),
            percents(points["predicted"][n] for n in chosen),
            color=BLACK,
            linewidth=1.0,
            label="count theory",
        )
        ax.set(title=f"{title}, %", xlabel="synthetic share, %")
    legend_with_claim(figure, 4)
    return figure


def phrasings_figure(finding: Finding) -> Any:
    """Rare recall in real phrasing and in the source's, a panel for each condition."""
    curves = {
        label: curve
        for label, curve in detail(finding, "curves").items()
        if label != "real only" and "template_recall" in curve
    }
    columns = min(3, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(7.0, 0.6 + 1.75 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for ax in axes.flat[len(curves) :]:
        ax.remove()
    for ax, (label, curve) in zip(axes.flat, curves.items(), strict=False):
        shade_claim(ax)
        for measure, colour, marker, name in (
            ("rare_recall", BLUE, "o", "asked in real phrasing"),
            ("template_recall", SERIES[4], "s", "asked in the source's phrasing"),
        ):
            errors = percents(curve[f"{measure}_se"])
            ax.errorbar(
                percents(curve["share"]),
                percents(curve[measure]),
                yerr=[2.0 * value for value in errors],
                color=colour,
                marker=marker,
                markersize=3.0,
                linewidth=1.2,
                label=name,
            )
        ax.set_title(label.replace("_", " ").replace(", ", ",\n", 1), fontsize=7.0)
    for ax in axes[:, 0]:
        ax.set_ylabel("rare recall, %")
    for ax in axes[-1]:
        ax.set_xlabel("synthetic share, %")
    legend_with_claim(figure, 3)
    return figure


def prose_figure(finding: Finding) -> Any:
    """Three measures against the share: with generated text, and the real text alone."""
    figure = new_figure(7.0, 2.6)
    curves = detail(finding, "curves")
    colours = dict(zip(curves, SERIES, strict=False))
    colours["real only"] = GREY
    for ax, (measure, title) in zip(figure.subplots(1, 3), PANELS, strict=True):
        shade_claim(ax)
        for label, curve in curves.items():
            ax.errorbar(
                percents(curve["share"]),
                percents(curve[measure]),
                yerr=[2.0 * value for value in percents(curve[f"{measure}_se"])],
                color=colours[label],
                marker="s" if label == "real only" else "o",
                markersize=3.0,
                linewidth=1.2,
                linestyle="--" if label == "real only" else "-",
                label={"reference": "low temperature, best of several"}.get(label, label),
            )
        ax.set(title=f"{title}, %", xlabel="synthetic share, %")
    legend_with_claim(figure, 2)
    return figure


def legend_with_claim(figure: Any, columns: int) -> None:
    """The first panel's legend below all panels, the claimed onset last."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        [*handles, claim_handle()],
        [*labels, str(claim_handle().get_label())],
        loc="outside lower center",
        ncols=columns,
    )


def conditions_figure(finding: Finding) -> Any:
    """Each condition against the reference: onset, and loss between the claim's windows."""
    columns = (
        ("shift of the onset", "Shift of the onset, points of share"),
        ("rare recall", "Change of rare recall, points"),
    )
    return forest(finding, columns, colour_by=2)


def mitigations_figure(finding: Finding) -> Any:
    """Each mitigation against doing nothing: rare recall and calibration error."""
    columns = (
        ("rare_recall", "Change of rare recall, points"),
        ("ece", "Change of ECE, points"),
    )
    return forest(finding, columns, colour_by=1000)


def forest(finding: Finding, columns: tuple[tuple[str, str], ...], colour_by: int) -> Any:
    """Intervals of the quantities called LABEL: COLUMN, a panel for each column.

    Rows change colour after each `colour_by`. Raises FindingError where one is not there.
    """
    ending = f": {columns[0][0]}"
    terms = [one.term for one in finding.quantities if one.term.endswith(ending)]
    labels = [term.removesuffix(ending) for term in terms]
    figure = new_figure(7.0, 0.75 + 0.23 * len(labels))
    axes = figure.subplots(1, len(columns), sharey=True)
    for ax, (column, title) in zip(axes, columns, strict=True):
        ax.axvline(0.0, color=GREY, linewidth=0.8)
        for row, label in enumerate(labels):
            one = finding.quantity(f"{label}: {column}")
            colour = SERIES[row // colour_by % len(SERIES)]
            value = 100.0 * (one.value or 0.0)
            ends = [value if end is None else 100.0 * end for end in (one.lower, one.upper)]
            ax.plot(ends, [row, row], color=colour, linewidth=1.4)
            ax.plot([value], [row], color=colour, marker=">" if one.upper is None else "o")
        ax.set(title=title, ylim=(len(labels) - 0.5, -0.5))
    axes[0].set_yticks(range(len(labels)), labels)
    return figure


def theory_figure(finding: Finding) -> Any:
    """Predicted against trained means, all conditions and shares."""
    figure = new_figure(7.0, 2.5)
    points = detail(finding, "points")
    for ax, (measure, title) in zip(figure.subplots(1, 3), PANELS, strict=True):
        chosen = [n for n, name in enumerate(points["measure"]) if name == measure]
        predicted = percents(points["predicted"][n] for n in chosen)
        trained = percents(points["trained"][n] for n in chosen)
        ends = [min(*predicted, *trained), max(*predicted, *trained)]
        ax.plot(ends, ends, color=GREY, linewidth=0.8)
        ax.plot(predicted, trained, color=BLUE, marker="o", markersize=2.5, linewidth=0.0)
        ax.set(title=f"{title}, %", xlabel="predicted")
    figure.axes[0].set_ylabel("trained")
    return figure


def polish_figure(finding: Finding) -> Any:
    """Rare recall by polish, a panel for each level of real label noise."""
    figure = new_figure(7.0, 2.5)
    curves = detail(finding, "curves")
    settings = {label: dict(part.split() for part in label.split(", ")) for label in curves}
    noises = sorted({one["noise"] for one in settings.values()})
    axes = figure.subplots(1, max(len(noises), 2), sharey=True)
    for ax, noise in zip(axes, noises, strict=False):
        shade_claim(ax)
        shown = sorted(
            (one["polish"], label) for label, one in settings.items() if one["noise"] == noise
        )
        for colour, (polish, label) in zip(SERIES, shown, strict=False):
            ax.plot(
                percents(curves[label]["share"]),
                percents(curves[label]["rare_recall"]),
                color=colour,
                marker="o",
                markersize=3.0,
                linewidth=1.2,
                label=f"polish {number(float(polish))}",
            )
        title = f"{MEASURE_NAMES['rare_recall'].capitalize()}, %; real label noise {noise}"
        ax.set(title=title, xlabel="synthetic share, %")
    axes[0].legend(loc="lower left")
    return figure


def detail(finding: Finding, name: str) -> Any:
    """What a figure is drawn from. Raises FindingError."""
    if name not in finding.details:
        raise FindingError(f"finding '{finding.name}' has no '{name}' to draw: make it anew")
    return finding.details[name]


def percents(values: Any) -> list[float]:
    """Fractions in per cent."""
    return [100.0 * value for value in values]
