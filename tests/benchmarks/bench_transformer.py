"""Training of small transformers against the same networks one by one in eager torch, one core.

The peer is the usual program: `nn.Module` with linear layers, `nn.RMSNorm`,
`scaled_dot_product_attention(is_causal=True)` and tied embeddings, `cross_entropy` that ignores
padding, fused AdamW, one network at a time, with batches already cut. Ours is the loop that studies
run (`models.transformer_training.train`), gathering of batches included. The sides run in turn, in
slices of a fraction of a second; medians of paired ratios are quoted. A token is one of the L of a
row, padding included, on both sides. The last column counts the operations of the model
(`flops_per_token`, every position) over the measured rate of large matrix products, in the
precision of the training: ours leaves out positions whose next token is padding, so it can pass
100 %.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from smcollapse.models.training import Optimisation
from smcollapse.models.transformer_network import (
    SIZES,
    Size,
    flops_per_token,
    initial_network,
)
from smcollapse.models.transformer_training import train
from smcollapse.settings import LanguageWorld
from smcollapse.worlds import Tokens, world_of


@dataclass(frozen=True)
class Case:
    """A network and its text: random tokens, or sentences of the world `language`."""

    name: str
    size: str
    tokens: Tokens
    sentences: bool = False
    batch: int = 32


LANGUAGE = world_of(LanguageWorld())
assert LANGUAGE.inputs.tokens is not None
CASES = [
    Case("nano, sentences of `language`", "nano", LANGUAGE.inputs.tokens, sentences=True),
    Case("nano, rows of 12, none padded", "nano", Tokens(298, 12, 10, 288, 0)),
    Case("nano, rows of 32, 512 words", "nano", Tokens(512, 32, 31, 0, -1)),
    Case("micro, rows of 32, 512 words", "micro", Tokens(512, 32, 31, 0, -1)),
]
CUDA_CASES = [
    *CASES,
    Case("mini, rows of 128, 4096 words", "mini", Tokens(4096, 128, 127, 0, -1)),
    Case("small, rows of 128, 4096 words", "small", Tokens(4096, 128, 127, 0, -1)),
]


class Block(nn.Module):
    """A layer of the peer's network."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        d, self.heads = size.width, size.heads
        self.before, self.between = nn.RMSNorm(d), nn.RMSNorm(d)
        self.qkv, self.mix = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.up = nn.Linear(d, size.hidden, bias=False)
        self.down = nn.Linear(size.hidden, d, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, d = x.shape
        qkv = self.qkv(self.before(x)).view(batch, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(batch, length, d))
        return x + self.down(functional.relu(self.up(self.between(x))))


class Eager(nn.Module):
    """The peer's network."""

    def __init__(self, size: Size, tokens: Tokens) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens.vocabulary, size.width)
        self.position = nn.Parameter(0.02 * torch.randn(tokens.length - 1, size.width))
        self.blocks = nn.Sequential(*[Block(size) for _ in range(size.depth)])
        self.last = nn.RMSNorm(size.width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens) + self.position
        return functional.linear(self.last(self.blocks(x)), self.embedding.weight)


def text(case: Case, n: int) -> np.ndarray:
    """(n, L) tokens; a third of those of the sentences are padding."""
    if case.sentences:
        return LANGUAGE.real(1, 0, n).codes
    draws, tokens = np.random.default_rng(0), case.tokens
    codes = draws.integers(1, tokens.vocabulary, size=(n, tokens.length))
    return codes.astype(np.int32)


def ours(
    case: Case, codes: np.ndarray, steps: int, members: int, device: str
) -> Callable[[], None]:
    """A run of the stacked loop."""
    network = initial_network(SIZES[case.size], case.tokens, members, torch.device(device), 1, 0)
    schedule = np.random.default_rng(1).integers(len(codes), size=(steps, members, case.batch))
    plan = Optimisation(steps, case.batch, 1e-3, 0.0)
    batches = schedule.astype(np.int32)

    def go() -> None:
        train(network, codes, batches, plan)

    return go


def theirs(case: Case, codes: np.ndarray, steps: int, device: str) -> Callable[[], None]:
    """A run of the eager loop over one network."""
    model = Eager(SIZES[case.size], case.tokens).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    rows = np.random.default_rng(1).integers(len(codes), size=(steps, case.batch))
    batches = [torch.from_numpy(codes[batch]).long().to(device) for batch in rows]
    half = device == "cuda" and case.size in ("mini", "small")

    def go() -> None:
        for tokens in batches:
            with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
                logits = model(tokens[:, :-1])
                loss = functional.cross_entropy(
                    logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=case.tokens.padding
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    return go


def seconds(function: Callable[[], None], device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def product_rate(device: str, half: bool) -> float:
    """Matrix-product rate of the device, flop/s, best of several."""
    n, kind = (1024 if device == "cpu" else 8192), torch.bfloat16 if half else torch.float32
    a, b = torch.randn(n, n, device=device).to(kind), torch.randn(n, n, device=device).to(kind)
    return 2.0 * n**3 / min(seconds(lambda: torch.mm(a, b), device) for _ in range(12))


def transformer_table(device: str = "cpu", runs: int = 31) -> list[dict[str, str]]:
    """One row a case, medians of paired runs."""
    torch.set_num_threads(1)
    rows = []
    for case in CUDA_CASES if device == "cuda" else CASES:
        codes, members = text(case, 4000), 32 if device == "cuda" else 1
        mine, peer = ours(case, codes, 120, members, device), theirs(case, codes, 24, device)
        mine(), peer()
        pairs = [(seconds(mine, device) / 120, seconds(peer, device) / 24) for _ in range(runs)]
        step = statistics.median(a for a, _ in pairs) / members
        other = statistics.median(b for _, b in pairs)
        read = case.batch * case.tokens.length
        flops = flops_per_token(SIZES[case.size], case.tokens) * case.batch
        flops *= case.tokens.length - 1
        half = device == "cuda" and case.size in ("mini", "small")
        rows.append(
            {
                "network": case.name,
                "ours, µs a step": f"{1e6 * step:.0f}",
                "one by one, µs a step": f"{1e6 * other:.0f}",
                "ratio": f"{statistics.median(b / a for a, b in pairs) * members:.2f}",
                "ours, million tokens/s": f"{read / step / 1e6:.2f}",
                "one by one": f"{read / other / 1e6:.2f}",
                "of the matrix-product rate": f"{flops / step / product_rate(device, half):.0%}",
            }
        )
    return rows


if __name__ == "__main__":
    for row in transformer_table("cuda" if torch.cuda.is_available() else "cpu"):
        print(row)
