"""The study that compares mitigations: the reference of a study, the share, one variant each.

All are trained at the same compute budget: the number of training steps is that of the reference,
and an ensemble divides it among its members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from smcollapse.errors import StudyError, nearest
from smcollapse.mitigations import CATALOG
from smcollapse.mixtures import budget_of
from smcollapse.questions.conditions import CONTROL, REFERENCE
from smcollapse.scenario import Scenario
from smcollapse.settings import FileSource, GeneratedSource, PhrasesSource
from smcollapse.study import Axis, Setting, Study, Variant, replaced
from smcollapse.worlds import world_of

GOLDEN = 0.382
"""1 − 1/1.618: the weight of synthetic data in arXiv 2502.18049 and 2509.22341."""

STRICT = 0.75
SMALL_HOLDOUT, LEAST_HOLDOUT = 500, 10
CONTROL_NAME = "real only"


@dataclass(frozen=True)
class Candidate:
    """A mitigation to compare: its name in tables, its kind, the settings that make it.

    A kind that is none of the catalog's is a practice for contrast.
    """

    name: str
    kind: str
    settings: dict[str, Setting]


def candidates(scenario: Scenario, fewest_real: int | None = None) -> list[Candidate]:
    """What is compared by default, in the order of the catalog, for that scenario.

    fewest_real : real rows at the largest share, to choose a hold-out; None if not known
    """
    source = scenario.source

    def one(name: str, kind: str, **settings: Setting) -> Candidate:
        changed: dict[str, Setting] = {f"mitigation.{key}": v for key, v in settings.items()}
        return Candidate(name, kind, {"mitigation.kind": kind, **changed})

    holdout = SMALL_HOLDOUT
    if fewest_real is not None:
        holdout = max(LEAST_HOLDOUT, min(SMALL_HOLDOUT, int(0.4 * fewest_real)))
    found = [one("real floor 60 %", "real_floor", floor=0.6)]
    for weight in (0.1, 0.25, GOLDEN):
        name = f"row weight {weight:g}" + (" (golden)" if weight == GOLDEN else "")
        found.append(one(name, "weighting", synthetic_weight=weight))
    found.append(one("mass 0.382 (golden)", "weighting", synthetic_weight=GOLDEN, by="mass"))
    found.append(one("tail weight 3", "tail_weight", factor=3.0))
    found.append(one("deduplication", "deduplication"))
    if isinstance(source, PhrasesSource):
        found.append(
            one("broader style", "broader_generation", phrase_templates=0, lexical_variation=1.0)
        )
    if isinstance(source, GeneratedSource):
        found.append(one("broader generation", "broader_generation", temperature=1.0, top_k=0))
    elif not isinstance(source, FileSource):
        tempering = round(0.5 * source.tempering, 6)
        found.append(
            one(
                "broader generation",
                "broader_generation",
                coverage=1.0,
                tempering=tempering,
                templates=0,
            )
        )
        if source.fidelity < 1.0:
            fidelity = round(0.5 + 0.5 * source.fidelity, 6)
            found.append(one("faithful generation", "faithful_generation", fidelity=fidelity))
    found += [
        one("provenance", "provenance"),
        one("protective filter", "protective_filter", strictness=STRICT),
        Candidate(
            "filter, real rows too",
            "filter",
            {"filter.strictness": STRICT, "filter.scope": "both"},
        ),
        one("real data last", "real_data_last"),
        one("label smoothing", "label_smoothing"),
        one("temperature scaling", "temperature_scaling", holdout=holdout),
        one("expectation consistency", "expectation_consistency", holdout=holdout),
        one("ensemble of 4", "ensemble", members=4),
    ]
    return found


def mitigation_study(
    study: Study, only: tuple[str, ...] = (), fewest_real: int | None = None
) -> tuple[Study, tuple[str, ...]]:
    """The study to run, and what was left out, with the reason.

    only : names or kinds of mitigations, all that fit if empty

    Raises
    ------
    StudyError
        If the study has no share axis or a mitigation of its own, a name is unknown, or none fits.
    """
    axis = _share_axis(study)
    if study.scenario.mitigation.kind != "none":
        raise StudyError(
            f"study '{study.name}' has a mitigation of its own: leave out [scenario.mitigation]"
        )
    chosen = _chosen(candidates(study.scenario, fewest_real), only)
    variants, left_out = [], []
    base = study.scenario.model_dump(mode="json", exclude_none=True)
    for candidate in chosen:
        if problem := _misfit(base, candidate, axis):
            left_out.append(f"{candidate.name}: {problem}")
        else:
            variants.append(_variant(candidate.name, candidate.settings))
    if not variants:
        raise StudyError(f"no mitigation fits study '{study.name}'\n" + "\n".join(left_out))
    dropped = [other.path for other in study.axes if other.path != axis.path]
    if dropped:
        left_out.append(f"axes {', '.join(dropped)}: mitigations are compared at the reference")
    if study.scenario.mixture.design == "replace":
        variants.append(_variant(CONTROL_NAME, {"mixture.design": CONTROL}))
    said = study.model_dump(mode="json", exclude_none=True)
    said |= {
        "name": f"{study.name}-mitigations",
        "title": f"Mitigations, compared at the reference of {study.name}",
        "axes": [axis.model_dump(mode="json")],
        "variants": [variant.model_dump(mode="json") for variant in variants],
    }
    return Study.model_validate(said), tuple(left_out)


def fewest_real_rows(study: Study) -> int:
    """Real rows in the budget at the study's largest share. Raises DataError, StudyError."""
    shares = [
        float(share) for share in _share_axis(study).values if not isinstance(share, str | tuple)
    ]
    budget = budget_of(study.scenario, world_of(study.scenario.world))
    return budget - round(max(shares) * budget)


def settings_by_name(study: Study) -> dict[str, dict[str, Setting]]:
    """The settings that make each variant of a study."""
    return {
        variant.name: {change.path: change.value for change in variant.set}
        for variant in study.variants
    }


def _share_axis(study: Study) -> Axis:
    for axis in study.axes:
        if axis.path == "mixture.share" and len(axis.values) >= 3 and 0.0 in axis.values:
            return axis
    raise StudyError(
        f"study '{study.name}' has no axis mixture.share with 0 and two other shares at least: "
        'write [axes] mixture.share = [0.0, 0.3, 0.45, 0.6], or --set mixture.share="[0, 0.3, ...]"'
    )


def _chosen(found: list[Candidate], only: tuple[str, ...]) -> list[Candidate]:
    known = [*(candidate.name for candidate in found), *CATALOG, "filter"]
    for name in only:
        if name not in known:
            listed = ", ".join(candidate.name for candidate in found)
            raise StudyError(
                f"no mitigation '{name}': write one of {listed}, or a kind{nearest(name, known)}"
            )
    return [one for one in found if not only or {one.name, one.kind} & set(only)]


def _misfit(base: dict[str, Any], candidate: Candidate, axis: Axis) -> str:
    """Why it does not fit the study's scenario at one of the shares; empty where it does."""
    for share in axis.values:
        try:
            Scenario.model_validate(replaced(base, {**candidate.settings, "mixture.share": share}))
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"]
            return str(said).removeprefix("Value error, ")
    return ""


def _variant(name: str, settings: dict[str, Setting]) -> Variant:
    assert name != REFERENCE
    return Variant.model_validate({"name": name, "set": settings})
