"""Specification curves: estimators against their twins, one law of draws, the joint test."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from smcollapse.inference import (
    Curves,
    InferenceError,
    Replication,
    benchmark_share_of,
    break_point,
    effect,
    smooth_transition,
)
from smcollapse.inference.dictionaries import dictionary
from smcollapse.inference.families import FLAT_LEFT
from smcollapse.inference.onsets.kinks import profile
from smcollapse.inference.specifications.choices import Choices
from smcollapse.inference.specifications.curve import specification
from smcollapse.inference.specifications.draws import Sample, Table, draws_of, location_of
from smcollapse.inference.specifications.estimators import (
    benchmark_shares,
    fit_kinks,
    isotonic_fall,
    transition_centres,
)
from smcollapse.inference.specifications.results import SpecificationCurve, SpecificationRow

SHARES = np.linspace(0.0, 0.6, 13)
BEFORE, AFTER = (0.0, 0.3), (0.4, 0.6)
OWN = Replication(own_corpora=True)
PLAIN = Choices(("raw",), ("all shares",), ("equal",), ("none",))
FAST = Choices(("raw",), ("all shares", "without the first"), onsets=())


def runs(
    generator: np.random.Generator,
    n: int = 10,
    slope: float = 0.0,
    name: str = "rare_recall",
    level: float = 0.8,
) -> Curves:
    """Curves flat up to .3 and straight from there, noise partly common to a replicate."""
    noise = generator.standard_normal((n, 13)) + generator.standard_normal((n, 1))
    mean = level + slope * np.maximum(SHARES - 0.3, 0.0)
    return Curves(SHARES, mean + 0.02 * noise, tuple(range(n)), name, OWN)


def row_of(curve: SpecificationCurve | None, **choices: str) -> SpecificationRow:
    assert curve is not None
    (row,) = (
        row for row in curve.rows if all(getattr(row, key) == it for key, it in choices.items())
    )
    return row


# -- estimators and their slow twins


@pytest.fixture(scope="module")
def many() -> tuple[np.ndarray, np.ndarray]:
    """Noisy kinks (300, 13), and weights that differ from curve to curve."""
    generator = np.random.default_rng(0)
    kinks = 0.9 - np.maximum(SHARES - 0.35, 0.0) + 0.02 * generator.standard_normal((300, 13))
    return kinks, generator.gamma(4.0, 0.25, (300, 13))


def test_isotonic_curves_are_scipys(many: tuple[np.ndarray, np.ndarray]) -> None:
    expected = [
        isotonic_regression(mean, weights=weight, increasing=False).x
        for mean, weight in zip(*many, strict=True)
    ]
    np.testing.assert_allclose(isotonic_fall(*many), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "relative", "direction"),
    [(0.1, True, "loss"), (0.05, False, "loss"), (0.3, True, "loss"), (0.1, True, "gain")],
)
def test_benchmark_shares_are_those_of_single_curves(
    many: tuple[np.ndarray, np.ndarray], loss: float, relative: bool, direction: str
) -> None:
    means = 1.8 - many[0] if direction == "gain" else many[0]
    settings = (loss, relative, direction)
    found = benchmark_shares(SHARES, means, np.ones_like(means), means[:, 0], 0.0, "raw", *settings)
    expected = [benchmark_share_of(SHARES, mean, *settings) for mean in means]  # type: ignore[arg-type]
    reached = np.array([share is not None for share in expected])
    np.testing.assert_array_equal(np.isfinite(found), reached)
    np.testing.assert_allclose(
        found[reached], [share for share in expected if share is not None], atol=1e-10
    )


def test_a_loss_on_the_logit_scale_is_one_of_the_measure() -> None:
    """Straight logits from .8: the share at which they are those of .72."""
    line = logit(0.8) - 2.0 * SHARES
    found = benchmark_shares(
        SHARES, line[None], np.ones((1, 13)), line[:1], 0.0, "logit", 0.1, True, "loss"
    )
    assert found == pytest.approx([(logit(0.8) - logit(0.72)) / 2.0])
    # without the first share in the fit, whose mean stays the baseline, the line is the same
    rest = benchmark_shares(
        SHARES[1:], line[None, 1:], np.ones((1, 12)), line[:1], 0.0, "logit", 0.1, True, "loss"
    )
    assert rest == pytest.approx(found)
    steep = benchmark_shares(
        SHARES[1:], line[None, 1:] - 5.0, np.ones((1, 12)), line[:1], 0.0, "raw", 0.1, True, "loss"
    )
    assert 0.0 < steep[0] < 0.05  # between the baseline's share and the next
    gain = benchmark_shares(
        SHARES, -line[None], np.ones((1, 13)), -line[:1], 0.0, "logit", 5.0, True, "gain"
    )
    assert np.isinf(gain).all()  # five times of .2 more is beyond 1


def test_kinks_are_those_of_one_weight_vector_for_all(
    many: tuple[np.ndarray, np.ndarray],
) -> None:
    means, weights = many
    for weight in weights[:3]:
        found = fit_kinks(SHARES, means, np.broadcast_to(weight, means.shape))
        np.testing.assert_allclose(found.knots, profile(SHARES, weight, means)[0], atol=1e-9)
    one_by_one = [
        profile(SHARES, weight, mean[None])[0][0]
        for mean, weight in zip(means, weights, strict=True)
    ]
    np.testing.assert_allclose(fit_kinks(SHARES, means, weights).knots, one_by_one, atol=1e-9)


def test_flat_kinks_leave_no_more_than_the_dictionarys(
    many: tuple[np.ndarray, np.ndarray],
) -> None:
    means, weight = many[0], many[1][0]
    kinks = dictionary(FLAT_LEFT, SHARES, weight)
    own = fit_kinks(SHARES, means, np.broadcast_to(weight, means.shape), flat=True)
    for mean, knot, first, last, rss in zip(means, *own, kinks.fit(means).rss, strict=True):
        fitted = first + (last - first) * np.maximum(SHARES - knot, 0.0) / (0.6 - knot)
        assert (weight * (fitted - mean) ** 2).sum() < rss * (1 + 1e-9)


def test_ends_of_kinks_are_those_of_the_curve() -> None:
    curve = 0.9 - 0.1 * SHARES - 0.7 * np.maximum(SHARES - 0.33, 0.0)
    found = fit_kinks(SHARES, np.tile(curve, (2, 1)), np.random.default_rng(0).random((2, 13)) + 1)
    assert found.knots == pytest.approx([0.33, 0.33])
    assert found.first == pytest.approx([0.9, 0.9])
    assert found.last == pytest.approx([curve[-1]] * 2)


def test_transition_centres_are_those_of_smooth_transition() -> None:
    generator = np.random.default_rng(1)
    curves = 0.9 - 0.3 * expit((SHARES - 0.4) / 0.05)
    means = curves + 0.01 * generator.standard_normal((20, 13))
    found = transition_centres(SHARES, means, np.ones_like(means))
    expected = [smooth_transition(Curves(SHARES, m[None], ("a",))).centre for m in means]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # where weights are tiny, what stands there does not count
    means[:, 3] += 0.2
    weights = np.ones_like(means)
    weights[:, 3] = 1e-9  # at centres some way off
    np.testing.assert_allclose(transition_centres(SHARES, means, weights), found, atol=0.01)
    assert np.abs(transition_centres(SHARES, means, np.ones_like(means)) - found).max() > 0.012


def test_trimmed_means_are_scipys() -> None:
    values = np.random.default_rng(2).standard_t(3, (4, 23, 5))
    location, variance = location_of(values, "trimmed")
    np.testing.assert_allclose(location, stats.trim_mean(values, 0.1, axis=1))
    one = np.sort(values[2, :, 1])
    one[:2], one[-2:] = one[2], one[-3]  # Winsorised
    expected = one.std(ddof=1) / (math.sqrt(23) * (1.0 - 4.0 / 23.0))
    assert math.sqrt(variance[2, 1]) == pytest.approx(expected)
    five = np.array([[[0.0], [1.0], [2.0], [3.0], [100.0]]])
    assert location_of(five, "trimmed")[0] == pytest.approx(np.array([[2.0]]))


# -- the plain specification is the estimate that the other commands report


def test_plain_specifications_are_the_plain_estimates() -> None:
    curves = runs(np.random.default_rng(3), slope=-0.8)
    found = specification(curves, BEFORE, AFTER, draws=999)
    plain = {"scale": "raw", "window": "all shares", "weighting": "equal", "trimming": "none"}
    share = benchmark_share_of(SHARES, curves.mean)
    assert row_of(found.onset, **plain, estimator="benchmark share").estimate == pytest.approx(
        share
    )
    knot = break_point(curves)
    row = row_of(found.onset, **plain, estimator="knot of a kink")
    assert row.estimate == pytest.approx(knot.knot)
    centre = row_of(found.onset, **plain, estimator="transition centre").estimate
    assert centre == pytest.approx(smooth_transition(curves).centre, abs=1e-5)
    change = row_of(found.effect, **plain, estimator="change of a kink").estimate
    before, after = knot.slope_before * knot.knot, knot.slope_after * (0.6 - knot.knot)
    assert change == pytest.approx(before + after)
    contrast = row_of(found.effect, **plain, estimator="window contrast")
    expected = effect(curves, BEFORE, AFTER).points
    assert contrast.estimate == pytest.approx(expected.value)
    assert contrast.se == pytest.approx(expected.se, rel=0.12)
    assert contrast.interval is not None
    assert expected.interval is not None
    assert contrast.interval.width == pytest.approx(expected.interval.width, rel=0.12)


def test_choices_are_applied() -> None:
    curves = runs(np.random.default_rng(4), slope=-0.8)
    found = specification(curves, BEFORE, AFTER, draws=99).effect
    base = {"scale": "raw", "weighting": "equal", "estimator": "window contrast"}
    early = row_of(found, **base, window="without the last two", trimming="none")
    expected = effect(curves, BEFORE, (0.4, 0.5)).points.value
    assert early.estimate == pytest.approx(expected)
    late = row_of(found, **base, window="without the first", trimming="none")
    assert late.estimate == pytest.approx(effect(curves, (0.05, 0.3), AFTER).points.value)
    trimmed = row_of(found, **base, window="all shares", trimming="trimmed")
    mean = np.sort(curves.values, axis=0)[1:-1].mean(axis=0)
    assert trimmed.estimate == pytest.approx(mean[8:].mean() - mean[:7].mean())
    base["scale"] = "logit"
    odds = row_of(found, **base, window="all shares", trimming="none")
    mean = logit(curves.values).mean(axis=0)
    assert odds.estimate == pytest.approx(expit(mean[8:].mean()) - expit(mean[:7].mean()))
    assert early.window == "without the last two"


def test_a_noisy_share_counts_less_by_inverse_variance() -> None:
    generator = np.random.default_rng(5)
    curves = runs(generator)
    values = curves.values.copy()
    values[:, -1] += 0.3 * generator.standard_normal(10) - 0.1
    noisy = replace(curves, values=values)
    found = specification(noisy, BEFORE, AFTER, choices=PLAIN, draws=99).effect
    weighted = replace(PLAIN, weightings=("inverse variance",))
    other = specification(noisy, BEFORE, AFTER, choices=weighted, draws=99).effect
    plain_se = row_of(found, estimator="window contrast").se
    assert row_of(other, estimator="window contrast").se < 0.6 * plain_se


def test_weights_are_moved_towards_their_mean() -> None:
    """Two replicates that happen to agree at a share do not make it the only one."""
    variances = np.array([[1e-12, 1.0, 2.0]])
    made = Sample(np.zeros((1, 3)), variances).weights("inverse variance", 1.0)[0]
    assert made.mean() == pytest.approx(1.0)
    assert made[0] > made[1] > made[2]
    assert made[0] < 1.6 * made[2]


# -- draws


def table_of(values: np.ndarray, common: float = 0.0, factor: float = 1.0) -> Table:
    return Table(values, np.full(values.shape[1], common), 9.0, factor)


@pytest.mark.parametrize("n", [3, 10, 60])
def test_draws_of_a_mean_are_students(n: int) -> None:
    """Any fixed contrast of drawn means is t with R-1 d.f.; 60 replicates go through a factor."""
    generator = np.random.default_rng(6)
    values = generator.standard_normal((n, 13))
    (made,) = draws_of([table_of(values)], ("none",), 4000, 1)
    contrast = generator.standard_normal(13)
    locations = made.about["none"].locations
    np.testing.assert_allclose(locations[0], values.mean(axis=0))
    scaled = (locations[1:] - locations[0]) @ contrast / stats.sem(values @ contrast)
    assert stats.kstest(scaled, stats.t(n - 1).cdf).pvalue > 0.001
    assert n > 3 or stats.kstest(scaled, stats.norm.cdf).pvalue < 0.001


@pytest.mark.parametrize("n", [3, 10, 60])
def test_rotations_are_students_with_their_own_errors(n: int) -> None:
    """The t statistic of a contrast of rotated replicates is t with R-1 d.f. whatever they show."""
    generator = np.random.default_rng(7)
    values = generator.standard_normal((n, 13)) - 3.0 * SHARES
    (made,) = draws_of([table_of(values)], ("none",), 4000, 1)
    contrast = generator.standard_normal(13)
    contrast -= contrast.mean()
    errors = np.sqrt((made.covariances @ contrast) @ contrast)
    assert errors[0] == pytest.approx(stats.sem(values @ contrast))
    scores = made.moved @ contrast / errors[1:]
    assert stats.kstest(scores, stats.t(n - 1).cdf).pvalue > 0.001
    # rotations keep sums of squares, so that a change becomes noise
    squares = n * ((made.moved @ contrast) ** 2 + (n - 1) * errors[1:] ** 2)
    level = values[:, 0].mean()
    np.testing.assert_allclose(squares, (((values - level) @ contrast) ** 2).sum())
    np.testing.assert_allclose(made.null["none"].locations[1:], level + made.moved)


def test_common_noise_and_re_splits_widen_the_draws() -> None:
    values = np.random.default_rng(7).standard_normal((10, 13))

    def half_widths(common: float, factor: float) -> tuple[np.ndarray, np.ndarray]:
        (made,) = draws_of([table_of(values, common, factor)], ("none",), 4000, 1)
        drawn = (made.about["none"].locations[1:] - values.mean(axis=0), made.moved)
        first, second = (np.quantile(np.abs(one), 0.6827, axis=0) for one in drawn)
        return first, second

    for own, common, splits in zip(
        half_widths(0.0, 1.0), half_widths(0.3, 1.0), half_widths(0.0, 2.0), strict=True
    ):
        np.testing.assert_allclose(splits, 2.0 * own, rtol=1e-9)
        np.testing.assert_allclose(common, np.sqrt(own**2 + 0.3), rtol=0.1)
    (made,) = draws_of([table_of(values, 0.3, 2.0)], ("none",), 99, 1)
    expected = 4.0 * values.var(axis=0, ddof=1) / 10 + 0.3
    np.testing.assert_allclose(made.null["none"].variances[0], expected)
    np.testing.assert_allclose(np.diag(made.covariances[0]), expected)


def test_one_draw_serves_all_tables_and_trimmings() -> None:
    values = np.random.default_rng(8).standard_normal((10, 13))
    tables = [table_of(values), table_of(-values)]
    first, second = draws_of(tables, ("none", "trimmed"), 999, 1)
    np.testing.assert_allclose(first.moved, -second.moved)
    drawn = {name: sample.locations[1:, 4] for name, sample in first.about.items()}
    np.testing.assert_allclose(drawn["none"], -second.about["none"].locations[1:, 4])
    assert np.corrcoef(drawn["none"], drawn["trimmed"])[0, 1] > 0.95


def test_seed_alone_decides() -> None:
    curves = runs(np.random.default_rng(9), slope=-0.3)
    one, other, third = (
        specification(curves, BEFORE, AFTER, choices=FAST, draws=99, seed=seed)
        for seed in (1, 1, 2)
    )
    assert one.to_dict() == other.to_dict()
    assert one.to_dict() != third.to_dict()
    assert one.effect is not None
    assert third.effect is not None
    assert [r.estimate for r in one.effect.rows] == [r.estimate for r in third.effect.rows]


def test_intervals_of_single_specifications_cover() -> None:
    """Under a step every contrast is -.1, under a kink every change is -.18 and every knot .3."""
    generator = np.random.default_rng(10)
    sets = 150
    choices = replace(PLAIN, weightings=Choices().weightings, trimmings=Choices().trimmings)
    hits: dict[str, list[bool]] = {}
    step = -0.1 * np.clip((SHARES - 0.3) / 0.1, 0.0, 1.0)
    kink = -0.6 * np.maximum(SHARES - 0.3, 0.0)
    for mean, truth in (
        (step, {"window contrast": -0.1}),
        (kink, {"change of a kink": -0.18, "knot of a kink": 0.3, "knot, flat before": 0.3}),
    ):
        chosen = replace(
            choices,
            onsets=tuple(name for name in Choices().onsets if name in truth),
            effects=tuple(name for name in Choices().effects if name in truth),
        )
        for seed in range(sets):
            plain = runs(generator, 5)
            curves = replace(plain, values=plain.values + mean)
            found = specification(curves, BEFORE, AFTER, choices=chosen, draws=99, seed=seed)
            for curve in (found.onset, found.effect):
                for row in () if curve is None else curve.rows:
                    assert row.interval is not None
                    hits.setdefault(row.estimator, []).append(truth[row.estimator] in row.interval)
    error = math.sqrt(0.05 * 0.95 / sets)  # the four of one data set are far from independent
    assert set(hits) == {*truth, "window contrast"}
    for name, held in hits.items():
        assert np.mean(held) > 0.95 - 3.5 * error, name
    assert np.mean(hits["window contrast"]) < 0.999  # else the test could not fail


# -- the joint test


def p_values(sets: int, n: int, slope: float, seed: int) -> np.ndarray:
    """p-values (sets, 4): of median, significant, mean t, and of a count taken as independent."""
    generator = np.random.default_rng(seed)
    out = []
    for number in range(sets):
        curves = runs(generator, n, slope)
        found = specification(curves, BEFORE, AFTER, choices=FAST, draws=99, seed=number).effect
        assert found is not None
        joint = found.joint
        assert joint is not None
        out.append((joint.p_median, joint.p_significant, joint.p_mean_t, joint.as_if_independent))
    return np.array(out, dtype=float)


def test_joint_test_holds_its_size_and_a_plain_count_does_not() -> None:
    sets = 250
    rejected = (p_values(sets, 6, 0.0, 11) <= 0.05).mean(axis=0)
    error = math.sqrt(0.05 * 0.95 / sets)
    assert error < 0.015
    assert (rejected[:3] <= 0.05 + 3.0 * error).all(), rejected
    assert rejected[0] > 0.005  # the test can reject
    assert rejected[3] > 0.05 + 3.0 * error, rejected  # negative control


def test_joint_test_has_power_against_a_decline() -> None:
    rejected = (p_values(40, 10, -0.12, 12) <= 0.05).mean(axis=0)
    assert (rejected[:3] > 0.8).all(), rejected


def test_joint_test_says_what_is_dominant() -> None:
    down = specification(
        runs(np.random.default_rng(13), slope=-0.6), BEFORE, AFTER, choices=FAST
    ).effect
    up = specification(
        runs(np.random.default_rng(13), slope=0.3), BEFORE, AFTER, choices=FAST
    ).effect
    for curve, word, sign in ((down, "falls", -1.0), (up, "rises", 1.0)):
        assert curve is not None
        assert curve.joint is not None
        assert curve.joint.dominant == word
        assert sign * curve.joint.median > 0
        assert sign * curve.joint.mean_t > 3
        assert curve.joint.significant_share == curve.significant_share == 1.0
        assert curve.joint.p_median == curve.joint.p_mean_t == 1.0 / 500.0
        # every specification significant: as in a hundredth of the rotations, no more can be said
        assert curve.joint.p_significant < 0.03
    assert down is not None
    assert (down.below, down.within, down.above, down.claimed_side) == (1.0, 0.0, 0.0, 1.0)


def test_few_replicates_are_not_trimmed() -> None:
    found = specification(runs(np.random.default_rng(14), 4), BEFORE, AFTER, choices=FAST, draws=99)
    assert found.effect is not None
    assert {row.trimming for row in found.effect.rows} == {"none"}
    assert "fewer than 5 replicates: no trimming" in found.notes


# -- the summary


def test_rows_and_summary_belong_together() -> None:
    curves = runs(np.random.default_rng(15), slope=-0.9)
    found = specification(curves, BEFORE, AFTER, claimed_onset=(0.29, 0.31), draws=199)
    assert found.onset is not None
    assert found.effect is not None
    assert (len(found.onset.rows), len(found.effect.rows)) == (96, 48)
    for curve in (found.onset, found.effect):
        values = [row.estimate for row in curve.rows]
        assert values == sorted(values)
        assert (curve.lowest, curve.highest) == (values[0], values[-1])
        sides = [curve.below, curve.within, curve.above]
        assert sum(side for side in sides if side is not None) == pytest.approx(1.0)
        for one in curve.medians:
            own = [row.estimate for row in curve.rows if row.estimator == one.estimator]
            assert one.median == pytest.approx(np.median(own))
            assert one.specifications == len(own)
            assert one.interval is not None
            assert one.median in one.interval
        flags = [row.significant for row in curve.rows]
        assert curve.significant_share == pytest.approx(np.mean([bool(flag) for flag in flags]))
    for row in found.onset.rows:
        assert row.interval is not None
        apart = row.interval.upper < 0.29 or row.interval.lower > 0.31
        assert row.significant is apart
    assert found.onset.claimed_side == found.onset.within
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_a_choice_does_is_a_median_over_pairs() -> None:
    found = specification(runs(np.random.default_rng(16), slope=-0.9), BEFORE, AFTER).effect
    assert found is not None
    by_choice = {(one.choice, one.option): one for one in found.differences}
    assert len(found.differences) == 1 + 2 + 1 + 1 + 1
    one = by_choice["estimator", "change of a kink"]
    assert (one.against, one.pairs) == ("window contrast", 24)
    held = {
        (row.scale, row.window, row.weighting, row.trimming, row.estimator): row.estimate
        for row in found.rows
    }
    changes = [
        value - held[(*key[:-1], "window contrast")]
        for key, value in held.items()
        if key[-1] == "change of a kink"
    ]
    assert one.difference == pytest.approx(np.median(changes))
    assert one.interval is not None
    assert one.interval.upper < -0.02  # the whole fall is more than that between the windows
    trimmed = by_choice["trimming", "trimmed"].interval
    assert trimmed is not None
    assert 0.0 in trimmed


def test_bands_at_an_end_of_the_search_are_open() -> None:
    """A straight fall has no knot: its band reaches both ends, and contradicts no claim."""
    generator = np.random.default_rng(17)
    plain = runs(generator)
    curves = replace(plain, values=plain.values - 0.5 * SHARES)
    found = specification(curves, BEFORE, AFTER, claimed_onset=(0.38, 0.42), choices=PLAIN).onset
    row = row_of(found, estimator="knot of a kink")
    assert row.interval is not None
    assert (row.interval.lower, row.interval.upper) == (-math.inf, math.inf)
    assert row.significant is False
    assert math.isinf(row.se)


def test_a_loss_that_is_not_reached_is_infinite() -> None:
    found = specification(runs(np.random.default_rng(18)), BEFORE, AFTER, choices=PLAIN).onset
    assert found is not None
    assert row_of(found, estimator="benchmark share").estimate == math.inf
    assert found.highest == math.inf
    assert found.to_dict()["highest"] is None


def test_measures_of_both_directions_are_turned() -> None:
    generator = np.random.default_rng(19)
    recall = runs(generator, slope=-0.8)
    error = runs(generator, slope=0.4, name="ece", level=0.1)
    found = specification(
        [recall, error],
        BEFORE,
        AFTER,
        directions={"rare_recall": "loss", "ece": "gain"},
        choices=FAST,
    ).effect
    assert found is not None
    assert found.turned == ("ece",)
    assert found.below == found.claimed_side == 1.0
    assert {one.choice for one in found.differences} >= {"measure", "weighting"}
    alone = specification(error, BEFORE, AFTER, directions="gain", choices=FAST).effect
    assert alone is not None
    assert alone.turned == ()
    assert alone.above == alone.claimed_side == 1.0


def test_one_run_gives_estimates_alone() -> None:
    found = specification(runs(np.random.default_rng(20), 1, -0.8), BEFORE, AFTER)
    assert found.effect is not None
    assert found.effect.joint is None
    assert found.effect.significant_share is None
    assert {row.interval for row in found.effect.rows} == {None}
    assert all(math.isnan(row.se) for row in found.effect.rows)
    assert found.method == "point estimates"
    assert "no band" in " ".join(found.notes)


def test_replicates_with_holes_are_left_out() -> None:
    curves = runs(np.random.default_rng(21), slope=-0.8)
    values = curves.values.copy()
    values[4, 7] = np.nan
    holed = specification(replace(curves, values=values), BEFORE, AFTER, choices=FAST, draws=99)
    rest = [row for row in range(10) if row != 4]
    whole = replace(curves, values=curves.values[rest], replicates=tuple(rest))
    expected = specification(whole, BEFORE, AFTER, choices=FAST, draws=99)
    assert holed.effect == expected.effect
    assert holed.n_replicates == 9
    assert "1 of 10 replicates lack a share: left out" in holed.notes


def test_what_cannot_be_done_is_said() -> None:
    curves = runs(np.random.default_rng(22))
    beyond = replace(curves, values=curves.values + 0.4)
    found = specification(beyond, BEFORE, AFTER, draws=99)
    assert found.effect is not None
    assert {row.scale for row in found.effect.rows} == {"raw"}
    assert "rare_recall is not inside (0, 1) everywhere: no logit scale" in found.notes
    narrow = specification(curves, BEFORE, (0.55, 0.6), draws=99)
    assert any("without the last two: no share after" in note for note in narrow.notes)
    few = Curves(SHARES[:6], curves.values[:, :6], curves.replicates, replication=OWN)
    short = specification(few, (0.0, 0.1), (0.15, 0.25), draws=99)
    assert "6 shares are too few to analyse without the last two" in short.notes
    below = replace(curves, values=curves.values - 0.9)
    assert any("positive baseline" in n for n in specification(below, BEFORE, AFTER).notes)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"before": (0.5, 0.6)}, "windows must be"),
        ({"level": 1.0}, "level"),
        ({"draws": 20}, "at least 99"),
        ({"directions": "down"}, '"loss" or "gain"'),
        ({"directions": {"accuracy": "loss"}}, "directions must name"),
        ({"measures": []}, "at least one measure"),
        ({"choices": replace(PLAIN, scales=("logit",)), "measures": "beyond"}, "raw scale"),
        ({"measures": "constant"}, "is constant"),
        ({"measures": "short"}, "at least 5 distinct shares"),
        ({"measures": "twice"}, "different names"),
        ({"measures": "other"}, "same shares and replicates"),
    ],
)
def test_errors_say_what_is_wrong(change: dict[str, object], match: str) -> None:
    curves = runs(np.random.default_rng(23))
    given = {
        "beyond": replace(curves, values=curves.values + 1.0),
        "constant": replace(curves, values=np.ones((10, 13))),
        "short": Curves(SHARES[:4], curves.values[:, :4], curves.replicates),
        "twice": [curves, curves],
        "other": [curves, replace(runs(np.random.default_rng(1), 9), response="accuracy")],
    }
    settings: dict[str, object] = {"before": BEFORE, "after": AFTER, "draws": 99, **change}
    measures = settings.pop("measures", curves)
    if isinstance(measures, str):
        measures = given[measures]
    with pytest.raises(InferenceError, match=match):
        specification(measures, **settings)  # type: ignore[arg-type]


def test_choices_must_be_known() -> None:
    with pytest.raises(InferenceError, match="scales must be different names"):
        Choices(scales=("log",))
    with pytest.raises(InferenceError, match="windows: name at least one"):
        Choices(windows=())


def test_all_specifications_of_a_measure_take_less_than_three_seconds() -> None:
    curves = runs(np.random.default_rng(24), slope=-0.8)
    start = time.process_time()
    specification(curves, BEFORE, AFTER, draws=499)
    assert time.process_time() - start < 3.0
