"""The users' files of the canaries: a table, its synthetic rows, texts; written once a process."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from smcollapse.streams import stream
from tests.worlds.tales import paragraphs


@cache
def folder() -> Path:
    """A temporary folder that holds all of them and lasts as long as the process."""
    kept = tempfile.TemporaryDirectory(prefix="smcollapse-canaries-")
    place = Path(kept.name)
    folder.kept = kept  # type: ignore[attr-defined]
    frame = _frame(150)
    frame.to_csv(place / "rows.csv", index=False)
    frame.to_parquet(place / "rows.parquet", index=False)
    np.savez(
        place / "rows.npz",
        part=frame[["height", "weight"]].to_numpy(),
        label=(frame["label"] == "yes").to_numpy(),
    )
    frame.loc[::9, "height"] = np.nan
    frame.to_csv(place / "holes.csv", index=False)
    made = _frame(60, "made").drop(columns=["segment", "note"])
    made.to_csv(place / "made.csv", index=False)
    told = paragraphs(260)
    (place / "tales.txt").write_text("\n\n".join(told), encoding="utf-8")
    texts = place / "texts"
    texts.mkdir()
    (texts / "long.txt").write_text(" ".join(told[:40]).replace("\n", " "), encoding="utf-8")
    (texts / "short.md").write_text("\n\n".join(told[40:60] * 2), encoding="utf-8")
    records = [{"text": one, "body": one[::-1]} for one in told[60:90] * 2]
    lines = "\n".join(json.dumps(record) for record in records)
    (texts / "records.jsonl").write_text(lines, encoding="utf-8")
    return place


def path(name: str) -> str:
    """Path of one of the files."""
    return str(folder() / name)


def _frame(n: int, purpose: str = "rows") -> pd.DataFrame:
    """A table with numeric and categorical columns, some copies, four segments of unequal size."""
    draws = stream(5, 0, f"table of {purpose}")
    u = stream(5, 0, f"columns of {purpose}").uniforms(4 * n).reshape(4, n)
    label = (u[0] < 0.45).astype(int)
    normal = draws.normals(n, 2).astype(np.float64)
    segment = np.searchsorted([0.45, 0.75, 0.9], u[1], side="right")
    turned = np.where(segment == 3, 1 - label, label)
    frame = pd.DataFrame(
        {
            "height": np.round(170.0 + 9.0 * normal[:, 0] + 8.0 * turned, 3),
            "weight": np.round(60.0 + 5.0 * normal[:, 1] - 4.0 * turned + 2.0 * segment, 3),
            "city": np.array(["Oslo", "Quito", "Rome"])[
                np.searchsorted([0.55, 0.85], u[2], side="right")
            ],
            "segment": np.array(["a", "b", "c", "d"])[segment],
            "note": np.arange(n) % 7,
            "label": np.where(label == 1, "yes", "no"),
        }
    )
    frame.iloc[3:9] = frame.iloc[20:26].to_numpy()
    return frame
