"""All canaries, by layer."""

from __future__ import annotations

from tests.canaries import (
    answers,
    designs,
    estimators,
    inference,
    measures,
    networks,
    questions,
    searches,
    theory,
    training,
    worlds,
)
from tests.canaries.tables import Canaries

INFERENCE = (inference, estimators, answers, questions, searches, designs)

CANARIES: dict[str, Canaries] = {
    "worlds": worlds.canaries(),
    "training": training.canaries() | networks.canaries(),
    "measures": measures.canaries(),
    "theory": theory.canaries(),
    "inference": {name: one for part in INFERENCE for name, one in part.canaries().items()},
}
