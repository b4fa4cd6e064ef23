"""How much do the onset and the effect depend on the way of analysis? Condition by condition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smcollapse.errors import DataError
from smcollapse.inference import InferenceError, Record, to_plain
from smcollapse.inference.specifications.curve import DRAWS, specification
from smcollapse.inference.specifications.results import Specification
from smcollapse.questions.claim import published_claim
from smcollapse.questions.onset_results import Window, direction_of
from smcollapse.questions.results import Columns, read_results


@dataclass(frozen=True)
class FoundSpecification(Record):
    """The specification curves of one condition."""

    label: str
    settings: dict[str, Any]
    specification: Specification


@dataclass(frozen=True)
class SpecificationReport(Record):
    """Specification curves in every condition of a table or run.

    before, after : windows of the contrast; claimed_onset : the range of the published claim
    """

    name: str
    responses: tuple[str, ...]
    before: Window
    after: Window
    claimed_onset: Window
    found: tuple[FoundSpecification, ...]
    folder: Path | None

    def to_dict(self) -> dict[str, Any]:
        """The documented keys of `smcollapse specify --json`."""
        conditions = [
            {
                "condition": one.label,
                "settings": to_plain(one.settings),
                **one.specification.to_dict(),
            }
            for one in self.found
        ]
        head = {
            "name": self.name,
            "responses": list(self.responses),
            "before": list(self.before),
            "after": list(self.after),
            "claimed_onset": list(self.claimed_onset),
        }
        if len(conditions) == 1:
            return {**head, **conditions[0]}
        return {**head, "conditions": conditions}


def specify_report(
    source: Path,
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

    Measures are pooled: each is one more choice. ``columns`` may be a measure's name alone. Windows
    are the claim's unless given. Raises DataError for a table or setting that allows none,
    StoreError for a folder that is no run.
    """
    columns = Columns(columns) if isinstance(columns, str) else columns
    if not responses:
        raise DataError("name at least one measure with --response")
    results = read_results(source, columns)
    claim = published_claim()
    before, after = before or claim.before, after or claim.after
    chosen = tuple(dict.fromkeys(responses))
    harm = {name: direction_of(name) if direction == "auto" else direction for name in chosen}
    found = []
    for group in results.groups:
        measures = [group.curves(results.columns, name) for name in chosen]
        try:
            curves = specification(
                measures,
                before,
                after,
                claimed_onset=claim.onset,
                directions=harm,
                loss=loss,
                relative=relative,
                level=level,
                draws=draws,
                seed=seed,
            )
        except InferenceError as error:
            where = "" if group.label == "all rows" else f"{group.label}: "
            raise DataError(f"{where}{error}") from None
        found.append(FoundSpecification(group.label, group.settings, curves))
    return SpecificationReport(
        results.name, chosen, before, after, claim.onset, tuple(found), results.folder
    )
