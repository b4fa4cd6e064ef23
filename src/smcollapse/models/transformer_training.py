"""How stacked transformers are trained, and what they say afterwards.

On a CPU by the kernels of `kernels/transformer.py`, member after member in the cache of a core; on
a CUDA device by `transformer_network.forward`, all members at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.kernels.transformer import fill_answers, train_network
from smcollapse.kernels.transformer_layers import NetworkShape, tile_memory
from smcollapse.models.training import Optimisation, Parameters, cosine
from smcollapse.models.transformer_network import (
    REFERENCE_WIDTH,
    SIZES,
    Network,
    Size,
    forward,
    token_loss,
)

Int32 = NDArray[np.int32]
Float32 = NDArray[np.float32]

WARM_UP = 0.05
"""Share of the steps over which the learning rate rises."""

BETAS = (0.9, 0.98)
"""Decay of the moments of AdamW."""

KERNEL_STEPS = 256
"""Steps that a kernel makes before it returns: an interrupt is seen in between."""

EVALUATION_ROWS = 1024
EVALUATION_FLOATS = 2**26
"""Rows of each member that are answered at a time, and numbers that they may take."""

EQUAL_WEIGHTS: Float32 = np.empty(0, dtype=np.float32)
"""Row weights where all are 1."""


def learning_rate(plan: Optimisation, size: Size, step: int) -> float:
    """Linear warm-up, then a cosine to 0; in proportion to 1/width (Yang et al. 2022)."""
    warm = max(1, round(WARM_UP * plan.steps))
    peak = plan.learning_rate * REFERENCE_WIDTH / size.width
    if step < warm:
        return peak * (step + 1) / warm
    return peak * cosine((step - warm) / max(1, plan.steps - warm))


def train(
    network: Network,
    codes: Int32,
    schedule: Int32,
    plan: Optimisation,
    weights: Float32 | None = None,
    smoothing: float = 0.0,
) -> None:
    """Train all members in place on the mean loss of the next token over their own batches.

    A token counts unless it is padding; a row's weight multiplies its loss, not the number that
    is divided by.
    codes : (n, L) tokens of the pool; schedule : (steps, E, batch_size) its rows
    weights : (E, n) weight of each row in the loss, None if all are 1
    smoothing : ε of label smoothing
    """
    rates = np.array([learning_rate(plan, network.size, step) for step in range(len(schedule))])
    codes = _writable(codes)
    loop = train_compiled if network.device.type == "cpu" else train_torch
    loop(network, codes, schedule, rates, plan.weight_decay, weights, smoothing)


def _writable(codes: Int32) -> Int32:
    """The same numbers as kernels are compiled for; read-only ones would compile them anew."""
    return np.require(codes, dtype=np.int32, requirements=["C", "W"])


def kernel_shape(network: Network) -> NetworkShape:
    """The network's sizes as kernels take them."""
    size, tokens = network.size, network.tokens
    return NetworkShape(
        tokens.vocabulary,
        tokens.length - 1,
        size.width,
        size.depth,
        size.heads,
        size.hidden,
        tokens.padding,
        tokens.answer_at,
    )


def train_compiled(
    network: Network,
    codes: Int32,
    schedule: Int32,
    rates: NDArray[np.float64],
    decay: float,
    weights: Float32 | None,
    smoothing: float,
) -> None:
    """`train` by kernels, on a CPU."""
    shape, flat = kernel_shape(network), network.flat.numpy()
    memory, gradient = tile_memory(shape), np.empty_like(flat[0])
    for member, parameters in enumerate(flat):
        batches = np.ascontiguousarray(schedule[:, member])
        first, second = np.zeros_like(gradient), np.zeros_like(gradient)
        own = EQUAL_WEIGHTS if weights is None else weights[member]
        for start in range(0, len(batches), KERNEL_STEPS):
            part = slice(start, start + KERNEL_STEPS)
            train_network(
                shape,
                parameters,
                gradient,
                first,
                second,
                memory,
                codes,
                batches[part],
                start,
                rates[part],
                decay,
                *BETAS,
                own,
                float(smoothing),
            )


