"""Transformers: compiled training against plain torch, what stacks promise, and what is learnt."""

import dataclasses
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from smcollapse.kernels.transformer import fill_gradient
from smcollapse.kernels.transformer_layers import tile_memory
from smcollapse.models import Shape, Task
from smcollapse.models.text_generation import BLOCK_ROWS, Generator, Reader
from smcollapse.models.training import optimisation, task_schedule
from smcollapse.models.transformer import Transformers
from smcollapse.models.transformer_network import (
    SIZES,
    Network,
    Size,
    flops_per_token,
    forward,
    initial_network,
    token_loss,
)
from smcollapse.models.transformer_training import (
    EQUAL_WEIGHTS,
    answers,
    kernel_shape,
    learning_rate,
    said_compiled,
    said_torch,
    train_compiled,
    train_torch,
)
from smcollapse.settings import Transformer
from smcollapse.worlds import Inputs, Rows, Tokens

SUBJECTS, RELATIONS, ANSWERS, LENGTH = 50, 5, 10, 12
WORDS = 8
"""Words before the subjects: padding, bos, end, and five that say nothing."""
FIRST_ANSWER = WORDS + SUBJECTS + RELATIONS
VOCABULARY = FIRST_ANSWER + ANSWERS
TOKENS = Tokens(VOCABULARY, LENGTH, 10, FIRST_ANSWER, 0)
INPUTS = Inputs(0, (), ANSWERS, tokens=TOKENS)
SHORT = Transformer(passes=2, batch_size=20, learning_rate=0.01)
CPU = torch.device("cpu")


def sentences(n: int, seed: int) -> Rows:
    """[padding, bos, words, subject and relation in either order, answer, end], all answers true.

    Every subject has a relation and an answer of its own.
    """
    truth = np.random.default_rng(0).integers(ANSWERS, size=SUBJECTS)
    draws = np.random.default_rng(seed)
    subject, words = draws.integers(SUBJECTS, size=n), draws.integers(2, 6, size=n)
    codes = np.zeros((n, LENGTH), dtype=np.int32)
    for row, (who, number) in enumerate(zip(subject, words, strict=True)):
        pair = [WORDS + who, WORDS + SUBJECTS + who % RELATIONS][:: draws.choice([-1, 1])]
        said = [1, *draws.integers(3, WORDS, size=number), *pair]
        codes[row, 10 - len(said) : 10] = said
    codes[:, 10], codes[:, 11] = FIRST_ANSWER + truth[subject], 2
    none, label = np.zeros(n), truth[subject].astype(np.int32)
    return Rows(
        np.zeros((n, 0), dtype=np.float32),
        codes,
        none.astype(np.int8),
        label,
        label,
        label,
        subject.astype(np.int32),
        none.astype(np.float32),
        np.arange(n),
    )


def task(members: int = 3, n: int = 200, **changes: Any) -> Task:
    """Members that are trained on other parts of the pool each."""
    slots = [np.arange(n) + n * member for member in range(members)]
    whole = Task(INPUTS, False, sentences(n * members, 1), slots, n, sentences(150, 2), 1, 0)
    return dataclasses.replace(whole, **changes)


def outcome(whole: Task, settings: Transformer = SHORT) -> np.ndarray:
    return Transformers().outcome(settings, whole, "cpu").probability


def network(size: Size, members: int = 1) -> Network:
    return initial_network(size, TOKENS, members, CPU, 1, 0)


@pytest.mark.parametrize("size", [SIZES["nano"], Size(width=32, depth=3, heads=4, hidden=48)])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("batch", [7, 32])
def test_compiled_gradients_are_those_of_autograd(size: Size, smoothing: float, batch: int) -> None:
    whole, codes = network(size), sentences(60, 3).codes
    shape, rows = kernel_shape(whole), np.arange(batch, dtype=np.int32) * 60 // batch
    weights = np.linspace(0.0, 2.0, 60, dtype=np.float32)
    found = np.full(whole.flat.shape[1], np.nan, dtype=np.float32)
    fill_gradient(
        shape, whole.flat.numpy()[0], tile_memory(shape), codes, rows, weights, smoothing, found
    )
    leaves = {name: p.clone().requires_grad_() for name, p in whole.parameters.items()}
    tokens = torch.from_numpy(codes[rows][None]).long()
    counts = (tokens[:, :, 1:] != 0).float()
    coefficient = counts / counts.sum() * torch.from_numpy(weights[rows])[:, None]
    logits = forward(whole, leaves, tokens[:, :, :-1])
    token_loss(logits, tokens[:, :, 1:], coefficient, smoothing).backward()
    start = 0
    for leaf in leaves.values():
        assert leaf.grad is not None
        part, start = found[start : start + leaf.numel()], start + leaf.numel()
        scale = leaf.grad.abs().max().item()
        assert scale > 1e-4
        assert part == pytest.approx(leaf.grad.numpy().ravel(), abs=1e-5 * scale)


