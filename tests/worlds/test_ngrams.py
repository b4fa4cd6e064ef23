"""The n-gram model, against one of dictionaries that follows the formula word by word."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from smcollapse.worlds.ngrams import ORDER, Ngrams, Runs

V = 7


def text(seed: int = 0, documents: int = 12) -> list[list[int]]:
    """Documents of a Markov chain, of which some are shorter than the longest run."""
    rng = np.random.default_rng(seed)
    chain = rng.dirichlet(np.full(V, 0.3), size=V)
    found = []
    for size in [1, 2, 3, *rng.integers(5, 40, documents - 3)]:
        tokens = [int(rng.integers(V))]
        while len(tokens) < size:
            tokens.append(int(rng.choice(V, p=chain[tokens[-1]])))
        found.append(tokens)
    return found


def runs_of(documents: list[list[int]], vocabulary: int = V) -> Runs:
    starts = np.cumsum([0, *map(len, documents)])[:-1]
    return Runs.of(np.concatenate(documents).astype(np.int32), starts, vocabulary)


def marked(documents: list[list[int]], fitted: list[bool]) -> np.ndarray:
    return np.repeat(fitted, [len(document) for document in documents])


class Dictionaries:
    """Interpolated Kneser-Ney of the fitted documents, run by run."""

    def __init__(self, documents: list[list[int]]) -> None:
        longest = Counter(
            tuple(document[i : i + ORDER])
            for document in documents
            for i in range(len(document) - ORDER + 1)
        )
        self.counts = {ORDER: longest}
        for n in range(ORDER - 1, 0, -1):
            self.counts[n] = Counter(run[1:] for run in self.counts[n + 1])
        self.after: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        self.discount = {}
        for n, counts in self.counts.items():
            once, twice = (sum(c == k for c in counts.values()) for k in (1, 2))
            self.discount[n] = min(max(once / max(once + 2 * twice, 1), 0.1), 0.9)
            for run, count in counts.items():
                self.after[n, *run[:-1]][run[-1]] = count

    def chance(self, context: tuple[int, ...], token: int) -> float:
        n = len(context) + 1
        below = self.chance(context[1:], token) if context else 1.0 / V
        known = self.after.get((n, *context), {})
        if not known:
            return below
        kept = max(known.get(token, 0) - self.discount[n], 0.0)
        return (kept + self.discount[n] * len(known) * below) / sum(known.values())


FITTED = [True] * 3 + [True, False, True, True, True, False, True, True, True]


@pytest.fixture(scope="module")
def model() -> Ngrams:
    documents = text()
    return Ngrams(runs_of(documents), marked(documents, FITTED))


@pytest.fixture(scope="module")
def reference() -> Dictionaries:
    return Dictionaries([d for d, fitted in zip(text(), FITTED, strict=True) if fitted])


def contexts(length: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(V)] * length, indexing="ij"), axis=-1).reshape(
        -1, length
    )


def chances(model: Ngrams, context: np.ndarray) -> np.ndarray:
    """(n, V) chance of each token after contexts (n, m)."""
    columns = []
    for token in range(V):
        rows = np.column_stack([context, np.full(len(context), token)]).astype(np.int32)
        columns.append(np.exp(-model.surprise(model.runs.look_up(rows))[:, -1]))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_chances_follow_the_formula(model: Ngrams, reference: Dictionaries, length: int) -> None:
    context = contexts(length) if length else np.empty((1, 0), dtype=np.int64)
    expected = [[reference.chance(tuple(c), t) for t in range(V)] for c in context.tolist()]
    found = chances(model, context)
    assert found == pytest.approx(np.array(expected), rel=1e-9)
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_longer_contexts_are_cut_to_the_order_of_the_model(model: Ngrams) -> None:
    context = contexts(3)
    longer = np.column_stack([np.full(len(context), 2), context])
    assert np.array_equal(chances(model, longer), chances(model, context))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_prediction_is_the_most_probable_token(model: Ngrams, length: int) -> None:
    context = contexts(length)
    rows = np.column_stack([context, np.zeros(len(context))]).astype(np.int32)
    found = model.predict([c[:, -1] for _, c in model.runs.look_up(rows)])
    known = chances(model, context)
    assert known[np.arange(len(found)), found] == pytest.approx(known.max(axis=1), rel=1e-12)


def test_held_out_documents_have_no_say() -> None:
    documents = text()
    other = [
        d if fitted else [V - 1 - t for t in d] for d, fitted in zip(documents, FITTED, strict=True)
    ]
    one, two = (Ngrams(runs_of(d), marked(d, FITTED)) for d in (documents, other))
    assert chances(one, contexts(3)) == pytest.approx(chances(two, contexts(3)), rel=1e-12)
    everything = Ngrams(one.runs, np.ones(len(one.runs.tokens), dtype=bool))
    assert np.abs(chances(everything, contexts(3)) - chances(one, contexts(3))).max() > 0.1


def test_places_of_the_text_are_judged_as_the_same_rows_are(model: Ngrams) -> None:
    documents = text()
    start = sum(map(len, documents[:6]))
    places = start + np.arange(len(documents[6]) - 4)[:, None] + np.arange(5)
    rows = model.runs.tokens[places]
    seen = model.surprise(model.runs.seen(places))
    assert seen == pytest.approx(model.surprise(model.runs.look_up(rows)), rel=1e-12)
    expected = model.predict([c[:, -1] for _, c in model.runs.look_up(rows)])
    assert np.array_equal(model.predict_at(places[:, -1]), expected)


def test_runs_do_not_cross_documents() -> None:
    runs = runs_of([[1, 2], [3, 4]])
    assert [len(order.code) for order in runs.orders] == [4, 2, 0, 0]


def test_the_largest_vocabulary_does_not_overflow() -> None:
    documents = [[31_999] * 9, [31_999, 0, 31_999, 31_998] * 3]
    runs = runs_of(documents, 32_000)
    assert all((order.code >= 0).all() for order in runs.orders)
    assert runs.orders[3].code.max() == 32_000**4 - 1
    model = Ngrams(runs, np.ones(len(runs.tokens), dtype=bool))
    assert model.predict_at(np.array([5]))[0] == 31_999
