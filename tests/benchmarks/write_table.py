"""Re-make BENCHMARKS.md: every speed that the project states, measured on this machine."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numba
import numpy
import torch

from tests.benchmarks import (
    bench_draws,
    bench_inference,
    bench_theory,
    bench_training,
    bench_transformer,
)

ROOT = Path(__file__).resolve().parents[2]


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows of equal keys as a Markdown table."""
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_shown(row[c]) for c in columns) + " |" for row in rows]
    return "\n".join(lines)


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def inference() -> str:
    """The section on knots and breaks."""
    measured = bench_inference.locate()
    title, _, design = (bench_inference.__doc__ or "").partition("\n\n")
    return f"""## Inference

{title}
{design.strip()}

The knot of the kink: root mean square error, coverage of the 95 % band, and the time of one table,
after one untimed call. "time over" is the median ratio to ours on the same data sets, under
independent noise; below 1 the other is faster. ± is one Monte-Carlo standard error. `SegmentedOLS`
has the content of `Fit`: knot, slopes, their large-sample errors. `break_point` inverts a test with
999 simulated draws instead. `onset` holds the knot and band of `break_point`. `n_boot=0` leaves out
the restarts of `Fit`. ruptures places a knot on a share only; .40 is a share, which flatters it.

{markdown(bench_inference.location_table(measured))}

What was required:

{markdown(bench_inference.requirement_table(measured))}

How often a break is shown, over {bench_inference.SETS} data sets each: power under the kink, false
alarms elsewhere. Tests at .05; pwlf by BIC, ruptures by PELT with the penalty 2 σ² log n. The
p-value of `Fit` depends on the order of the rows, and is nan where a place that it tries leaves a
singular design, as in rows sorted by share; nan counts as no break shown.

{markdown(bench_inference.alarm_table())}
"""


def start_up(runs: int = 7) -> list[dict[str, str]]:
    """Seconds of whole processes that do next to nothing, medians."""
    program = str(Path(sys.executable).with_name("smcollapse"))
    rows = []
    commands = (["--help"], ["run", "--help"], ["studies"], ["predict", "--help"])
    for arguments in commands:
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            subprocess.run([program, *arguments], check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        median = f"{statistics.median(times):.2f}"
        rows.append({"command": f"smcollapse {' '.join(arguments)}", "seconds": median})
    return rows


def processor() -> str:
    """Name of the processor where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md")
    options = parser.parse_args()
    where = torch.cuda.get_device_name() if options.device == "cuda" else processor()
    versions = f"numpy {numpy.__version__}, numba {numba.__version__}, torch {torch.__version__}"
    text = f"""# Benchmarks

Re-made by `make bench`. Every comparison runs both sides in turn in one process, on one thread,
and quotes medians; absolute times are of one shared, noisy machine, ratios travel better.

Machine: {where}, {os.cpu_count()} cores visible, Python {platform.python_version()}, {versions}.

## Draws

Ours against vectorised NumPy (`Generator(PCG64)`) drawing from the same distribution, and against
`torch.normal_`. "ratio" is their time over ours.

{markdown(bench_draws.draw_table())}

## Training

{bench_training.__doc__.splitlines()[0]} "ratio" is
the peer's time over ours. One step is one network's forward, backward and optimizer step on one
batch, the gathering of the batch counted for ours only. The stack size is the one that studies use
for that shape. The largest networks are limited by the matrix products themselves, in which both
sides are equal.

{markdown(bench_training.training_table(options.device))}

## Transformers

{bench_transformer.__doc__.strip()}

{markdown(bench_transformer.transformer_table(options.device))}

## Theory

{bench_theory.__doc__.splitlines()[0]}
{bench_theory.__doc__.splitlines()[2]}

{markdown(bench_theory.theory_table())}

A phase diagram is the whole command, start-up and figures included:

{markdown(bench_theory.phase_diagram())}

{inference()}
## Start-up

{markdown(start_up())}
"""
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
