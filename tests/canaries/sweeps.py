"""Made-up sweeps for the canaries of inference: every design, shape and defect that counts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from smcollapse.inference import Curves, Replication

SHARES = np.round(np.linspace(0.0, 0.6, 9), 12)
DRAWS = 99
BEFORE, AFTER = (0.0, 0.2), (0.4, 0.6)
OWN = Replication(own_corpora=True)
SPLITS = Replication("re-splits", 700, 300, own_corpora=True)

Truth = Callable[[np.ndarray], np.ndarray]


def kink(x: np.ndarray) -> np.ndarray:
    """A break at .35."""
    return 0.9 - 0.05 * x - 1.1 * np.maximum(x - 0.35, 0.0)


def smooth(x: np.ndarray) -> np.ndarray:
    """A smooth fall around .4."""
    return 0.9 - 0.35 / (1.0 + np.exp(-(x - 0.4) / 0.05))


def two_breaks(x: np.ndarray) -> np.ndarray:
    """A fall between .2 and .4."""
    return 0.9 - 1.4 * np.maximum(x - 0.2, 0.0) + 1.3 * np.maximum(x - 0.4, 0.0)


def flat(x: np.ndarray) -> np.ndarray:
    """Hardly anything."""
    return 0.8 - 0.02 * x


def rise(x: np.ndarray) -> np.ndarray:
    """A measure whose rise is the harm."""
    return 0.05 + 0.8 * np.maximum(x - 0.3, 0.0) ** 1.5


def hump(x: np.ndarray) -> np.ndarray:
    """Better first, then worse."""
    return 0.7 + 0.9 * np.minimum(x, 0.2) - 0.9 * np.maximum(x - 0.35, 0.0)


def step(x: np.ndarray) -> np.ndarray:
    """A jump at .33."""
    return np.where(x < 0.33, 0.85, 0.6)


def sweep(
    truth: Truth,
    n: int = 6,
    sd: float = 0.015,
    *,
    seed: int = 0,
    shares: np.ndarray = SHARES,
    replication: Replication = OWN,
    corpora: int = 0,
    missing: int = 0,
    common: float = 0.0,
) -> Curves:
    """Curves of a truth with noise; some cells missing, some corpora shared, a common part."""
    draws = np.random.default_rng([seed, n, 7])
    noise = draws.normal(0.0, sd, (n, shares.size)) + draws.normal(0.0, 0.5 * sd, (n, 1))
    noise += common * draws.normal(0.0, sd, shares.size)
    labels = None
    if corpora:
        which = np.arange(n) % corpora
        noise += draws.normal(0.0, sd, (corpora, shares.size))[which]
        labels = tuple(tuple(f"{share:g}-{k}" for share in shares) for k in which)
    values = truth(shares) + noise
    for cell in range(missing):
        values[(3 * cell + 1) % n, (2 * cell + 3) % shares.size] = np.nan
    return Curves(shares, values, tuple(range(n)), "rare_recall", replication, labels)


def sweeps() -> dict[str, Curves]:
    """Sweeps by name."""
    return {
        "kink": sweep(kink),
        "smooth": sweep(smooth, sd=0.01),
        "two breaks": sweep(two_breaks, 8, 0.006, shares=np.linspace(0.0, 0.6, 13)),
        "flat": sweep(flat),
        "independent": sweep(kink, replication=Replication(), common=1.5),
        "re-splits": sweep(smooth, 5, replication=SPLITS),
        "missing": sweep(kink, 7, missing=6),
        "shared corpora": sweep(smooth, 8, corpora=3, replication=Replication()),
        "two replicates": sweep(kink, 2),
        "one replicate": sweep(smooth, 1),
        "three replicates": sweep(hump, 3),
        "hump": sweep(hump, 8, 0.008),
        "jump": sweep(step, 6, 0.01),
        "few shares": sweep(kink, shares=np.array([0.0, 0.1, 0.3, 0.45, 0.6, 0.7])),
        "uneven": sweep(smooth, 4, shares=np.array([0.0, 0.05, 0.3, 0.35, 0.4, 0.55, 0.8, 0.9])),
    }


KNOBS = {"width": (1.0, 2.0, 4.0), "filter": ("none", "strict"), "rate": (0.1, 0.5)}


def factorial(n: int = 4, seed: int = 3, kind: str = "points") -> pd.DataFrame:
    """One row per condition and replicate: a change that depends on three knobs."""
    draws = np.random.default_rng(seed)
    level = 0.03 * draws.standard_normal(n)
    rows = []
    for width, filtered, rate in product(*KNOBS.values()):
        strict = float(filtered == "strict")
        truth = -0.1 - 0.02 * width + 0.04 * strict + 0.015 * width * strict + 0.03 * rate
        for replicate in range(n):
            effect = truth + level[replicate] + 0.02 * draws.standard_normal()
            rows.append((width, filtered, rate, replicate, effect))
    table = pd.DataFrame(rows, columns=[*KNOBS, "replicate", "effect"])
    return table.assign(recall=1.0 / (1.0 + np.exp(-5.0 * table["effect"] - 1.0)))


def swept(n: int = 4, seed: int = 4) -> pd.DataFrame:
    """One row per condition, share and replicate: a recall that falls by two knobs."""
    draws = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for a, b in product((0.0, 0.5, 1.0), (1, 2)):
        for replicate in range(n):
            own = 0.01 * draws.standard_normal()
            for share in SHARES:
                knot = 0.25 + 0.1 * a + 0.05 * (b == 2)
                fall = 1.2 * max(share - knot, 0.0)
                value = 0.9 - fall + own + 0.01 * draws.standard_normal()
                rows.append({"a": a, "b": b, "share": share, "replicate": replicate, "y": value})
    return pd.DataFrame(rows)


def tidy(truth: Truth = kink, n: int = 5, *, seed: int = 5) -> pd.DataFrame:
    """A tidy table of one condition with two measures and the corpus of every run."""
    draws = np.random.default_rng(seed)
    rows = [
        {
            "share": share,
            "replicate": replicate,
            "corpus": f"{share:g}-{replicate % 2}",
            "rare_recall": truth(np.array([share]))[0] + 0.012 * draws.standard_normal(),
            "ece": rise(np.array([share]))[0] + 0.004 * draws.standard_normal(),
        }
        for replicate in range(n)
        for share in SHARES
    ]
    return pd.DataFrame(rows)
