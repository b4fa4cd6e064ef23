"""A scenario: one condition, complete, without a replicate seed.

>>> Scenario(mixture={"share": 0.4, "budget": 60_000}).world.kind
'facts'
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Self

from pydantic import Field, model_validator

from smcollapse.settings import (
    ConsensusSource,
    FactsWorld,
    Filter,
    MitigationSettings,
    Mixture,
    Mlp,
    ModelSettings,
    NoMitigation,
    SourceSettings,
    Value,
    WorldSettings,
)

_SOURCES = {
    "facts": ("consensus",),
    "clusters": ("consensus",),
    "table": ("shrunken", "file"),
    "language": ("phrases",),
    "corpus": ("generated",),
}
_MODELS = {
    "facts": ("mlp", "count_table", "logistic"),
    "clusters": ("mlp", "logistic"),
    "table": ("mlp", "logistic"),
    "language": ("transformer",),
    "corpus": ("transformer",),
}
TEXT = ("language", "corpus")
"""Worlds whose rows are tokens: a style is in the words, never a field beside them."""

FINITE = ("table", "corpus")
"""Worlds with a fixed number of real rows: a budget of 0 is all of them."""

_NETWORKS = ("mlp", "transformer")
_NETWORKS_ONLY = ("real_data_last", "label_smoothing", "ensemble")
"""Mitigations that change how a network is trained."""


class Scenario(Value):
    """World, source, filter, mixture and model of one trained condition, and what is done about it.

    Raises
    ------
    pydantic.ValidationError
        If a value is out of range, a key unknown, or the parts do not fit together.
    """

    world: WorldSettings = Field(default_factory=FactsWorld)
    source: SourceSettings = Field(default_factory=ConsensusSource)
    filter: Filter = Field(default_factory=Filter)
    mixture: Mixture = Field(default_factory=Mixture)
    model: ModelSettings = Field(default_factory=Mlp)
    mitigation: MitigationSettings = Field(default_factory=NoMitigation)

    @model_validator(mode="before")
    @classmethod
    def _fill_kinds(cls, data: Any) -> Any:
        """A part without a `kind` gets the usual one: facts, and the world's own source, model."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        world = data.get("world", {})
        kind = world.get("kind", "facts") if isinstance(world, dict) else world.kind
        usual = {"world": "facts", "mitigation": "none"}
        usual["source"] = _SOURCES.get(kind, ("consensus",))[0]
        usual["model"] = _MODELS.get(kind, ("mlp",))[0]
        for part, default in usual.items():
            value = data.get(part, {})
            if isinstance(value, dict) and "kind" not in value:
                data[part] = {"kind": default, **value}
        return data

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        kind = self.world.kind
        for part, value, known in (
            ("source", self.source.kind, _SOURCES[kind]),
            ("model", self.model.kind, _MODELS[kind]),
        ):
            if value not in known:
                raise ValueError(
                    f"{part} '{value}' does not fit world '{kind}': write {' or '.join(known)}"
                )
        if problem := self._mitigation_problem():
            raise ValueError(f"mitigation '{self.mitigation.kind}' {problem}")
        if kind == "corpus" and self.filter.strictness > 0.0:
            raise ValueError(
                "filter.strictness does not fit world 'corpus', whose rows have no answer to "
                "judge: write source.best_of, which keeps the best of several texts"
            )
        if self.mixture.budget == 0 and kind not in FINITE:
            raise ValueError(f"mixture.budget must be at least 1 for world '{kind}' (got 0)")
        if self.mixture.design == "accumulate" and self.mixture.share == 1.0:
            raise ValueError("design 'accumulate' keeps all real rows: share must be below 1")
        budget, share = self.mixture.budget, self.mixture.share
        if self.mixture.design == "real_only" and (
            share == 1.0 or (budget and round(share * budget) == budget)
        ):
            raise ValueError(
                f"design 'real_only' has no rows at share {share:g}: write a smaller share"
            )
        return self

    def _mitigation_problem(self) -> str:
        """Why the mitigation does not fit the other parts; empty where it does."""
        settings, source = self.mitigation, self.source
        if settings.kind in _NETWORKS_ONLY and self.model.kind not in _NETWORKS:
            return f"does not fit model '{self.model.kind}': write {' or '.join(_NETWORKS)}"
        if settings.kind == "protective_filter" and self.world.kind == "corpus":
            return "does not fit world 'corpus': write source.best_of"
        if settings.kind in ("broader_generation", "faithful_generation"):
            given = settings.model_dump(exclude_none=True, exclude={"kind"})
            unknown = [name for name in given if name not in type(source).model_fields]
            if unknown:
                return f"does not fit source '{source.kind}', which has no {', '.join(unknown)}"
        if settings.kind == "real_data_last" and self.mixture.share == 1.0:
            return "has no real rows at share 1: write a smaller share"
        return ""

    def describe(self) -> dict[str, Any]:
        """The scenario as plain data (JSON and TOML types); without a mitigation that is none."""
        said = self.model_dump(mode="json", exclude_none=True)
        if self.mitigation.kind == "none":
            del said["mitigation"]
        return said


def content_hash(description: Any) -> str:
    """Hash of plain data, 24 hexadecimal digits, independent of key order."""
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
