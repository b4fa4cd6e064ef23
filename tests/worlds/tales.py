"""A text made by rule, for tests of worlds that read one."""

from __future__ import annotations

import numpy as np

ADJECTIVES = ["old", "red", "small", "quiet", "broken", "golden", "distant", "famous"]
NOUNS = [
    "harbour",
    "engine",
    "garden",
    "letter",
    "bridge",
    "window",
    "teacher",
    "river",
    "market",
    "village",
]
VERBS = ["remembers", "follows", "repairs", "describes", "crosses", "leaves"]


def sentences(n: int, seed: int = 0) -> list[str]:
    """Sentences with Zipf words, each noun with a usual verb."""
    rng = np.random.default_rng(seed)

    def word(words: list[str]) -> str:
        weights = 1.0 / np.arange(1, len(words) + 1)
        return words[rng.choice(len(words), p=weights / weights.sum())]

    found = []
    for _ in range(n):
        noun = word(NOUNS)
        verb = VERBS[NOUNS.index(noun) % len(VERBS)] if rng.random() < 0.8 else word(VERBS)
        found.append(f"The {word(ADJECTIVES)} {noun} {verb} the {word(ADJECTIVES)} {word(NOUNS)}.")
    return found


def paragraphs(n: int, seed: int = 0) -> list[str]:
    """Paragraphs of four sentences."""
    lines = sentences(4 * n, seed)
    return ["\n".join(lines[4 * i : 4 * i + 4]) for i in range(n)]
