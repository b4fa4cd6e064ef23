"""Stacked training against training the same networks one by one in eager torch, on one core.

The peer is the usual program: `nn.Module`, `cross_entropy`, fused AdamW, one network at a time,
with batches already cut. Ours is the loop that studies run (`models.training.train`), gathering of
batches included. Runs alternate; medians are quoted. The last column is the share of the core's
measured single-precision matrix-product rate that our training reaches.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from smcollapse.models import Shape
from smcollapse.models.mlp import Mlps, network
from smcollapse.models.training import Examples, Optimisation, train
from smcollapse.settings import Mlp
from smcollapse.worlds import Inputs


@dataclass(frozen=True)
class Size:
    """A network, its batch, and its inputs: features, or discrete fields."""

    name: str
    inputs: Inputs
    settings: Mlp

    @property
    def flops(self) -> float:
        """Multiply-adds of the linear layers, times 2, times 3 for both directions, per step.

        The first layer of feature inputs needs no gradient with respect to its input.
        """
        s = self.settings
        wide = s.embedding if self.inputs.fields else self.inputs.n_features
        widths = [wide, *[s.width] * s.depth, self.inputs.n_classes]
        products = [a * b for a, b in itertools.pairwise(widths)]
        total = 6.0 * sum(products)
        if not self.inputs.fields:
            total -= 2.0 * products[0]
        return total * s.batch_size


def features(name: str, d: int, width: int, batch: int, depth: int = 1) -> Size:
    return Size(name, Inputs(d, (), 10), Mlp(width=width, depth=depth, batch_size=batch, passes=1))


SIZES = [
    features("tiny: 16 inputs, 32 hidden, batch 64", 16, 32, 64),
    features("small: 32 inputs, 64 hidden, batch 128", 32, 64, 128),
    features("digits: 64 inputs, 64 hidden, batch 64", 64, 64, 64),
    Size("atlas: 600 + 20 embeddings of 32, 64 hidden, batch 512", Inputs(0, (600, 20), 20), Mlp()),
    features("medium: 64 inputs, 128 hidden, batch 256", 64, 128, 256),
    features("large: 128 inputs, 512 hidden, batch 512", 128, 512, 512),
    features("deep: 128 inputs, 2 x 1024 hidden, batch 512", 128, 1024, 512, depth=2),
]


class Eager(torch.nn.Module):
    """The peer's network."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        s, inputs = size.settings, size.inputs
        wide = s.embedding if inputs.fields else inputs.n_features
        self.embeddings = torch.nn.ModuleList(
            torch.nn.Embedding(n, s.embedding) for n in inputs.fields
        )
        layers: list[torch.nn.Module] = []
        for a, b in zip([wide, *[s.width] * (s.depth - 1)], [s.width] * s.depth, strict=True):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(s.width, inputs.n_classes))

    def forward(self, x: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        for field, embedding in enumerate(self.embeddings):
            x = embedding(codes[:, field]) if field == 0 else x + embedding(codes[:, field])
        return self.layers(x)


def pool(size: Size, n: int, device: str) -> Examples:
    generator = torch.Generator().manual_seed(0)
    counts = [0, *size.inputs.fields]
    codes = [
        sum(counts[: i + 1]) + torch.randint(n_codes, (n, 1), generator=generator)
        for i, n_codes in enumerate(size.inputs.fields)
    ]
    return Examples(
        torch.randn(n, size.inputs.n_features, generator=generator),
        torch.cat(codes, dim=1) if codes else torch.empty(n, 0, dtype=torch.long),
        torch.randint(size.inputs.n_classes, (n,), generator=generator),
    ).to(torch.device(device))


def seconds(function: Callable[[], None], device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def stacked(size: Size, data: Examples, steps: int, device: str) -> tuple[Callable[[], None], int]:
    """A run of the stacked loop, and how many network steps it makes."""
    place = torch.device(device)
    shape = Shape(size.inputs, budget=20_000, n_test=20_000)
    members = Mlps().stack_size(size.settings, shape, "cuda" if device == "cuda" else "cpu")
    batch = size.settings.batch_size
    schedule = torch.randint(len(data.label), (steps, members, batch), dtype=torch.int32)
    schedule = schedule.to(place)
    plan = Optimisation(steps, batch, 1e-3, 0.0)
    parameters, forward = network(size.settings, size.inputs, members, place, seed=1, replicate=0)

    def go() -> None:
        train(parameters, forward, data, schedule, plan)

    return go, steps * members


def one_by_one(size: Size, data: Examples, steps: int, device: str) -> Callable[[], None]:
    """A run of the eager loop over one network."""
    model = Eager(size).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    batch = size.settings.batch_size
    offsets = torch.tensor([0, *size.inputs.fields[:-1]], device=device).cumsum(0)
    batches = []
    for start in range(steps):
        rows = slice((start * batch) % (len(data.label) - batch), None)
        x, codes, y = (t[rows][:batch] for t in (data.features, data.codes, data.label))
        batches.append((x, codes - offsets if size.inputs.fields else codes, y))

    def go() -> None:
        for x, codes, y in batches:
            loss = torch.nn.functional.cross_entropy(model(x, codes), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    return go


def product_rate(device: str) -> float:
    """Single-precision matrix-product rate of the device, flop/s, best of several."""
    n = 1024 if device == "cpu" else 8192
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)
    times = [seconds(lambda: torch.mm(a, b), device) for _ in range(12)]
    return 2.0 * n**3 / min(times)


def training_table(device: str = "cpu", runs: int = 9) -> list[dict[str, str]]:
    """One row a size, medians of paired runs."""
    torch.set_num_threads(1)
    peak = product_rate(device)
    rows = []
    for size in SIZES:
        data = pool(size, 20_000, device)
        steps = max(3, int(min(60, 4e9 / size.flops / 8)))
        ours, network_steps = stacked(size, data, steps, device)
        theirs = one_by_one(size, data, 4 * steps, device)
        ours(), theirs()
        pairs = [(seconds(ours, device), seconds(theirs, device)) for _ in range(runs)]
        mine = statistics.median(a for a, _ in pairs) / network_steps
        peer = statistics.median(b for _, b in pairs) / (4 * steps)
        ratio = statistics.median(b / a for a, b in pairs) * network_steps / (4 * steps)
        rows.append(
            {
                "network": size.name,
                "stack": str(network_steps // steps),
                "stacked, µs a step": f"{1e6 * mine:.0f}",
                "one by one, µs a step": f"{1e6 * peer:.0f}",
                "ratio": f"{ratio:.2f}",
                "of the matrix-product rate": f"{size.flops / mine / peak:.0%}",
            }
        )
    return rows


if __name__ == "__main__":
    for row in training_table():
        print(row)
