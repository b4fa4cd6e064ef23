"""All canaries, by layer."""

from __future__ import annotations

from tests.canaries import answers, inference, measures, theory, training, worlds
from tests.canaries.tables import Canaries

CANARIES: dict[str, Canaries] = {
    "worlds": worlds.canaries(),
    "training": training.canaries(),
    "measures": measures.canaries(),
    "theory": theory.canaries(),
    "inference": inference.canaries() | answers.canaries(),
}
