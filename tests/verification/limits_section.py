"""Section: limits of the theories, and what holds in them (`limits.py`)."""

from __future__ import annotations

import pandas as pd

from tests.verification import limits
from tests.verification.sections import Section, at_least, at_most, markdown
from tests.verification.trainings import RESULTS


def _sizes(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = []
    for name, table in tables.items():
        for measure in ("rare_recall", "mean_confidence", "ece", "accuracy"):
            part = table[table.measure == measure].dropna(subset=["difference"])
            rows.append(
                {
                    "trained": name,
                    "measure": measure,
                    "numbers": len(part),
                    "median abs. error": float(part.difference.abs().median()),
                    "largest": float(part.difference.abs().max()),
                    "median s.e.": float(part.se.median()),
                }
            )
    return pd.DataFrame(rows)


def section(workers: int) -> Section:
    """Work out, train, compare, judge."""
    folder = RESULTS / "limits"
    widths, away = limits.transition_widths(), limits.approach_away_from_a_flip()
    exponents, hidden = limits.coverage_exponents(), limits.hidden_tail_loss()
    hidden["contexts"] = [f"{number:g}" for number in hidden.contexts]
    trained = {
        "count table, 10⁶ rows": limits.facts_at_large_budgets(folder / "tables", "count_table"),
        "network, 2·10⁵ rows": limits.facts_at_large_budgets(folder / "facts", "mlp"),
        "network on clusters, 5·10⁵ rows": limits.clusters_against_networks(folder / "clusters"),
    }
    controls, slope = limits.negative_controls(), limits.fitted_slope(widths)
    points = pd.concat(trained.values(), keys=trained, names=["of"]).reset_index(level="of")
    part = points[points.measure == "rare_recall"]
    recall = part.difference.abs().groupby(part["of"]).median()
    blocks = (
        "**Count theory becomes population theory.** Width of the transition of exception recall, "
        "from Φ(1) to Φ(−1), where all exceptions flip at one share; its slope on log N should be "
        "−½.",
        markdown(widths),
        "At a share away from the flip the two approach each other faster than any power:",
        markdown(away, 6),
        "**Population theory against training on many rows**, random scenarios, nothing fitted:",
        markdown(_sizes(trained)),
        "**Coverage theory**: exponents of the unseen mass against the published ones, and the "
        "loss that the total error hides (α = 1.5, n = 10⁴, k₀ = 300).",
        markdown(exponents),
        markdown(hidden),
        "Negative controls: largest change of any measure when a theory leaves one term out.",
        markdown(controls),
    )
    required = (
        at_most("slope of the transition's width on N, distance to −1/2", abs(slope + 0.5), 0.02),
        at_most("exponents of unseen mass, largest difference", exponents.difference.max(), 0.05),
        *(
            at_most(
                f"population theory, rare recall, {name}: median abs. error", recall[name], 0.01
            )
            for name in trained
        ),
        at_least("smallest effect of a term left out", controls.difference.min(), 0.005),
    )
    return Section("limits", "Limits of the theories", blocks, required, points)