def test_compiled_training_and_answers_are_those_of_torch() -> None:
    size, codes = Size(width=32, depth=2, heads=2, hidden=64), sentences(90, 4).codes
    schedule = np.random.default_rng(5).integers(90, size=(12, 2, 20)).astype(np.int32)
    weights = np.random.default_rng(6).random((2, 90), dtype=np.float32)
    rates, rows = np.linspace(0.01, 0.0, 12), np.tile(np.arange(50, dtype=np.int32), (2, 1))
    one, two = network(size, 2), network(size, 2)
    train_compiled(one, codes, schedule, rates, 0.1, weights, 0.1)
    train_torch(two, codes, schedule, rates, 0.1, weights, 0.1)
    assert (one.flat - two.flat).abs().max() < 2e-4
    for mine, theirs in zip(
        said_compiled(one, codes, rows), said_torch(one, codes, rows), strict=True
    ):
        assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-6)
    # Negative control: without the weights training ends elsewhere.
    train_torch(plain := network(size, 2), codes, schedule, rates, 0.1, None, 0.1)
    assert (plain.flat - two.flat).abs().max() > 2e-2


def test_a_member_of_a_stack_equals_the_same_network_alone() -> None:
    whole = task()
    together = outcome(whole)
    for member in range(3):
        alone = outcome(dataclasses.replace(whole, slots=[whole.slots[member]]))
        assert np.array_equal(together[member], alone[0])
    assert np.abs(together[0] - together[1]).max() > 0.05


def test_answers_are_the_vocabularys_chances_restricted_and_the_loss_a_mean_over_tokens() -> None:
    whole = network(SIZES["nano"], 2)
    noise = torch.randn(whole.flat.shape, generator=torch.Generator().manual_seed(0))
    whole.flat.add_(noise, alpha=0.1)
    codes, rows = sentences(70, 5).codes, np.tile(np.arange(70, dtype=np.int32), (2, 1))
    found, loss = answers(whole, codes, rows, ANSWERS)
    tokens = torch.from_numpy(codes).long().expand(2, -1, -1)
    logs = torch.log_softmax(forward(whole, whole.parameters, tokens[:, :, :-1]), dim=3)
    chances = logs[:, :, 9, FIRST_ANSWER:].exp()
    assert found == pytest.approx((chances / chances.sum(2, keepdim=True)).numpy(), abs=1e-5)
    given = logs.gather(3, tokens[:, :, 1:, None])[..., 0]
    expected = [-own[tokens[0, :, 1:] != 0].mean().item() for own in given]
    assert loss == pytest.approx(expected, rel=1e-5)
    assert abs(expected[0] - expected[1]) > 1e-3


def test_an_empty_slot_is_an_absent_row() -> None:
    whole = task(1)
    slots = whole.slots[0].copy()
    slots[::5] = -1
    without = dataclasses.replace(whole, slots=[slots])
    codes = whole.pool.codes.copy()
    codes[::5, 10] = FIRST_ANSWER
    poisoned = dataclasses.replace(whole.pool, codes=codes)
    first = outcome(without)
    assert np.array_equal(first, outcome(dataclasses.replace(without, pool=poisoned)))
    # Negative control: the same poison in rows that are present does show.
    assert not np.array_equal(first, outcome(dataclasses.replace(whole, pool=poisoned)))


def test_row_weights_multiply_the_loss_of_a_row() -> None:
    """Weight 0 hides what a row says; a row given twice counts as weight 2."""
    whole = network(SIZES["nano"])
    codes, shape = sentences(16, 6).codes, kernel_shape(whole)
    once, twice = np.arange(16, dtype=np.int32), np.repeat(np.arange(16, dtype=np.int32), 2)

    def gradient(rows: np.ndarray, weights: np.ndarray, text: np.ndarray) -> np.ndarray:
        out = np.empty(whole.flat.shape[1], dtype=np.float32)
        memory, parameters = tile_memory(shape), whole.flat.numpy()[0]
        fill_gradient(shape, parameters, memory, text, rows, weights, 0.0, out)
        return out

    plain = gradient(once, EQUAL_WEIGHTS, codes)
    assert gradient(twice, EQUAL_WEIGHTS, codes) == pytest.approx(plain, abs=1e-6)
    double = gradient(once, np.full(16, 2.0, dtype=np.float32), codes)
    assert double == pytest.approx(2.0 * plain, abs=1e-6)
    hidden, other = np.ones(16, dtype=np.float32), codes.copy()
    hidden[3], other[3, 10] = 0.0, FIRST_ANSWER + (codes[3, 10] - FIRST_ANSWER + 1) % ANSWERS
    assert np.array_equal(gradient(once, hidden, codes), gradient(once, hidden, other))
    assert not np.array_equal(plain, gradient(once, EQUAL_WEIGHTS, other))


