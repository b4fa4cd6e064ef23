"""Text that a transformer really generates: one network, trained on given rows, then sampled."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from smcollapse.models.training import MAX_ORDERS, batch_orders, batch_schedule, optimisation
from smcollapse.models.transformer_network import SIZES, Network, initial_network, normed
from smcollapse.models.transformer_training import train
from smcollapse.settings import Transformer
from smcollapse.streams import stream
from smcollapse.study import DeviceClass
from smcollapse.worlds import Tokens

BLOCK_ROWS = 256
"""Rows that are sampled together. Always so many: a row never depends on how many are asked for."""

Int32 = NDArray[np.int32]


class Generator:
    """A transformer trained on rows of text, each once a pass, that writes rows like them.

    tokens : shape of the rows; codes : (n, L) tokens of the training rows, all with the same
    first token, which starts every generated row and is never generated after it
    purpose : name of its random streams; another one is another generator
    Raises ValueError where rows do not start with the same token.
    """

    def __init__(
        self,
        settings: Transformer,
        tokens: Tokens,
        codes: Int32,
        seed: int,
        replicate: int,
        purpose: str = "generator",
        device: DeviceClass = "cpu",
    ) -> None:
        if not len(codes) or (codes[:, 0] != codes[0, 0]).any():
            raise ValueError("rows that a generator learns from must start with the same token")
        self.first_token = int(codes[0, 0])
        self.seed, self.replicate, self.purpose = seed, replicate, purpose
        self.network = initial_network(
            SIZES[settings.size],
            tokens,
            1,
            torch.device(device),
            seed,
            replicate,
            f"{purpose}: initial weights",
        )
        plan = optimisation(settings, len(codes))
        n_orders = min(MAX_ORDERS, math.ceil(plan.steps * plan.batch_size / len(codes)))
        orders = batch_orders(seed, replicate, len(codes), n_orders, f"{purpose}: batch order")
        schedule = batch_schedule(np.arange(len(codes)), orders, plan)
        train(self.network, codes, schedule[:, np.newaxis], plan)

    @torch.no_grad()
    def sample(
        self, n: int, temperature: float = 1.0, top_k: int = 0, best_of: int = 1
    ) -> tuple[Int32, NDArray[np.float64]]:
        """Rows (n, L) and the mean log probability per generated token of each (n,), in nats.

        temperature : logits are divided by it; top_k : tokens that can follow at each position,
        the most probable ones, 0 for all; best_of : candidates of each row, of which the one that
        the network itself, untempered, finds most probable is kept
        """
        length = self.network.tokens.length
        rows = np.empty((n, length), dtype=np.int32)
        score = np.full(n, -np.inf)
        for start in range(0, n, BLOCK_ROWS):
            stop = min(n, start + BLOCK_ROWS)
            for candidate in range(best_of):
                drawn, found = self._candidates(start, candidate, temperature, top_k)
                drawn, found = drawn[: stop - start], found[: stop - start]
                better = found > score[start:stop]
                rows[start:stop][better] = drawn[better]
                score[start:stop][better] = found[better]
        return rows, score

    def _candidates(
        self, start: int, candidate: int, temperature: float, top_k: int
    ) -> tuple[Int32, NDArray[np.float64]]:
        """That candidate of a block of rows, and its mean log probabilities."""
        place, tokens = self.network.device, self.network.tokens
        ids = np.arange(start, start + BLOCK_ROWS)
        current = torch.full((BLOCK_ROWS,), self.first_token, device=place)
        drawn, total = [current], torch.zeros(BLOCK_ROWS, dtype=torch.float64, device=place)
        reader = Reader(self.network, BLOCK_ROWS)
        forbidden = [token for token in (self.first_token, tokens.padding) if token >= 0]
        for position in range(1, tokens.length):
            logits = reader.read(current)
            purpose = f"{self.purpose}: tokens"
            uniform = stream(self.seed, self.replicate, purpose, position, candidate).uniforms(ids)
            current = _draw(logits, uniform, temperature, top_k, forbidden)
            logs = torch.log_softmax(logits, dim=1)
            total += logs.gather(1, current[:, None]).squeeze(1)
            drawn.append(current)
        rows = torch.stack(drawn, dim=1).to(torch.int32)
        return rows.cpu().numpy(), (total / (tokens.length - 1)).cpu().numpy()


def _draw(
    logits: torch.Tensor,
    uniform: NDArray[np.float64],
    temperature: float,
    top_k: int,
    forbidden: list[int],
) -> torch.Tensor:
    """(n,) tokens by inversion: the first whose cumulated chance is more than the uniform."""
    scaled = logits / temperature
    scaled[:, forbidden] = -torch.inf
    if 0 < top_k < scaled.shape[1]:
        least = scaled.topk(top_k, dim=1).values[:, -1:]
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    cumulated = torch.softmax(scaled, dim=1).double().cumsum(dim=1)
    # A hair below 1: what is never more than its own total cannot land past it.
    shares = torch.from_numpy(uniform * (1.0 - 1e-12)).to(logits.device)
    return torch.searchsorted(cumulated, shares[:, None] * cumulated[:, -1:], right=True)[:, 0]


class Reader:
    """One network reading n rows token by token; keys and values are kept."""

    def __init__(self, network: Network, rows: int) -> None:
        size, self.network, self.position = network.size, network, 0
        channels, positions = size.width // size.heads, network.tokens.length - 1
        self.kept = torch.empty(
            size.depth, 2, positions, rows, size.heads, channels, device=network.device
        )

    def read(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits (n, V) of what follows those tokens (n,), which stand after all read before."""
        parameters, size, at = self.network.parameters, self.network.size, self.position
        p = {name: parameter[0] for name, parameter in parameters.items()}
        x = p["embedding"][tokens] + p["position"][at]
        for layer in range(size.depth):
            qkv = (normed(x) @ p[f"attention_{layer}"].T).view(len(x), 3, size.heads, -1)
            self.kept[layer, :, at] = qkv[:, 1:].transpose(0, 1)
            keys, values = self.kept[layer, :, : at + 1]
            # Products of one query with few keys: sums over whole arrays beat tiny matrices.
            scores = (keys * qkv[:, 0]).sum(dim=-1) / math.sqrt(qkv.shape[-1])
            seen = (torch.softmax(scores, dim=0).unsqueeze(-1) * values).sum(dim=0)
            x = x + seen.reshape(len(x), -1) @ p[f"mixed_{layer}"].T
            hidden = torch.relu(normed(x) @ p[f"up_{layer}"].T)
            x = x + hidden @ p[f"down_{layer}"].T
        self.position += 1
        return normed(x) @ p["embedding"].T
