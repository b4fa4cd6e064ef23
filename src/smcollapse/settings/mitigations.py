"""Mitigations: what one can do against collapse at the same compute budget."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from smcollapse.settings.base import Fraction, NonNegative, Probability, Value


class NoMitigation(Value):
    """Nothing is done."""

    kind: Literal["none"] = "none"


class RealFloor(Value):
    """At least `floor` of the budget is real: a cap on the synthetic share.

    Costs real rows: at share p beyond the cap, (p − 1 + floor) N more of them.
    """

    kind: Literal["real_floor"] = "real_floor"
    floor: Fraction = 0.6


class Weighting(Value):
    """Weight of synthetic against real rows in the loss.

    by = "row"   a synthetic row weighs `synthetic_weight`, a real one 1 − that: .5 changes nothing
    by = "mass"  all synthetic rows together weigh `synthetic_weight`, whatever their share

    .382 = 1 − 1/1.618 is the golden-ratio weight of He, Xu & Cheng (2025, arXiv 2502.18049),
    who weigh masses.
    """

    kind: Literal["weighting"] = "weighting"
    synthetic_weight: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.382
    by: Literal["row", "mass"] = "row"


class TailWeight(Value):
    """Real rows of rare contexts weigh `factor` times the others: rare contexts must be known."""

    kind: Literal["tail_weight"] = "tail_weight"
    factor: Annotated[float, Field(gt=0.0, le=1000.0)] = 3.0


class Deduplication(Value):
    """At most `copies` copies of each distinct synthetic example are kept."""

    kind: Literal["deduplication"] = "deduplication"
    copies: Annotated[int, Field(ge=1)] = 1


class BroaderGeneration(Value):
    """The source covers more contexts, visits them more evenly, has more templates (0: no limit).

    Of text: more phrase templates (0: all real ones), more of the real words; a higher temperature
    and no cut to the likeliest tokens (0). What is not given stays as it is in the source.
    """

    kind: Literal["broader_generation"] = "broader_generation"
    coverage: Fraction | None = None
    tempering: NonNegative | None = None
    templates: Annotated[int, Field(ge=0)] | None = None
    phrase_templates: Annotated[int, Field(ge=0, le=1000)] | None = None
    lexical_variation: Annotated[float, Field(ge=0.0, le=10.0)] | None = None
    temperature: Annotated[float, Field(ge=0.05, le=5.0)] | None = None
    top_k: Annotated[int, Field(ge=0, le=32_000)] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_dump(exclude_none=True, exclude={"kind"}):
            knobs = [name for name in type(self).model_fields if name != "kind"]
            raise ValueError(f"broader_generation needs one of {', '.join(knobs)}")
        return self


class FaithfulGeneration(Value):
    """The source tells the truth on exceptions with this chance, instead of the consensus."""

    kind: Literal["faithful_generation"] = "faithful_generation"
    fidelity: Probability = 0.5


class Provenance(Value):
    """Synthetic rows are marked as such with this chance; the learner sees the mark."""

    kind: Literal["provenance"] = "provenance"
    marked: Fraction = 1.0


class ProtectiveFilter(Value):
    """The filter at this strictness, for synthetic rows alone: real rows all stay."""

    kind: Literal["protective_filter"] = "protective_filter"
    strictness: Fraction = 0.75


class RealDataLast(Value):
    """The last part of the steps is trained on the real rows alone."""

    kind: Literal["real_data_last"] = "real_data_last"
    last: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.25


class LabelSmoothing(Value):
    """Targets (1 − ε) of the label and ε/C of every answer (Szegedy et al. 2016)."""

    kind: Literal["label_smoothing"] = "label_smoothing"
    smoothing: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1


class TemperatureScaling(Value):
    """Logits divided by the temperature of least log loss on real rows held out of training.

    Guo et al. (2017). The hold-out is taken from the real rows of the mixture.
    """

    kind: Literal["temperature_scaling"] = "temperature_scaling"
    holdout: Annotated[int, Field(ge=10)] = 500


class ExpectationConsistency(Value):
    """The temperature at which mean confidence equals accuracy on real rows held out of training.

    Clarté et al. (2023). The hold-out is taken from the real rows of the mixture.
    """

    kind: Literal["expectation_consistency"] = "expectation_consistency"
    holdout: Annotated[int, Field(ge=10)] = 500


class Ensemble(Value):
    """Mean probability of several networks that differ in initial weights and batch order.

    saves = "passes"   each is trained with a part of the passes: the compute of one
    saves = "nothing"  each is trained in full: `members` times the compute
    """

    kind: Literal["ensemble"] = "ensemble"
    members: Annotated[int, Field(ge=2, le=64)] = 4
    saves: Literal["passes", "nothing"] = "passes"


MitigationSettings = Annotated[
    NoMitigation
    | RealFloor
    | Weighting
    | TailWeight
    | Deduplication
    | BroaderGeneration
    | FaithfulGeneration
    | Provenance
    | ProtectiveFilter
    | RealDataLast
    | LabelSmoothing
    | TemperatureScaling
    | ExpectationConsistency
    | Ensemble,
    Field(discriminator="kind"),
]