def test_outcomes_repeat_and_follow_draw_weights_smoothing_and_contrast() -> None:
    whole = task(2)
    first = Transformers().outcome(SHORT, whole, "cpu")
    assert first.contrast is None
    assert first.log_loss is not None
    assert first.log_loss.shape == (2,)
    assert first.probability.shape == (2, 150, ANSWERS)
    assert first.probability.sum(axis=2) == pytest.approx(np.ones((2, 150)), abs=1e-5)
    assert np.array_equal(first.probability, Transformers().probabilities(SHORT, whole, "cpu"))
    weights = [np.linspace(0.0, 2.0, 200), None]
    for changes in ({"draw": 1}, {"smoothing": 0.3}, {"weights": weights}, {"seed": 2}):
        other = outcome(dataclasses.replace(whole, **changes))
        assert np.abs(other[0] - first.probability[0]).max() > 1e-3
        assert ("weights" in changes) == np.array_equal(other[1], first.probability[1])
    part = whole.test.take(np.arange(40))
    contrast = [part, dataclasses.replace(part, codes=part.codes[::-1].copy())]
    found = Transformers().outcome(SHORT, dataclasses.replace(whole, contrast=contrast), "cpu")
    assert found.contrast is not None
    assert found.contrast[0] == pytest.approx(first.probability[0, :40], abs=1e-6)
    assert found.contrast[1] == pytest.approx(first.probability[1, 39::-1], abs=1e-6)


def test_real_rows_last_are_trained_on_last() -> None:
    whole = task(1, synthetic=[np.arange(200) % 2 == 0], real_last=0.25)
    schedule = task_schedule(whole, optimisation(SHORT, 200))[:, 0]
    assert (schedule[15:] % 2 == 1).all()
    assert (schedule[:15] % 2 == 0).any()
    assert np.abs(outcome(whole) - outcome(task(1))).max() > 1e-3


@pytest.mark.parametrize(("passes", "least", "most"), [(4.0, 0.99, 1.0), (0.5, 0.0, 0.6)])
def test_defaults_learn_fifty_facts_in_five_hundred_steps(
    passes: float, least: float, most: float
) -> None:
    """4 passes over 4 000 sentences. Negative control: an eighth of the steps is too few."""
    settings = Transformer(passes=passes)
    whole = task(1, 4000)
    assert optimisation(settings, 4000).steps == int(125 * passes)
    right = outcome(whole, settings)[0].argmax(axis=1) == whole.test.label
    assert least <= right.mean() <= most


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    plan = optimisation(Transformer(batch_size=10, passes=1), 1000)
    rates = np.array([learning_rate(plan, SIZES["nano"], step) for step in range(100)])
    assert rates[:5] == pytest.approx(0.005 * np.arange(1, 6) / 5)
    assert (np.diff(rates[5:]) < 0).all()
    assert 0.0 < rates[-1] < 1e-5
    assert learning_rate(plan, SIZES["small"], 50) == pytest.approx(rates[50] / 16)


def test_members_with_the_same_rows_are_trained_once_and_asked_their_own_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import smcollapse.models.transformer as module

    whole = task(members=3)
    slots = [whole.slots[0], whole.slots[1], whole.slots[0]]
    contrast = [sentences(40, seed) for seed in (11, 12, 13)]
    twins = replace(whole, slots=slots, contrast=contrast)
    trained = []
    train = module.train

    def counted(network: Any, *rest: Any) -> None:
        trained.append(network.members)
        train(network, *rest)

    monkeypatch.setattr(module, "train", counted)
    found = Transformers().outcome(SHORT, twins, "cpu")
    assert trained == [2]
    for member in range(3):
        alone = replace(twins, slots=[slots[member]], contrast=[contrast[member]])
        own = Transformers().outcome(SHORT, alone, "cpu")
        assert found.contrast is not None
        assert own.contrast is not None
        assert np.array_equal(found.probability[member], own.probability[0])
        assert np.array_equal(found.contrast[member], own.contrast[0])
    # rows that weigh otherwise are other rows
    heavy = np.linspace(0.5, 1.5, len(slots[0]))
    Transformers().outcome(SHORT, replace(twins, weights=[None, None, heavy]), "cpu")
    assert trained[-1] == 3


def test_stack_sizes_follow_from_the_shape() -> None:
    def size(budget: int = 12_000, n_test: int = 4000, name: str = "nano", **device: Any) -> int:
        settings = Transformer(size=name)  # type: ignore[arg-type]
        return Transformers().stack_size(
            settings, Shape(INPUTS, budget, n_test), device.get("device", "cpu")
        )

    assert size() == 16
    assert 1 < size(name="micro", budget=100_000) < 16
    assert size(budget=10**8) == 1
    assert size(n_test=10**8) == 1
    assert size(device="cuda") == 128
    assert 1 < size(name="small", device="cuda") < size(name="mini", device="cuda") <= 128
    with pytest.raises(ValueError, match="learns from text"):
        Transformers().stack_size(Transformer(), Shape(Inputs(3, (), 2), 10, 10), "cpu")


