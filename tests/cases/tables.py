"""Small tables on which the right answer is known by construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

EVEN = np.round(np.linspace(0.0, 0.6, 13), 2)
TENTHS = np.round(np.linspace(0.0, 1.0, 11), 1)


def kink(knot: float, slope: float = -1.0, level: float = 0.9) -> Callable[[float], float]:
    """Flat to the knot, straight from there."""
    return lambda share: level + slope * max(share - knot, 0.0)


def table(
    curve: Callable[[float], float],
    shares: Sequence[float] | np.ndarray = EVEN,
    replicates: int = 6,
    sd: float = 0.01,
    seed: int = 0,
    name: str = "recall",
    replicate: str = "replicate",
) -> pd.DataFrame:
    """One row per share and replicate: the curve and independent noise."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {"share": share, replicate: r, name: curve(share) + sd * generator.standard_normal()}
            for r in range(replicates)
            for share in shares
        ]
    )


def conditions(curves: dict[str, Callable[[float], float]], **settings: object) -> pd.DataFrame:
    """Several tables under each other, told apart by the column "generator"."""
    return pd.concat(
        [
            table(curve, seed=number, **settings).assign(generator=label)  # type: ignore[arg-type]
            for number, (label, curve) in enumerate(curves.items())
        ],
        ignore_index=True,
    )
