"""Canaries of layer `inference`: studies that the package carries, and the published claim."""

from __future__ import annotations

from typing import Any

from smcollapse.questions.claim import published_claim
from smcollapse.questions.limitations import studies, worlds
from smcollapse.questions.limitations.limits import reduced
from smcollapse.scenario import Scenario
from smcollapse.store import Store
from smcollapse.study import Study
from smcollapse.study_file import load_study, presets
from tests.canaries.tables import Canaries, Canary


class _Lab:
    """Keeps the studies that analyses ask for instead of training them."""

    def __init__(self) -> None:
        self.asked: list[Study] = []
        self.used: dict[str, int] = {}

    def run(self, study: Study, *args: Any, **settings: Any) -> Store:
        self.asked += [
            study,
            reduced(study, settings.get("quick_replicates", 5), settings.get("quick_shares")),
        ]
        return None  # type: ignore[return-value]

    def say(self, text: str) -> None:
        """Nothing is told."""


def lab() -> Any:
    return _Lab()


def design(study: Study) -> dict[str, Any]:
    """What a study is: its size, and one number for each setting over all of its conditions.

    Settings stand one by one: one that is added to the package moves none of the others.
    """
    settings: dict[str, list[float]] = {}
    known = study.conditions()
    for place, one in enumerate(known):
        for part, values in one.scenario.describe().items():
            for name, value in values.items():
                column = settings.setdefault(f"{part}.{name}", [0.0] * len(known))
                column[place] = _number(value)
    sums = {
        name: sum(value * (1.0 + 0.37 * place) for place, value in enumerate(column))
        for name, column in settings.items()
    }
    size = [study.seed, study.replicates, len(known)]
    return {"size": size, "settings": sums}


def settings_of(scenario: Scenario) -> dict[str, float]:
    """Every setting of a scenario as a number."""
    described = scenario.describe().items()
    return {f"{p}.{name}": _number(v) for p, values in described for name, v in values.items()}


def _number(value: Any) -> float:
    """A setting as a number: words by their letters."""
    if isinstance(value, str | list):
        return float(sum((place + 1) * ord(letter) for place, letter in enumerate(str(value))))
    return float(value)


def designs() -> dict[str, Any]:
    """Studies that the package carries, those of the limitations, and the published claim."""
    asking = lab()
    for module in (studies, worlds):
        for name in (
            "reference",
            "budgets",
            "noises",
            "clusters",
            "logistic",
            "templates",
            "coverages",
            "small_budget",
            "temperings",
            "detectabilities",
        ):
            if hasattr(module, name):
                getattr(module, name)(asking)
    worlds.detectabilities(asking, worlds.SHORT)
    return {
        "presets": {
            name: design(load_study(name)) for name in presets() if not name.startswith("my-")
        },
        "limitations": [design(study) for study in asking.asked],
        "claim": published_claim(),
        "shares": worlds.reference_shares(),
    }


def canaries() -> Canaries:
    """The canary of all designs."""
    return {"designs": Canary(designs)}