def test_operations_of_a_token_are_six_a_weight_and_attention() -> None:
    weights = 4 * 32 * 32 + 2 * 32 * 64 + 32 * VOCABULARY
    assert flops_per_token(SIZES["nano"], TOKENS) == 6.0 * (weights + 32 * 11)


CHAIN = Tokens(40, 16, 15, 0, -1)


@cache
def generator() -> Generator:
    """Trained on text in which every token is followed by itself + 1 or + 2, in 1 … 39."""
    steps = np.random.default_rng(7).integers(1, 3, size=(3000, 15))
    start = np.random.default_rng(8).integers(39, size=(3000, 1))
    codes = np.zeros((3000, 16), dtype=np.int32)
    codes[:, 1:] = 1 + (start + np.cumsum(steps, axis=1)) % 39
    return Generator(Transformer(passes=6.0), CHAIN, codes, 1, 0, "chain")


def follows(rows: np.ndarray) -> np.ndarray:
    step = (rows[:, 2:] - rows[:, 1:-1]) % 39
    return (step == 1) | (step == 2)


def test_generated_text_is_like_the_text_it_was_learnt_from() -> None:
    rows, score = generator().sample(400)
    assert rows.dtype == np.int32
    assert rows.shape == (400, 16)
    assert (rows[:, 0] == 0).all()
    assert (rows[:, 1:] > 0).all()
    assert follows(rows).mean() > 0.95
    # The log probability is that of the network, which reads the text as a whole.
    whole = generator().network
    tokens = torch.from_numpy(rows).long()[None]
    logs = torch.log_softmax(forward(whole, whole.parameters, tokens[:, :, :-1]), dim=3)
    expected = logs.gather(3, tokens[:, :, 1:, None]).mean(dim=(2, 3))[0]
    assert score == pytest.approx(expected.numpy(), abs=1e-4)
    # Both steps come up equally often: 4 standard errors.
    share = ((rows[:, 2:] - rows[:, 1:-1]) % 39 == 1).mean()
    assert share == pytest.approx(0.5, abs=0.05)


def test_first_rows_do_not_depend_on_how_many_are_asked_for() -> None:
    many, score = generator().sample(BLOCK_ROWS + 20, best_of=2)
    for n in (0, 5, BLOCK_ROWS + 1):
        few, own = generator().sample(n, best_of=2)
        assert np.array_equal(few, many[:n])
        assert np.array_equal(own, score[:n])
    assert len(np.unique(many, axis=0)) > BLOCK_ROWS


def test_temperature_top_k_and_best_of_narrow_what_is_said() -> None:
    plain, score = generator().sample(200)
    best, higher = generator().sample(200, best_of=4)
    assert (higher >= score).all()
    assert higher.mean() > score.mean() + 0.02
    assert (best[higher == score] == plain[higher == score]).all()
    greedy, _ = generator().sample(200, top_k=1)
    assert len(np.unique(greedy, axis=0)) == 1
    cold, hot = (follows(generator().sample(200, temperature=t)[0]).mean() for t in (0.3, 3.0))
    assert cold > 0.999
    assert hot < 0.9
    some, _ = generator().sample(200, temperature=5.0, top_k=2)
    assert len(np.unique(some[:, 1])) <= 2


def test_reading_token_by_token_is_reading_at_once() -> None:
    whole = initial_network(Size(32, 2, 4, 64), CHAIN, 1, CPU, 3, 0)
    tokens = torch.randint(40, (6, 15), generator=torch.Generator().manual_seed(0))
    reader = Reader(whole, 6)
    steps = torch.stack([reader.read(tokens[:, p]) for p in range(15)], dim=1)
    assert torch.allclose(steps, forward(whole, whole.parameters, tokens[None])[0], atol=1e-5)


def test_a_generator_needs_one_first_token() -> None:
    codes = np.zeros((4, 16), dtype=np.int32)
    codes[2, 0] = 1
    with pytest.raises(ValueError, match="the same token"):
        Generator(Transformer(), CHAIN, codes, 1, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_trains_the_same_networks_to_float_tolerance() -> None:
    whole = task(2)
    cpu, cuda = (Transformers().outcome(SHORT, whole, d) for d in ("cpu", "cuda"))
    assert cuda.probability == pytest.approx(cpu.probability, abs=2e-2)
    assert cuda.log_loss == pytest.approx(cpu.log_loss, abs=1e-2)
