"""The noise of a mean curve by design: own data, shared corpora, missing cells, one run."""

from __future__ import annotations

import numpy as np
import pytest

from smcollapse.inference import Curves, InferenceError, curves, effect
from smcollapse.inference.stationary import combined_freedom, stationary_factor
from tests.inference.sweeps import OWN, SHARES, kink, sweep


def shared(n_corpora: int, seed: int = 0, sd: float = 0.02) -> Curves:
    """Nine runs a share, half of whose variance is their corpus's."""
    generator = np.random.default_rng(seed)
    which = np.arange(9) % n_corpora
    corpus = generator.normal(0.0, sd, (13, n_corpora))[:, which].T
    values = kink() + np.sqrt(0.5) * (corpus + generator.normal(0.0, sd, (9, 13)))
    labels = tuple(tuple(f"{s}-{k}" for s in range(13)) for k in which)
    return Curves(SHARES, values, tuple(range(9)), corpora=labels)


def test_the_contrast_of_own_data_is_the_paired_t_test() -> None:
    measured = sweep(kink())
    contrast = np.zeros((1, 13))
    contrast[0, 0], contrast[0, -1] = -1.0, 1.0
    variance, freedom = measured.noise.variance_and_freedom(contrast)
    assert freedom[0] == pytest.approx(9.0)
    change = measured.values[:, -1] - measured.values[:, 0]
    assert np.sqrt(variance[0]) == pytest.approx(change.std(ddof=1) / np.sqrt(10))


def test_draws_have_the_variance_of_the_mean() -> None:
    """20 000 draws; half of the covariance is smoothed, so the sum over shares is compared."""
    noise = sweep(kink()).noise
    freedom = combined_freedom(noise.freedom)
    drawn = noise.draws(20_000, 0).var(axis=0).sum() * (freedom - 2) / freedom
    assert drawn == pytest.approx(np.trace(noise.covariance()), rel=0.03)


def test_corpora_of_a_share_have_a_variance_component() -> None:
    """Pooled over 40 tables: τ² = .0002 within four standard errors, and not without corpora."""
    found = np.array([shared(3, seed).noise.corpus_variance for seed in range(40)])
    assert abs(found.mean() - 0.0002) < 4 * found.std() / np.sqrt(40)
    assert found.std() / np.sqrt(40) < 0.00003
    one = shared(3).noise
    assert one.effective_runs < 6.0
    assert any("more corpora help" in text for text in one.warnings)
    own = sweep(kink(), n=9).noise
    assert own.corpus_variance == 0.0


def test_one_corpus_a_share_is_seen_in_the_scatter() -> None:
    found = np.array([shared(1, seed).noise.corpus_variance for seed in range(40)])
    assert abs(found.mean() - 0.0002) < 4 * found.std() / np.sqrt(40)
    wide = effect(shared(1), (0.0, 0.2), (0.5, 0.6)).points
    narrow = effect(
        Curves(SHARES, shared(1).values, tuple(range(9)), "x", OWN), (0.0, 0.2), (0.5, 0.6)
    )
    assert wide.interval is not None
    assert narrow.points.interval is not None
    assert wide.interval.width > 1.3 * narrow.points.interval.width


def test_a_corpus_for_all_shares_is_the_replicate() -> None:
    import pandas as pd

    rows = [
        {
            "share": s,
            "replicate": r,
            "corpus": r % 4,
            "y": 0.9 - 0.2 * s + 0.01 * (r % 4) + 0.001 * r,
        }
        for r in range(8)
        for s in SHARES
    ]
    merged = curves(pd.DataFrame(rows), "y", corpus="corpus")
    assert merged.n_replicates == 4
    assert any("4 corpora at every share" in note for note in merged.notes)
    alone = curves(pd.DataFrame(rows).assign(corpus="x"), "y", corpus="corpus")
    assert any("conditional on it" in note for note in alone.notes)


def test_missing_cells_are_counted_and_taken() -> None:
    measured = sweep(kink())
    values = np.array(measured.values)
    values[3:, 5] = np.nan
    holed = Curves(SHARES, values, measured.replicates)
    assert not holed.complete
    assert holed.mean[5] == pytest.approx(values[:3, 5].mean())
    full = np.diag(measured.noise.covariance())
    holes = np.diag(holed.noise.covariance())
    assert holes[5] != full[5]
    np.testing.assert_allclose(np.delete(holes, 5), np.delete(full, 5), rtol=1e-9)


def test_one_run_a_share_has_no_noise() -> None:
    one = sweep(kink(), n=1)
    assert not one.has_noise
    with pytest.raises(InferenceError, match="one run a share"):
        _ = one.noise


def test_two_replicates_pool_their_noise() -> None:
    """The pooled variance is unbiased, correlation along the share costs degrees of freedom."""
    found = [sweep(kink(), seed, n=2).noise for seed in range(100)]
    variances = np.array([np.diag(noise.covariance()).mean() for noise in found])
    assert abs(variances.mean() - 0.02**2 / 2) < 4 * variances.std() / 10
    assert all("pooled" in " ".join(noise.warnings) for noise in found)
    levels = np.array([[-0.1], [0.1]])
    level = Curves(SHARES, levels + np.array(sweep(kink(), n=2).values), (0, 1))
    assert level.noise.freedom < 0.5 * np.mean([noise.freedom for noise in found])


def test_the_stationary_half_needs_even_shares_and_enough_runs() -> None:
    deviations = np.random.default_rng(0).normal(size=(10, 13))
    deviations -= deviations.mean(axis=0)
    factor = stationary_factor(SHARES, deviations)
    assert factor is not None
    own = (deviations**2).sum(axis=0) / 9
    np.testing.assert_allclose((factor**2).sum(axis=0), own, rtol=1e-9)
    assert stationary_factor(SHARES**2, deviations) is None
    assert stationary_factor(SHARES, deviations[:3]) is None
