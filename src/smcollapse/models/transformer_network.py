"""Stacks of decoder-only transformers: sizes, initial weights, and what they compute.

x = embedding + position;  x += W_o attention(norm x);  x += W_down relu(W_up norm x);  after the
last layer logits = embedding · norm x. Norms are RMSNorm without gains, nothing has a bias: gains
and the scale of the embedding say the same twice. Parameters of E networks are (E, out, in).

Here it is written in plain torch, for CUDA devices and as the reference of the compiled kernels
of `kernels/transformer.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from smcollapse.kernels.transformer_layers import EPSILON
from smcollapse.models.training import Parameters
from smcollapse.streams import stream
from smcollapse.worlds import Tokens


@dataclass(frozen=True)
class Size:
    """Width d, layers, heads, and hidden units of each layer."""

    width: int
    depth: int
    heads: int
    hidden: int


SIZES = {
    "nano": Size(width=32, depth=1, heads=2, hidden=64),
    "micro": Size(width=64, depth=2, heads=4, hidden=128),
    "mini": Size(width=256, depth=4, heads=4, hidden=1024),
    "small": Size(width=512, depth=8, heads=8, hidden=2048),
}

REFERENCE_WIDTH = 32
"""Learning rates are those of networks of this width; wider ones take less, as 1/width."""

EMBEDDING_SCALE = 0.5
"""Times 1/√d: standard deviation of initial embeddings and positions."""


@dataclass(frozen=True)
class Network:
    """A stack of E networks.

    flat : (E, n) all parameters of each; parameters : name → (E, …), parts of it
    """

    size: Size
    tokens: Tokens
    members: int
    flat: torch.Tensor
    parameters: Parameters

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return self.flat.device


def parameter_shapes(size: Size, tokens: Tokens) -> dict[str, tuple[int, int, float]]:
    """Rows, columns and initial standard deviation of each parameter.

    The last token of a row is never read, so there are L − 1 positions. What adds to x starts
    smaller by the root of how many such matrices there are (Radford et al. 2019).
    """
    d, small = size.width, math.sqrt(2.0 * size.depth)
    seen = EMBEDDING_SCALE / math.sqrt(d)
    shapes = {"embedding": (tokens.vocabulary, d, seen), "position": (tokens.length - 1, d, seen)}
    for layer in range(size.depth):
        shapes[f"attention_{layer}"] = (3 * d, d, 1.0 / math.sqrt(d))
        shapes[f"mixed_{layer}"] = (d, d, 1.0 / (math.sqrt(d) * small))
        shapes[f"up_{layer}"] = (size.hidden, d, math.sqrt(2.0 / d))
        shapes[f"down_{layer}"] = (d, size.hidden, 1.0 / (math.sqrt(size.hidden) * small))
    return shapes


def parameter_count(size: Size, tokens: Tokens) -> int:
    """Number of parameters of one network."""
    return sum(rows * columns for rows, columns, _ in parameter_shapes(size, tokens).values())


def flops_per_token(size: Size, tokens: Tokens) -> float:
    """Floating-point operations of training on one token: 6 a weight, and attention.

    Every weight counts one multiply-add a token forward and two backward, of the embedding only
    as output; a query is multiplied with (L − 1)/2 keys and as many values on average.
    """
    products = parameter_count(size, tokens) - (tokens.length - 1) * size.width
    attention = size.depth * size.width * (tokens.length - 1)
    return 6.0 * (products + attention)


def initial_network(
    size: Size,
    tokens: Tokens,
    members: int,
    device: torch.device,
    seed: int,
    replicate: int,
    purpose: str = "initial weights",
) -> Network:
    """A stack of equal networks: all of a replicate start from the same weights."""
    flat = torch.empty(members, parameter_count(size, tokens), device=device)
    parameters, start = {}, 0
    for name, (rows, columns, scale) in parameter_shapes(size, tokens).items():
        draws = stream(seed, replicate, purpose, name).normals(rows, columns)
        draws *= np.float32(scale)
        stop = start + rows * columns
        part = flat[:, start:stop].view(members, rows, columns)
        part.copy_(torch.from_numpy(draws))
        parameters[name], start = part, stop
    return Network(size, tokens, members, flat, parameters)


def expanded(network: Network, member: NDArray[np.int64]) -> Network:
    """A stack of copies: member e is member `member[e]` of the network, (E,)."""
    flat = network.flat.index_select(0, torch.from_numpy(member).to(network.device))
    parameters, start = {}, 0
    for name, parameter in network.parameters.items():
        stop = start + parameter[0].numel()
        parameters[name] = flat[:, start:stop].view(len(member), *parameter.shape[1:])
        start = stop
    return Network(network.size, network.tokens, len(member), flat, parameters)


def forward(network: Network, parameters: Parameters, tokens: torch.Tensor) -> torch.Tensor:
    """Logits (E, B, P, V) of the next token after each of the tokens (E, B, P), P ≤ L − 1."""
    members, batch, positions = tokens.shape
    d, heads = network.size.width, network.size.heads
    index = tokens.reshape(members, -1, 1).expand(-1, -1, d)
    x = parameters["embedding"].gather(1, index).view(members, batch, positions, d)
    x = (x + parameters["position"][:, None, :positions]).view(members, -1, d)
    for layer in range(network.size.depth):
        qkv = torch.bmm(normed(x), parameters[f"attention_{layer}"].mT)
        split = qkv.view(members * batch, positions, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(split[0], split[1], split[2], is_causal=True)
        seen = seen.transpose(1, 2).reshape(members, -1, d)
        x = x + torch.bmm(seen, parameters[f"mixed_{layer}"].mT)
        hidden = torch.relu(torch.bmm(normed(x), parameters[f"up_{layer}"].mT))
        x = x + torch.bmm(hidden, parameters[f"down_{layer}"].mT)
    logits = torch.bmm(normed(x), parameters["embedding"].mT)
    return logits.view(members, batch, positions, -1)


def normed(x: torch.Tensor) -> torch.Tensor:
    """x over the root of its mean square along the last dimension."""
    return functional.rms_norm(x, x.shape[-1:], eps=EPSILON)


def token_loss(
    logits: torch.Tensor, target: torch.Tensor, coefficient: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """Σ coefficient · cross entropy with the target, a sum over members too.

    logits : (E, B, P, V); target : (E, B, P); coefficient : (E, B, P), 0 where none counts
    """
    loss = functional.cross_entropy(
        logits.flatten(0, 2).float(),
        target.flatten(),
        reduction="none",
        label_smoothing=smoothing,
    )
    return torch.dot(loss, coefficient.flatten())
