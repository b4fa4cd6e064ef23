"""Worlds: where real data come from.

The symbols of the theory and their names here: K `n_contexts`, C `n_answers`, α `zipf_exponent`,
η `noise`. A world carries a seed of its own, which settles what is fixed about it (the category of
each context, which rare contexts are exceptions); replicates redraw data and weights only.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from smcollapse.settings.base import NonNegative, Positive, Probability, Seed, Value


class FactsWorld(Value):
    """Discrete facts: K Zipf contexts, each with one true answer out of C.

    A context belongs to a category whose answer is the consensus; a share of the rare contexts
    are exceptions whose true answer is another one. Labels are messy: with probability `noise`
    the observed label is uniform over all answers.
    """

    kind: Literal["facts"] = "facts"
    seed: Seed = 1
    n_contexts: Annotated[int, Field(ge=2, le=1_000_000)] = 600
    n_answers: Annotated[int, Field(ge=2, le=10_000)] = 20
    n_categories: Annotated[int, Field(ge=1, le=100_000)] = 20
    zipf_exponent: NonNegative = 0.8
    rare_mass: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    exception_share: Probability = 0.3
    noise: Probability = 0.1
    test_size: Annotated[int, Field(ge=100)] = 20_000


class ClustersWorld(Value):
    """Feature vectors: K Zipf contexts in d dimensions, two classes, a rule cue, a context cue.

    Coordinate 0 carries the rule cue (size `rule_strength`), coordinate k the cue of context k
    (size `context_strength`). On exceptions the rule cue points the wrong way. Around its mean a
    row has Gaussian noise of standard deviation `scale`, or, for `tail_heaviness` 1/ν > 0, a
    Student-t scale mixture with ν degrees of freedom, of the same standard deviation. That exists
    for ν > 2 only, and close to 2 nearly all of it sits in the tails, so 1/ν ends at 0.4. Observed
    labels are flipped with probability `noise`.

    Conventions: `signed_context`, x = y(±rule·e₀ + context·e_k) + noise, and `unsigned_cue`,
    x = cue·rule·e₀ + context·e_k + noise with label y = ±cue.
    """

    kind: Literal["clusters"] = "clusters"
    seed: Seed = 1
    n_contexts: Annotated[int, Field(ge=2, le=100_000)] = 20
    dimension: Annotated[int, Field(ge=3, le=100_000)] = 64
    convention: Literal["signed_context", "unsigned_cue"] = "signed_context"
    zipf_exponent: NonNegative = 0.8
    rare_mass: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    exception_share: Probability = 1.0
    noise: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    rule_strength: Positive = 1.5
    context_strength: Positive = 2.5
    scale: Positive = 1.0
    tail_heaviness: Annotated[float, Field(ge=0.0, le=0.4)] = 0.0
    test_size: Annotated[int, Field(ge=100)] = 10_000

    @model_validator(mode="after")
    def _cues_fit(self) -> Self:
        if self.dimension < self.n_contexts + 1:
            raise ValueError(
                f"dimension must be at least n_contexts + 1 = {self.n_contexts + 1} "
                f"(got {self.dimension}): each context has a coordinate of its own"
            )
        return self


class TableWorld(Value):
    """A user's own rows: `data` is a CSV, Parquet or .npz file, or `digits` (built in).

    Columns are numeric unless named in `categorical`; `drop` leaves columns out. Contexts are the
    values of the column `group`, or else `clusters_per_label` k-means clusters within each label.
    There is no clean truth beside the labels of the file, so recall is taken against those.
    Replicates are random splits of the one table into a training and a test part.
    """

    kind: Literal["table"] = "table"
    seed: Seed = 1
    data: Annotated[str, Field(min_length=1)] = "digits"
    label: str = "label"
    group: str | None = None
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    missing: Literal["refuse", "drop"] = "refuse"
    clusters_per_label: Annotated[int, Field(ge=1, le=1000)] = 8
    rare_mass: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.2
    test_share: Annotated[float, Field(ge=0.05, le=0.9)] = 0.3


class LanguageWorld(Value):
    """Facts told as sentences: K Zipf subjects, each with a relation and one true answer out of C.

    The relation is the category of `facts`: its usual answer is the consensus, and a share of the
    rare subjects are exceptions. A real sentence is phrased by one of `phrasings` phrase templates,
    their frequencies Zipf with `phrasing_exponent`; a word of relation or function is one of
    `synonyms`, Zipf with `synonym_exponent`. Real sentences are messy: each of two places holds a
    filler word with probability `fillers`; a sentence contradicts the truth (its answer is uniform
    over all) with probability `noise`; and with probability `negations` it denies a wrong answer,
    in half of those cases by a word before the answer, in the others, which are ambiguous while
    the answer is read, by a word after it.
    """

    kind: Literal["language"] = "language"
    seed: Seed = 1
    n_contexts: Annotated[int, Field(ge=2, le=100_000)] = 100
    n_answers: Annotated[int, Field(ge=2, le=10_000)] = 10
    n_categories: Annotated[int, Field(ge=1, le=10_000)] = 10
    zipf_exponent: NonNegative = 0.8
    rare_mass: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    exception_share: Probability = 0.3
    noise: Probability = 0.1
    negations: Annotated[float, Field(ge=0.0, le=0.5)] = 0.05
    fillers: Probability = 0.3
    phrasings: Annotated[int, Field(ge=1, le=1000)] = 40
    phrasing_exponent: NonNegative = 0.5
    synonyms: Annotated[int, Field(ge=1, le=50)] = 4
    synonym_exponent: NonNegative = 1.0
    test_size: Annotated[int, Field(ge=100)] = 4_000

    @model_validator(mode="after")
    def _the_truth_leads(self) -> Self:
        # The label noise where no "not" stands before the answer (laws/language.py) is at most 1.
        factor = (1.0 + self.n_answers / (self.n_answers - 1)) / 2.0
        mess = self.noise + factor * self.negations
        if mess > 1.0:
            raise ValueError(
                f"noise + {factor:.3g} * negations must be at most 1 (got {mess:g}): "
                "real text would name the true answer less often than each wrong one"
            )
        return self


class CorpusWorld(Value):
    """Real text: `data` is a text or JSONL file, a folder of them, or `python-docs` (built in).

    Text is cut into documents of some 1000 characters and into byte-pair tokens, `vocabulary` of
    them, learned on all of it. A row is a window of `length` tokens. Replicates are random splits
    of the documents into a training and a test part. The cases are runs of `case_length` tokens,
    in a test row the last ones; rare are the rarest of those that can be learned at all, which an
    n-gram model of four fifths of the documents answers rightly at least `learnable` of the time
    in the others, up to a share `rare_mass` of their occurrences. As the columns and contexts of
    a table, tokens and cases are those of the whole text, the same in every replicate.
    """

    kind: Literal["corpus"] = "corpus"
    seed: Seed = 1
    data: Annotated[str, Field(min_length=1)] = "python-docs"
    text_field: str = "text"
    vocabulary: Annotated[int, Field(ge=64, le=32_000)] = 512
    length: Annotated[int, Field(ge=8, le=2048)] = 32
    case_length: Annotated[int, Field(ge=1, le=4)] = 2
    rare_mass: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    learnable: Probability = 0.2
    test_share: Annotated[float, Field(ge=0.05, le=0.8)] = 0.2
    test_size: Annotated[int, Field(ge=100)] = 4_000


WorldSettings = Annotated[
    FactsWorld | ClustersWorld | TableWorld | LanguageWorld | CorpusWorld,
    Field(discriminator="kind"),
]
