"""Step-down max-T: compiled twins, one error rate for the whole set, power, and what fails."""

import json
import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from smcollapse.inference import InferenceError, Replication, replicate_weights
from smcollapse.inference.multiplicity.hypotheses import holm_p_values
from smcollapse.inference.multiplicity.max_t import romano_wolf, romano_wolf_draws
from smcollapse.inference.onsets.kinks import profile
from smcollapse.kernels.max_t import count_step_down, fill_studentized
from tests.kernels.agreement import assert_same_bits, interpreted

SETS = 1000
ERROR = math.sqrt(0.05 * 0.95 / SETS)


def correlated(
    generator: np.random.Generator, n: int, count: int, correlation: float
) -> np.ndarray:
    common = generator.standard_normal((n, 1))
    own = generator.standard_normal((n, count))
    return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own


# -- kernels and their slow twins


def twin_studentized(normals: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Row by row, in plain Python sums of the same order."""
    out = np.zeros((len(normals), factor.shape[1]))
    for b, rows in enumerate(normals.tolist()):
        vectors = []
        for row in rows:
            vector = [0.0] * factor.shape[1]
            for normal, loadings in zip(row, factor.tolist(), strict=True):
                vector = [v + normal * loading for v, loading in zip(vector, loadings, strict=True)]
            vectors.append(vector)
        for h in range(factor.shape[1]):
            squares = 0.0
            for vector in reversed(vectors[1:]):
                squares += vector[h] * vector[h]
            if squares > 0.0:
                out[b, h] = vectors[0][h] / math.sqrt(squares / (len(vectors) - 1))
    return out


def twin_step_down(
    scores: np.ndarray, order: np.ndarray, observed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The definition: maxima over the hypotheses that are left, counted one by one."""
    counts = [
        sum(max(row[left] for left in order[place:]) >= observed[h] for row in scores)
        for place, h in enumerate(order)
    ]
    result = np.zeros(len(order), dtype=np.int64)
    result[order] = counts
    return result, np.array([max(row) for row in scores])


@pytest.mark.parametrize("seed", range(5))
def test_kernels_agree_with_python_and_with_their_twins(seed: int) -> None:
    generator = np.random.default_rng(seed)
    normals = generator.standard_normal((7, 4, 3))
    factor = generator.standard_normal((3, 5))
    factor[:, 2] = 0.0
    observed = generator.standard_normal(5)
    order = np.argsort(-observed)
    for kernel, plain in (
        (fill_studentized, count_step_down),
        (interpreted(fill_studentized), interpreted(count_step_down)),
    ):
        scores, counts, largest = np.empty((7, 5)), np.empty(5, dtype=np.int64), np.empty(7)
        kernel(normals, factor, scores)
        assert_same_bits(scores, twin_studentized(normals, factor))
        plain(scores, order, observed, counts, largest)
        expected = twin_step_down(scores, order, observed)
        assert_same_bits(counts, expected[0])
        assert_same_bits(largest, expected[1])


def test_studentized_scores_are_t_with_their_own_denominators() -> None:
    """40 000 rows, 4 d.f.: Kolmogorov-Smirnov, and squares correlated by ρ² in common only."""
    generator = np.random.default_rng(1)
    out = np.empty((40000, 2))
    fill_studentized(generator.standard_normal((40000, 5, 2)), np.eye(2), out)
    assert stats.kstest(out[:, 0], stats.t(4).cdf).pvalue > 0.001
    ranks = stats.spearmanr(np.abs(out[:, 0]), np.abs(out[:, 1])).statistic
    assert abs(ranks) < 4.5 / math.sqrt(40000)
    # negative control: one denominator for both makes their sizes go together
    common = generator.standard_normal((40000, 2)) / np.sqrt(generator.chisquare(4, (40000, 1)))
    assert stats.spearmanr(np.abs(common[:, 0]), np.abs(common[:, 1])).statistic > 0.1


# -- p-values


def test_one_hypothesis_is_students_t_test() -> None:
    values = np.random.default_rng(2).normal(0.4, 1.0, (8, 1))
    row = romano_wolf(values, ["a"], null_values=[0.1], draws=9999).hypotheses[0]
    expected = stats.ttest_1samp(values[:, 0], 0.1)
    assert row.p_value == pytest.approx(expected.pvalue)
    assert row.statistic == pytest.approx(expected.statistic)
    assert abs(row.p_adjusted - expected.pvalue) < 4.5 * math.sqrt(0.25 / 9999)
    band = expected.confidence_interval(0.95)
    assert (row.interval.lower, row.interval.upper) == pytest.approx(tuple(band), rel=0.05)


def test_copies_of_one_hypothesis_cost_nothing() -> None:
    """Bonferroni and Holm multiply by ten, max-T knows that it is one."""
    values = 0.8 + np.random.default_rng(3).standard_t(9, (10, 1))
    result = romano_wolf(np.repeat(values, 10, axis=1), draws=9999)
    first = result.hypotheses[0]
    assert first.p_value > 0.001
    assert first.p_adjusted < 1.5 * first.p_value
    assert first.p_holm == pytest.approx(10 * first.p_value)


def test_step_down_by_the_definition() -> None:
    """All sign flips of 6 replicates, by a loop over the flips."""
    values = correlated(np.random.default_rng(4), 6, 4, 0.5) + np.array([2.0, 1.0, 0.0, -0.5])
    result = romano_wolf(values, resampling="sign flips")
    flips = [[1 - 2 * (i >> r & 1) for r in range(6)] for i in range(64)]
    scores = np.array([stats.ttest_1samp(values * np.array(f)[:, None], 0.0)[0] for f in flips])
    observed = np.abs(stats.ttest_1samp(values, 0.0).statistic)
    order = np.argsort(-observed)
    counts, _ = twin_step_down(np.abs(scores), order, observed - 1e-9)
    expected = np.maximum.accumulate(counts[order] / 64)
    assert [result.hypotheses[h].p_adjusted for h in order] == pytest.approx(expected)
    assert "all 64 sign flips" in result.method


def test_adjusted_p_values_keep_the_order_of_the_statistics() -> None:
    """Two columns with the same numbers in another order: the second may not overtake the first."""
    generator = np.random.default_rng(12)
    column = generator.normal(0.8, 1.0, 10)
    rows = romano_wolf(np.column_stack([column, generator.permutation(column)])).hypotheses
    assert rows[0].p_adjusted == rows[1].p_adjusted
    assert rows[0].p_adjusted > 1.3 * rows[0].p_value


def test_below_six_replicates_intervals_are_bonferronis() -> None:
    values = correlated(np.random.default_rng(13), 6, 8, 0.9)
    few, more = romano_wolf(values[:5]), romano_wolf(values)
    assert few.critical_value == pytest.approx(stats.t.ppf(1 - 0.025 / 8, 4))
    assert more.critical_value < 0.95 * stats.t.ppf(1 - 0.025 / 8, 5)


def test_draws_that_pile_up_on_a_share_still_have_an_error() -> None:
    draws = np.where(np.arange(999) < 800, 0.4, 0.4 + 0.02 * np.sin(np.arange(999)))
    row = romano_wolf_draws([0.4], draws[:, None], 10, null_values=0.395).hypotheses[0]
    band = np.quantile(draws, [0.025, 0.975])
    assert row.se == pytest.approx((band[1] - band[0]) / 2 / stats.t.ppf(0.975, 9), rel=0.1)
    assert not row.rejected


def test_alternatives_are_one_sided() -> None:
    values = correlated(np.random.default_rng(5), 10, 3, 0.3) + np.array([1.5, 0.0, -1.5])
    greater = romano_wolf(values, ["up", "none", "down"], alternative="greater")
    less = romano_wolf(values, ["up", "none", "down"], alternative="less")
    assert greater.rejected == ("up",)
    assert less.rejected == ("down",)
    assert greater.hypotheses[0].p_value == pytest.approx(
        stats.ttest_1samp(values[:, 0], 0.0, alternative="greater").pvalue
    )
    assert greater.hypotheses[0].interval.upper == math.inf
    assert less.hypotheses[2].interval.lower == -math.inf
    assert less.hypotheses[2].interval.upper < 0.0


def test_holm_is_statsmodels_and_stands_in_for_two_replicates() -> None:
    p_values = np.random.default_rng(6).uniform(0, 0.2, 9)
    np.testing.assert_allclose(holm_p_values(p_values), multipletests(p_values, method="holm")[1])
    two = romano_wolf(np.array([[1.0, 0.0], [1.1, 0.5]]))
    assert [row.p_adjusted for row in two.hypotheses] == [row.p_holm for row in two.hypotheses]
    assert "Holm" in two.method
    assert "2 replicates" in two.note


def test_re_splits_are_harder_to_reject() -> None:
    values = correlated(np.random.default_rng(7), 10, 3, 0.3) + 0.9
    plain, split = (
        romano_wolf(values),
        romano_wolf(values, replication=Replication("re-splits", 90, 10)),
    )
    factor = math.sqrt(1 + 10 / 9)
    for one, other in zip(plain.hypotheses, split.hypotheses, strict=True):
        assert other.se == pytest.approx(factor * one.se)
        assert other.p_adjusted > one.p_adjusted
        assert other.interval.width == pytest.approx(factor * one.interval.width)


def test_columns_without_noise() -> None:
    """Equal to the null in every replicate: nothing to reject; away from it: nothing to doubt."""
    noise = np.random.default_rng(8).standard_normal(10)
    result = romano_wolf(np.column_stack([noise, np.zeros(10), np.ones(10)]))
    assert [row.p_adjusted == 1.0 for row in result.hypotheses[1:]] == [True, False]
    assert result.hypotheses[2].p_value == 0.0
    assert result.hypotheses[2].rejected
    json.dumps(result.to_dict(), allow_nan=False)
    assert [row.value for row in result.estimates()][1:] == [0.0, 1.0]


# -- error rates


@pytest.mark.parametrize(("n", "count", "correlation"), [(3, 5, 0.5), (10, 10, 0.5), (10, 20, 0.9)])
def test_family_wise_error_with_all_nulls_true(n: int, count: int, correlation: float) -> None:
    """1 000 sets, s.e. .0069. Negative controls: unadjusted p-values, and a common denominator."""
    generator = np.random.default_rng(31)
    rejected = unadjusted = covered = common = 0
    for seed in range(SETS):
        values = correlated(generator, n, count, correlation)
        result = romano_wolf(values, draws=399, seed=seed)
        rejected += bool(result.rejected)
        unadjusted += min(row.p_value for row in result.hypotheses) <= 0.05
        covered += all(0.0 in row.interval for row in result.hypotheses)
        if n == 3:
            scaled = (values - values.mean(0)) / values.std(0, ddof=1) / math.sqrt(n - 1)
            scale = np.sqrt(generator.chisquare(n - 1, (399, 1)) / (n - 1))
            draws = np.abs(generator.standard_normal((399, n)) @ scaled / scale).max(axis=1)
            statistic = max(abs(row.statistic) for row in result.hypotheses)
            common += (1 + (draws >= statistic).sum()) / 400 <= 0.05
    assert rejected / SETS < 0.05 + 4 * ERROR
    assert rejected / SETS > 0.05 - 4 * ERROR  # not by being useless
    assert covered / SETS > 0.95 - 4 * ERROR
    assert unadjusted / SETS > 0.10
    assert n != 3 or common / SETS > 0.05 + 4 * ERROR


def test_strong_control_and_more_power_than_bonferroni() -> None:
    """Half of 20 hypotheses false by 1.2 s.d., correlation .9, 600 sets."""
    generator, sets = np.random.default_rng(32), 600
    shift = np.where(np.arange(20) < 10, 1.2, 0.0)
    wrong = wrong_unadjusted = 0
    power = bonferroni = 0.0
    for seed in range(sets):
        rows = romano_wolf(
            correlated(generator, 10, 20, 0.9) + shift, draws=399, seed=seed
        ).hypotheses
        wrong += any(row.rejected for row in rows[10:])
        wrong_unadjusted += any(row.p_value <= 0.05 for row in rows[10:])
        power += sum(row.rejected for row in rows[:10]) / 10
        bonferroni += sum(row.p_value <= 0.05 / 20 for row in rows[:10]) / 10
    error = math.sqrt(0.05 * 0.95 / sets)
    assert wrong / sets < 0.05 + 4 * error
    assert wrong_unadjusted / sets > 0.05 + 4 * error
    assert power / sets > bonferroni / sets + 0.15


def test_sign_flips_hold_under_heavy_tails() -> None:
    """t with 3 d.f.: rotations are conservative, sign flips exact; 600 sets."""
    generator, sets = np.random.default_rng(33), 600
    rejected = 0
    for seed in range(sets):
        values = generator.standard_t(3, (8, 5)) + generator.standard_t(3, (8, 1))
        rejected += bool(romano_wolf(values, resampling="sign flips", draws=99, seed=seed).rejected)
    assert abs(rejected / sets - 0.05) < 4 * math.sqrt(0.05 * 0.95 / sets)


def test_knots_of_several_conditions() -> None:
    """400 sets of 6 conditions with a true knot at .4: rejected in at most 5 %.

    Negative control: the same knots without an adjustment.
    """
    shares, generator, sets = (
        np.round(np.linspace(0.0, 0.6, 13), 12),
        np.random.default_rng(34),
        400,
    )
    truth, rejected, unadjusted = 0.9 - np.maximum(shares - 0.4, 0.0), 0, 0
    for seed in range(sets):
        level = generator.standard_normal((10, 1, 13))
        noise = math.sqrt(0.5) * (level + generator.standard_normal((10, 6, 13)))
        values = truth + 0.02 * noise
        means = values.mean(axis=0)
        drawn = np.einsum("br,rhs->bhs", replicate_weights(10, 199, seed), values)
        knots, _ = profile(shares, np.ones(13), np.concatenate([means, drawn.reshape(-1, 13)]))
        result = romano_wolf_draws(
            knots[:6], knots[6:].reshape(199, 6), 10, null_values=0.4, seed=seed
        )
        rejected += bool(result.rejected)
        unadjusted += min(row.p_value for row in result.hypotheses) <= 0.05
    error = math.sqrt(0.05 * 0.95 / sets)
    assert rejected / sets < 0.05 + 3 * error
    assert unadjusted / sets > 0.05 + 3 * error


def test_draws_of_means_give_what_the_means_give() -> None:
    """Linear functionals: the same standard errors, p-values and bands up to the draws' error."""
    values = correlated(np.random.default_rng(9), 10, 4, 0.6) + np.array([1.0, 0.5, 0.0, 0.0])
    exact = romano_wolf(values, draws=19999)
    draws = replicate_weights(10, 19999, 1) @ values
    drawn = romano_wolf_draws(values.mean(axis=0), draws, 10)
    for one, other in zip(exact.hypotheses, drawn.hypotheses, strict=True):
        assert other.se == pytest.approx(one.se, rel=0.05)
        assert other.p_adjusted == pytest.approx(one.p_adjusted, abs=0.04)
    assert drawn.critical_value == pytest.approx(exact.critical_value, rel=0.05)


def test_common_draws_of_copies_cost_nothing_and_infinite_draws_are_allowed() -> None:
    generator = np.random.default_rng(10)
    draws = np.repeat(0.5 + 0.01 * generator.standard_t(9, (999, 1)), 8, axis=1)
    draws[:3, :4] = math.inf
    result = romano_wolf_draws(np.full(8, 0.5), draws, 10, null_values=0.475)
    assert result.hypotheses[0].p_adjusted < 2.0 * result.hypotheses[0].p_value + 0.01
    assert result.hypotheses[0].p_holm > 7 * result.hypotheses[0].p_value


VALUES = np.random.default_rng(0).standard_normal((6, 2))
BAD: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
    (romano_wolf, (VALUES[:1],), {}, "at least 2 replicates"),
    (romano_wolf, (VALUES[:, 0],), {}, "shape"),
    (romano_wolf, (np.where(VALUES > 1, np.nan, VALUES),), {}, "finite"),
    (romano_wolf, (VALUES, ["a"]), {}, "2 distinct names"),
    (romano_wolf, (VALUES, ["a", "a"]), {}, "2 distinct names"),
    (romano_wolf, (VALUES,), {"null_values": [1, 2, 3]}, "null_values"),
    (romano_wolf, (VALUES,), {"alternative": "up"}, "alternative"),
    (romano_wolf, (VALUES,), {"resampling": "cases"}, "resampling"),
    (romano_wolf, (VALUES,), {"draws": 10}, "draws"),
    (romano_wolf, (VALUES,), {"level": 1.0}, "level"),
    (romano_wolf_draws, ([0.0], np.zeros((99, 2)), 10), {}, "shape"),
    (romano_wolf_draws, ([0.0], np.zeros((98, 1)), 10), {}, "draws"),
    (romano_wolf_draws, ([0.0], np.zeros((99, 1)), 1), {}, "degree of freedom"),
    (romano_wolf_draws, ([math.nan], np.zeros((99, 1)), 10), {}, "finite"),
    (romano_wolf_draws, ([0.0], np.full((99, 1), math.inf), 10), {}, "leave out"),
    (romano_wolf_draws, ([0.0], np.zeros((99, 1)), 10), {"standard_errors": [-1.0]}, "standard"),
]


@pytest.mark.parametrize(("call", "arguments", "options", "message"), BAD)
def test_what_cannot_be_tested_is_refused(
    call: Any, arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        call(*arguments, **options)
