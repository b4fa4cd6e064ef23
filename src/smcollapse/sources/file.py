"""The user's own synthetic rows, read from a file beside the real table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from smcollapse.errors import DataError
from smcollapse.settings import FileSource
from smcollapse.sources.shrunken import synthetic_rows
from smcollapse.streams import stream
from smcollapse.worlds import Rows, Table
from smcollapse.worlds.encoding import clean
from smcollapse.worlds.reading import read_frame
from smcollapse.worlds.table import distinct_examples


@dataclass(frozen=True)
class File:
    """Rows of the file in an order that each replicate draws anew."""

    settings: FileSource
    seed: int
    replicate: int
    world: Table

    @cached_property
    def _rows(self) -> Rows:
        file = Path(self.settings.path).name
        real = self.world.settings
        frame = read_frame(self.settings.path)
        used = [*self.world.encoding.numeric, *real.categorical, real.label]
        frame = frame[[name for name in used if name in frame.columns]]
        frame = clean(frame, real.model_copy(update={"group": None, "drop": ()}), file)
        if frame.empty:
            raise DataError(f"{file}: no rows are left after dropping rows with missing values")
        features = self.world.encoding.features(frame, file)
        label = self.world.encoding.labels(frame, file)
        size = self.world.train_size
        assert size is not None
        training = self.world.real(self.seed, self.replicate, size)
        style = stream(self.seed, self.replicate, "synthetic style").uniforms(len(label))
        return synthetic_rows(
            self.world,
            training,
            features,
            label,
            label,
            (style < self.settings.detectability).astype(np.int8),
            distinct_examples(features, label),
        )

    def sample(self, n: int) -> Rows:
        """The first n rows; the file is gone through again where it has fewer."""
        order = stream(self.seed, self.replicate, "synthetic order").permutation(len(self._rows))
        return self._rows.take(np.resize(order, n))