def train_torch(
    network: Network,
    codes: Int32,
    schedule: Int32,
    rates: NDArray[np.float64],
    decay: float,
    weights: Float32 | None,
    smoothing: float,
) -> None:
    """`train` in plain torch, on any device."""
    place = network.device
    leaves = {name: p.clone().requires_grad_() for name, p in network.parameters.items()}
    optimizer = torch.optim.AdamW(
        list(leaves.values()), lr=1.0, betas=BETAS, weight_decay=decay, fused=True
    )
    pool, batches = torch.from_numpy(codes).to(place), torch.from_numpy(schedule).to(place)
    heavy = None if weights is None else torch.from_numpy(weights).to(place)
    with _fast_products(network):
        for step, rate in enumerate(rates.tolist()):
            rows = batches[step].long()
            tokens = pool[rows].long()
            coefficient = _counts(network, tokens).float()
            coefficient = coefficient / coefficient.sum(dim=(1, 2), keepdim=True).clamp(min=1.0)
            if heavy is not None:
                coefficient = coefficient * heavy.gather(1, rows).unsqueeze(2)
            logits = forward(network, leaves, tokens[:, :, :-1])
            optimizer.zero_grad(set_to_none=True)
            loss = token_loss(logits, tokens[:, :, 1:], coefficient, smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
    _copy_back(network, leaves)


@torch.no_grad()
def _copy_back(network: Network, leaves: Parameters) -> None:
    for name, parameter in network.parameters.items():
        parameter.copy_(leaves[name])


def _counts(network: Network, tokens: torch.Tensor) -> torch.Tensor:
    """(E, B, P) whether the next token counts: it is no padding, or it is the answer."""
    counts = tokens[:, :, 1:] != network.tokens.padding
    counts[:, :, network.tokens.answer_at - 1] = True
    return counts


@contextlib.contextmanager
def _fast_products(network: Network) -> Iterator[None]:
    """TF32 products, and bfloat16 ones for the larger sizes, on a CUDA device."""
    before = torch.get_float32_matmul_precision()
    cuda = network.device.type == "cuda"
    torch.set_float32_matmul_precision("high" if cuda else before)
    try:
        large = cuda and network.size.width >= SIZES["mini"].width
        with torch.autocast(network.device.type, dtype=torch.bfloat16, enabled=large):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


Said = tuple[Float32, NDArray[np.float64], NDArray[np.int64]]
"""Chances of every token in place of the answer (E, n, V), sum of the loss over all tokens that
count (E,), and their number (E,)."""


def answers(
    network: Network, codes: Int32, rows: Int32, n_classes: int
) -> tuple[Float32, NDArray[np.float64]]:
    """What the members say of rows (E, n) of codes: probabilities of the answers (E, n, C), and
    the mean loss over all tokens that count (E,), in nats."""
    said: Callable[[Network, Int32, Int32], Said]
    said = said_compiled if network.device.type == "cpu" else said_torch
    found = np.empty((*rows.shape, n_classes), dtype=np.float32)
    loss, count = np.zeros(len(rows)), np.zeros(len(rows))
    first = network.tokens.first_answer
    codes = _writable(codes)
    at_once = len(rows) * network.tokens.vocabulary
    if network.device.type != "cpu":
        at_once *= network.tokens.length
    step = int(np.clip(EVALUATION_FLOATS // at_once, 1, EVALUATION_ROWS))
    for start in range(0, rows.shape[1], step):
        part = np.ascontiguousarray(rows[:, start : start + step])
        chances, total, number = said(network, codes, part)
        chosen = chances[:, :, first : first + n_classes].astype(np.float64)
        chosen /= chosen.sum(axis=2, keepdims=True)
        found[:, start : start + step] = chosen
        loss, count = loss + total, count + number
    return found, loss / count


def said_compiled(network: Network, codes: Int32, rows: Int32) -> Said:
    """What a stack says of rows (E, n), by kernels."""
    shape = kernel_shape(network)
    memory = tile_memory(shape)
    chances = np.empty((*rows.shape, shape.vocabulary), dtype=np.float32)
    loss, count = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    for e, parameters in enumerate(network.flat.numpy()):
        loss[e], count[e] = fill_answers(shape, parameters, memory, codes, rows[e], chances[e])
    return chances, loss, count


@torch.no_grad()
def said_torch(network: Network, codes: Int32, rows: Int32) -> Said:
    """What a stack says of rows (E, n), in plain torch."""
    tokens = torch.from_numpy(codes[rows]).to(network.device).long()
    counts = _counts(network, tokens)
    with _fast_products(network):
        logits = forward(network, network.parameters, tokens[:, :, :-1]).float()
    logs = torch.log_softmax(logits, dim=3)
    given = logs.gather(3, tokens[:, :, 1:].unsqueeze(3)).squeeze(3)
    loss = -(given * counts).sum(dim=(1, 2)).double()
    chances = logs[:, :, network.tokens.answer_at - 1].exp()
    return chances.cpu().numpy(), loss.cpu().numpy(), counts.sum(dim=(1, 2)).cpu().numpy()
