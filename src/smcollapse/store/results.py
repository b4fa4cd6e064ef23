"""The results of a study: one Parquet part per finished unit, read back as one tidy table."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from smcollapse.errors import StoreError
from smcollapse.simulate import BIN_COLUMNS, SPLIT_COLUMNS
from smcollapse.store.files import UNSEALED, put, sealed
from smcollapse.study import DeviceClass, Study
from smcollapse.texts import TEXT_COLUMNS
from smcollapse.units import Unit, units_of


@dataclass(frozen=True)
class Store:
    """An opened result folder.

    plan : key and number of cells of every unit of the study, in its order
    """

    folder: Path
    study: Study
    device: DeviceClass
    plan: tuple[tuple[str, int], ...]

    def part(self, key: str) -> Path:
        """Where the rows of the unit with that key are, or will be."""
        return self.folder / "parts" / f"{key}.parquet"

    def missing(self) -> list[Unit]:
        """The units without a part."""
        units = units_of(self.study, self.device)
        return [unit for unit in units if not self.part(unit.key).exists()]

    def count(self) -> tuple[int, int]:
        """Number of models that are finished, and of all models of the study."""
        done = sum(cells for key, cells in self.plan if self.part(key).exists())
        return done, sum(cells for _, cells in self.plan)

    def write(self, unit: Unit, rows: pd.DataFrame, provenance: dict[str, Any]) -> None:
        """Write the part of a unit: temporary file, fsync, rename. Raises StoreError."""
        table = pa.Table.from_pandas(rows, preserve_index=False)
        described = json.dumps({"unit": unit.key, **provenance}).encode()
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), b"smcollapse": described, b"checksum": UNSEALED}
        )
        content = io.BytesIO()
        pq.write_table(table, content, use_dictionary=["variant", "design"])
        target = self.part(unit.key)
        try:
            put(target, sealed(content.getvalue()))
        except OSError as error:
            raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from None

    def _parts(self) -> list[pa.Table]:
        parts = [self._read(key) for key, _ in self.plan if self.part(key).exists()]
        if not parts:
            raise StoreError(f"{self.folder}: no unit is finished yet: run the study first")
        return parts

    def _read(self, key: str) -> pa.Table:
        path = self.part(key)
        try:
            content = path.read_bytes()
            if sealed(content) != content:
                raise ValueError("its checksum does not fit")
            # Arrow's own threads may outlive the interpreter while they hold a Python buffer.
            part = pq.read_table(pa.BufferReader(content), use_threads=False)
            if json.loads(part.schema.metadata[b"smcollapse"])["unit"] != key:
                raise ValueError("it is the part of another unit")
            return part
        except (OSError, pa.ArrowException, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"{path}: is damaged ({reason}): delete this one file and run the study again; "
                "all other parts are kept"
            ) from None

    def table(self, *, complete: bool = False) -> pd.DataFrame:
        """The tidy table of all finished units, in the study's order.

        One row per trained model. With `complete` it has the columns for further work too: the
        reliability diagram's lists, the sizes of splits, examples of text.

        Raises
        ------
        StoreError
            If a part is damaged, or no unit is finished.
        """
        frame: pd.DataFrame = pa.concat_tables(
            self._parts(), promote_options="permissive"
        ).to_pandas()
        variants = ["reference", *(variant.name for variant in self.study.variants)]
        order = {name: number for number, name in enumerate(variants)}
        frame = frame.sort_values(
            ["variant", "share", "replicate"],
            key=lambda column: column.map(order) if column.name == "variant" else column,
            kind="stable",
            ignore_index=True,
        )
        further = [*BIN_COLUMNS, *SPLIT_COLUMNS, *TEXT_COLUMNS]
        return frame if complete else frame.drop(columns=further, errors="ignore")

    def provenance(self) -> list[dict[str, Any]]:
        """What each finished unit says of its making: versions, device, times, memory."""
        return [json.loads(part.schema.metadata[b"smcollapse"]) for part in self._parts()]
