"""Attention of short rows and its gradient, against torch."""

import numpy as np
import pytest
import torch

from smcollapse.kernels.attention import fill_attention, fill_attention_gradient


@pytest.mark.parametrize(("positions", "width", "heads"), [(1, 16, 2), (11, 32, 2), (31, 64, 4)])
def test_attention_and_its_gradient_are_torchs(positions: int, width: int, heads: int) -> None:
    draws, columns = np.random.default_rng(1), 16 * positions
    qkv = (3.0 * draws.normal(size=(3 * width, columns))).astype(np.float32)
    given = draws.normal(size=(width, columns)).astype(np.float32)
    weights = np.full(heads * positions * columns, np.nan, dtype=np.float32)
    out, gradient = np.empty(width * columns, np.float32), np.empty(3 * width * columns, np.float32)
    ones, mean = np.ones(16, np.float32), np.empty(16, np.float32)
    fill_attention(qkv.ravel(), width, heads, positions, ones, weights, out)
    fill_attention_gradient(
        qkv.ravel(), width, heads, positions, weights, given.ravel(), weights.copy(), mean, gradient
    )
    leaf = torch.from_numpy(qkv).requires_grad_()
    # (3, heads, channels, P, lane) → (lane, heads, P, channels) each
    q, k, v = leaf.view(3, heads, width // heads, positions, 16).permute(0, 4, 1, 3, 2)
    seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    expected = seen.permute(1, 3, 2, 0).reshape(width, columns)
    expected.backward(torch.from_numpy(given))
    assert leaf.grad is not None
    assert out.reshape(width, -1) == pytest.approx(expected.detach().numpy(), abs=2e-5)
    assert gradient.reshape(3 * width, -1) == pytest.approx(leaf.grad.numpy(), abs=1e-4)
    # Negative control: gradients are far larger than what is allowed between the two.
    assert positions == 1 or leaf.grad.abs().max() > 0.1
