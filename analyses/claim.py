"""In which worlds would the published numbers be true, and does training there confirm it?

Claim     Onset at 38-42 %, rare-case recall -21 %, mean confidence +13 %, ECE +0.07, all at once.
Design    Worlds of 14 settings searched by theory alone (`smcollapse calibrate`), both readings of
          the percentages; the preset `claim` is one world of the relative reading, trained with 10
          replicates and a real_only control.
Estimate  The set of worlds within tolerance: which targets meet jointly, how far each setting may
          vary; the measured answer of the preset beside the claim and beside its prediction.
Figure    Settings of the set against the box, predicted curves; theory through the trained points.

    python analyses/claim.py [--out results/claim] [--points 4000]

writes `paper/data/claim-calibration.json`, `paper/data/claim-answer.json` and figures in
`paper/figures`.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import smcollapse

PAPER = Path(__file__).resolve().parents[1] / "paper"


def main() -> None:
    """Search, train what is missing, compare, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/claim"))
    parser.add_argument("--points", type=int, default=4000)
    options = parser.parse_args()

    found = smcollapse.calibrate(points=options.points)
    result = smcollapse.run_study(smcollapse.load_study("claim"), options.out, device="cpu")
    answer = smcollapse.answer_of(result.store)
    compared = smcollapse.validate_store(result.store, "counts")

    beside = options.out.with_name(options.out.name + "-theory")
    drawn = smcollapse.write_calibrations(found, beside)
    smcollapse.write_validation(compared, beside)

    for folder in ("data", "figures"):
        (PAPER / folder).mkdir(parents=True, exist_ok=True)
    _write("claim-calibration", [one.to_dict() for one in found])
    _write("claim-answer", answer.to_dict())
    for image in (path for path in drawn if path.suffix == ".png"):
        shutil.copyfile(image, PAPER / "figures" / f"claim-{image.name}")
    shutil.copyfile(beside / "counts.png", PAPER / "figures" / "claim-validation.png")
    for one in found:
        print(one.text)
    print(answer.text)


def _write(name: str, value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    (PAPER / "data" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
