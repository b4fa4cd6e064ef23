"""Simulated sweeps of known truth: the noise types under which inference is held to its word.

The base design is 13 shares from 0 to .6, 10 replicates, noise s.d. .02, a break at .40. A case
names what differs from it. Every draw comes from a generator seeded by the case and the number of
the data set.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from smcollapse.inference import Curves, Replication
from smcollapse.inference.resampling import Array
from tests.verification.inference.truths import Truth, kink

SD = 0.02


@dataclass(frozen=True)
class Case:
    """One noise type: how a data set is drawn, and how it is declared."""

    name: str
    truth: Truth
    shares: tuple[float, ...] = tuple(np.round(np.linspace(0.0, 0.6, 13), 12))
    replicates: int = 10
    noise: str = "independent"
    corpora: int | None = None  # corpora a share; None: every run its own
    corpus_part: float = 0.5  # of the variance of a run
    declared: bool = True
    missing: float = 0.0
    unequal: bool = False
    split: tuple[int, int] | None = None
    knot: float | None = 0.4
    trials: int | None = None  # rows behind a proportion: binomial responses
    sd: float = SD
    own_corpora: bool = False  # known to be so: scatter of the mean is not looked into

    @property
    def beyond_pooling(self) -> bool:
        """Whether few replicates pool, as equal at all shares, noise that is not."""
        return self.replicates < 4 and self.noise in ("growing", "heteroscedastic")

    def draw(self, number: int) -> Curves:
        """Data set ``number`` of this case."""
        generator = np.random.default_rng([zlib.crc32(self.name.encode()), number])
        x = np.array(self.shares)
        values = self.truth(x) + self._noise(generator, x)
        if self.trials is not None:
            chance = np.clip(values, 0.0, 1.0)
            values = generator.binomial(self.trials, chance) / self.trials
        corpora = None
        if self.corpora is not None:
            which = np.arange(self.replicates) % self.corpora
            effects = (
                np.sqrt(self.corpus_part)
                * self.sd
                * generator.standard_normal((x.size, self.corpora))
            )
            values = values + effects[:, which].T
            if self.declared:
                corpora = tuple(tuple(f"{s}-{k}" for s in range(x.size)) for k in which)
        values = self._thinned(generator, values)
        replication = Replication(own_corpora=self.own_corpora)
        if self.split is not None:
            replication = Replication("re-splits", *self.split)
        return Curves(x, values, tuple(range(len(values))), self.name, replication, corpora=corpora)

    def _noise(self, generator: np.random.Generator, x: Array) -> Array:
        shape = (self.replicates, x.size)
        own = self.sd if self.corpora is None else self.sd * np.sqrt(1.0 - self.corpus_part)
        z = generator.standard_normal(shape)
        if self.noise == "independent":
            unit = z
        elif self.noise == "heteroscedastic":
            unit = z * np.linspace(0.4, 1.6, x.size)
        elif self.noise.startswith("AR"):
            unit = _autoregressive(z, float(self.noise.split()[1]))
        elif self.noise == "growing":
            unit = z * np.linspace(0.25, 1.75, x.size)
        elif self.noise in ("nested", "nested .9"):
            level = 0.5 if self.noise == "nested" else 0.9
            levels = generator.standard_normal((shape[0], 1))
            unit = np.sqrt(1.0 - level) * z + np.sqrt(level) * levels
        elif self.noise == "nested slopes":
            slopes = generator.standard_normal((shape[0], 1)) * (x - x.mean()) / x.std()
            unit = (z + generator.standard_normal((shape[0], 1)) + slopes) / np.sqrt(3.0)
        elif self.noise == "heavy tails":
            unit = generator.standard_t(3.0, shape) / np.sqrt(3.0)
        elif self.noise == "none":
            unit = np.zeros(shape)
        else:
            raise ValueError(self.noise)
        if self.split is not None:  # rows that the re-splits have in common
            part = self.split[1] / sum(self.split)
            unit = np.sqrt(1.0 - part) * unit + np.sqrt(part) * generator.standard_normal(x.size)
        return own * unit

    def _thinned(self, generator: np.random.Generator, values: Array) -> Array:
        values = values.copy()
        if self.missing:
            gone = generator.random(values.shape) < self.missing
            gone[:2] = False  # two complete replicates
            values[gone] = np.nan
        if self.unequal:  # from 10 replicates at the ends down to 4 in the middle
            counts = np.round(np.linspace(10, 4, values.shape[1] // 2 + 1)).astype(int)
            counts = np.r_[counts, counts[-2::-1]][: values.shape[1]]
            for share, count in enumerate(counts):
                values[count:, share] = np.nan
        return values


def _autoregressive(z: Array, correlation: float) -> Array:
    noise = z.copy()
    for j in range(1, z.shape[1]):
        noise[:, j] = correlation * noise[:, j - 1] + np.sqrt(1 - correlation**2) * z[:, j]
    return noise


def _grid(n: int) -> tuple[float, ...]:
    return tuple(np.round(np.linspace(0.0, 0.6, n), 12))


BASE = Case("independent", kink())
NOISES: tuple[Case, ...] = (
    BASE,
    replace(BASE, name="heteroscedastic", noise="heteroscedastic"),
    replace(BASE, name="AR .5", noise="AR .5"),
    replace(BASE, name="AR .8", noise="AR .8"),
    replace(BASE, name="nested (replicate intercepts)", noise="nested"),
    replace(BASE, name="nested (intercepts and slopes)", noise="nested slopes"),
    replace(BASE, name="heavy tails (t, 3 d.f.)", noise="heavy tails"),
    replace(
        BASE,
        name="bounded near 1 (binomial, 200 rows)",
        noise="none",
        trials=200,
        truth=kink(start=0.985, before=-0.02),
    ),
    replace(
        BASE,
        name="bounded near 0 (binomial, 200 rows)",
        noise="none",
        trials=200,
        truth=kink(start=0.03, before=0.02, change=0.6),
    ),
    replace(BASE, name="one corpus a share, declared", corpora=1),
    replace(BASE, name="one corpus a share, not declared", corpora=1, declared=False),
    replace(BASE, name="three corpora a share", corpora=3, replicates=9),
    replace(BASE, name="three corpora a share, AR .5", corpora=3, replicates=9, noise="AR .5"),
    replace(BASE, name="unequal replicates (10 to 4)", unequal=True),
    replace(BASE, name="missing cells (15 %)", missing=0.15),
    replace(BASE, name="missing cells (15 %), nested", missing=0.15, noise="nested"),
    replace(BASE, name="7 shares", shares=_grid(7)),
    replace(BASE, name="5 shares", shares=_grid(5), knot=0.3, truth=kink(0.3)),
    replace(BASE, name="break near the right edge (.52)", knot=0.52, truth=kink(0.52)),
    replace(BASE, name="break near the left edge (.08)", knot=0.08, truth=kink(0.08, -0.05, -0.6)),
    *(
        replace(BASE, name=f"{replicates} replicates{words}", replicates=replicates, noise=noise)
        for replicates in (2, 3)
        for noise, words in (
            ("independent", ""),
            ("AR .5", ", AR .5"),
            ("AR .8", ", AR .8"),
            ("nested", ", nested"),
            ("heteroscedastic", ", heteroscedastic"),
        )
    ),
    replace(BASE, name="re-splits of one table (80 / 20)", split=(800, 200)),
    replace(BASE, name="slope change -.4", truth=kink(change=-0.4)),
    replace(BASE, name="slope change -.4, AR .5", truth=kink(change=-0.4), noise="AR .5"),
)
"""The break is there: coverage of its band, of the benchmark share's and of the safe share."""
