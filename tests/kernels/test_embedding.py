"""Embedding sums and their gradient: compiled = interpreted = definition = torch."""

import numpy as np
import pytest
import torch

from smcollapse.kernels.embedding import fill_embedding_gradient, fill_embedding_sums
from smcollapse.models.mlp import embedding_sum


def case(members: int = 3, batch: int = 17, fields: int = 2) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((members, 11, 5)).astype(np.float32)
    codes = rng.integers(0, 11, (members, batch, fields))
    gradient = rng.standard_normal((members, batch, 5)).astype(np.float32)
    return table, codes, gradient


@pytest.mark.parametrize("fields", [1, 2, 3])
def test_sums_and_gradients_are_their_definitions(fields: int) -> None:
    table, codes, gradient = case(fields=fields)
    out, back = np.empty_like(gradient), np.zeros_like(table)
    fill_embedding_sums(table, codes, out)
    fill_embedding_gradient(gradient, codes, back)
    expected, expected_back = np.zeros_like(out), np.zeros_like(back)
    for e in range(3):
        for b in range(17):
            for f in range(fields):
                expected[e, b] += table[e, codes[e, b, f]]
                expected_back[e, codes[e, b, f]] += gradient[e, b]
    assert np.array_equal(out, expected)
    assert np.array_equal(back, expected_back)


def test_compiled_and_interpreted_agree_bit_for_bit() -> None:
    table, codes, gradient = case()
    for kernel, first, shape in (
        (fill_embedding_sums, table, gradient.shape),
        (fill_embedding_gradient, gradient, table.shape),
    ):
        compiled, interpreted = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        kernel(first, codes, compiled)
        getattr(kernel, "py_func", kernel)(first, codes, interpreted)
        assert np.array_equal(compiled, interpreted)


def test_the_autograd_function_agrees_with_torch_s_embedding_bags() -> None:
    table, codes, gradient = case()
    ours = torch.from_numpy(table).requires_grad_()
    embedding_sum(ours, torch.from_numpy(codes)).backward(torch.from_numpy(gradient))
    theirs = torch.from_numpy(table).requires_grad_()
    offset = 11 * torch.arange(3).view(-1, 1, 1)
    bags = torch.nn.functional.embedding_bag(
        (torch.from_numpy(codes) + offset).view(-1, 2), theirs.view(-1, 5), mode="sum"
    ).view(3, 17, 5)
    bags.backward(torch.from_numpy(gradient))
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)
