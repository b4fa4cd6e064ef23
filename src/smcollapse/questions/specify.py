"""How much do the onset and the effect depend on the way of analysis? Condition by condition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smcollapse.errors import DataError
from smcollapse.inference import InferenceError, Record, to_plain
from smcollapse.inference.effect_sizes.effects import Window
from smcollapse.inference.onsets.benchmark import Direction
from smcollapse.inference.specifications.curve import DRAWS, specification
from smcollapse.inference.specifications.results import Specification
from smcollapse.questions.claim import published_claim
from smcollapse.questions.columns import Columns
from smcollapse.questions.effect_results import windows_of
from smcollapse.questions.measures import Unit
from smcollapse.questions.results import Data, Results, in_options, read_results, unanswered


@dataclass(frozen=True)
class FoundSpecification(Record):
    """The specification curves of one condition; None where it allows none, with the reason."""

    label: str
    settings: dict[str, Any]
    specification: Specification | None
    reason: str = ""


@dataclass(frozen=True)
class SpecificationReport(Record):
    """Specification curves in every condition of a table or run.

    before, after : windows of the contrast; claimed_onset : the range of the published claim, for
        a run; None for a table, of which nothing is claimed
    unit, directions : of the measures, which have one unit; what harm is, by measure
    """

    name: str
    responses: tuple[str, ...]
    unit: Unit
    directions: dict[str, Direction]
    before: Window
    after: Window
    claimed_onset: Window | None
    found: tuple[FoundSpecification, ...]
    folder: Path | None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of `smcollapse specify --json`."""
        conditions = [
            {
                "condition": one.label,
                "settings": to_plain(one.settings),
                **(
                    {"reason": one.reason}
                    if one.specification is None
                    else one.specification.to_dict()
                ),
            }
            for one in self.found
        ]
        head = {
            "name": self.name,
            "responses": list(self.responses),
            "unit": self.unit,
            "directions": self.directions,
            "before": list(self.before),
            "after": list(self.after),
            "claimed_onset": to_plain(self.claimed_onset),
        }
        if len(conditions) == 1:
            return {**head, **conditions[0]}
        return {**head, "conditions": conditions}


def specify_report(
    source: Data,
    columns: Columns | str,
    responses: tuple[str, ...],
    *,
    before: Window | None = None,
    after: Window | None = None,
    direction: Literal["auto", "loss", "gain"] = "auto",
    loss: float = 0.10,
    relative: bool = True,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> SpecificationReport:
    """Specification curves of measures in every condition of a run or table.

    Measures are pooled, each is one more choice, so that they need one unit. ``columns`` may be a
    measure's name alone. Unless given, windows are a run's those of the claim, a table's its first
    and last third of shares. A condition that allows none is
    reported with the reason. Raises DataError for a table or setting that allows none in any,
    StoreError for a folder that is no run.
    """
    columns = Columns(columns) if isinstance(columns, str) else columns
    if not responses:
        raise DataError("name at least one measure with --response")
    chosen = tuple(dict.fromkeys(responses))
    results = read_results(source, columns.with_harm(direction), chosen)
    trained = results.folder is not None
    before, after = windows_of(results, chosen, before, after, claim=trained)
    claimed = published_claim().onset if trained else None
    harm = {name: results.direction(name, direction) for name in chosen}
    unit = _common_unit(results, chosen)
    found, reasons = [], []
    for group in results.groups:
        try:
            curves = specification(
                [group.curves(results.columns, name) for name in chosen],
                before,
                after,
                claimed_onset=claimed,
                directions=harm,
                loss=loss,
                relative=relative,
                level=level,
                draws=draws,
                seed=seed,
            )
        except (InferenceError, DataError) as error:
            reasons.append(group.located(error))
            one = FoundSpecification(group.label, group.settings, None, in_options(error))
        else:
            one = FoundSpecification(group.label, group.settings, curves)
        found.append(one)
    if len(reasons) == len(found):
        raise unanswered(reasons)
    return SpecificationReport(
        results.name,
        chosen,
        unit,
        harm,
        before,
        after,
        claimed,
        tuple(found),
        results.folder,
    )


def _common_unit(results: Results, chosen: tuple[str, ...]) -> Unit:
    """The unit of all measures. Raises DataError where they differ: changes could not be pooled."""
    units = {name: results.unit(name) for name in chosen}
    if len(set(units.values())) > 1:
        words = {"fraction": "a fraction", "percent": "per cent", "none": "without bounds"}
        listed = ", ".join(f"{name} is {words[unit]}" for name, unit in units.items())
        raise DataError(
            f"measures of different units have no common curve ({listed}): ask for them one by one"
        )
    return units[chosen[0]]
