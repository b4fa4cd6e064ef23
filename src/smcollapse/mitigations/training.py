"""Other training on the same rows: real data last, smoothed labels, an ensemble."""

from __future__ import annotations

from smcollapse.mitigations.base import Hooks, plain, with_part
from smcollapse.scenario import Scenario
from smcollapse.settings import Ensemble, LabelSmoothing, Mlp, RealDataLast


def real_data_last(settings: RealDataLast, scenario: Scenario) -> Hooks:
    """The last part of the steps on real rows alone."""
    return Hooks(plain(scenario), real_last=settings.last)


def label_smoothing(settings: LabelSmoothing, scenario: Scenario) -> Hooks:
    """Smoothed targets."""
    return Hooks(plain(scenario), smoothing=settings.smoothing)


def ensemble(settings: Ensemble, scenario: Scenario) -> Hooks:
    """Several networks, each with its part of the passes or with all of them."""
    model = scenario.model
    if settings.saves == "nothing" or not isinstance(model, Mlp):
        return Hooks(plain(scenario), members=settings.members)
    passes = model.passes / settings.members
    return Hooks(with_part(scenario, "model", passes=passes), members=settings.members)
