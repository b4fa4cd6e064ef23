"""Numbers of the analyses of worlds, sources and theories, against answers known otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smcollapse.inference import Curves, benchmark_share
from smcollapse.questions.claim import published_claim
from smcollapse.questions.limitations.domains import Held, held_against, largest_error, worst_point
from smcollapse.questions.limitations.limits import Lab
from smcollapse.questions.limitations.studies import REFERENCE, reference
from smcollapse.questions.limitations.worlds import (
    SharedCorpora,
    band_spread,
    benchmark_on,
    detectabilities,
    last_change,
    nominal_shares,
    packed,
    rate_of,
    reference_scenario,
    spread_of,
    study_along,
    transition_on,
    unseen_part,
    visited,
)
from smcollapse.run import run_study
from smcollapse.study_file import parse_study
from smcollapse.theories import CATALOG

SHARES = np.round(np.linspace(0.0, 0.6, 13), 2)


def test_studies_beside_the_reference_have_its_replicates() -> None:
    """Same world, seed and shares, so that differences are paired."""
    study = study_along("few", {"source.templates": (50,)}, settings={"world.noise": 0.2})
    assert study.seed == parse_study(REFERENCE, "reference").seed
    assert study.scenario == reference_scenario({"world.noise": 0.2})
    assert {one.scenario.source.templates for one in study.conditions()} == {50}  # type: ignore[union-attr]
    assert len(study.conditions()) == 11
    varied = study_along("two", {}, variants={"real": ("mixture.design", "real_only")})
    assert [variant.name for variant in varied.variants] == ["real"]


def test_templates_visit_as_many_contexts_as_are_drawn() -> None:
    """The expected share of contexts, against drawn sources."""
    from smcollapse.sources import fit
    from smcollapse.worlds import world_of

    world, drawn = world_of(reference_scenario().world), []
    for replicate in range(20):
        source = fit(reference_scenario().source, world, 5, replicate)
        drawn.append(len(np.unique(source.sample(200).context)) / 200)
    error = float(np.std(drawn, ddof=1)) / math.sqrt(len(drawn))
    assert error < 0.01
    assert abs(visited(200) - float(np.mean(drawn))) < 4.0 * error
    assert not abs(visited(500) - float(np.mean(drawn))) < 4.0 * error  # the control is caught


def test_nominal_shares_invert_the_true_share() -> None:
    """t = u + (1 − u) p at every share that can be had, and nothing below u."""
    nominal = nominal_shares(SHARES, 0.2)
    assert nominal[0] == 0.0
    assert np.allclose(0.2 + 0.8 * nominal, SHARES[SHARES >= 0.2])
    assert np.array_equal(nominal_shares(SHARES, 0.0), SHARES)
    part = unseen_part(0.4, 0.3)
    assert part == pytest.approx(1.0 / 7.0)
    assert (0.4 - part) / (1.0 - part) == pytest.approx(0.3)


def test_functionals_of_a_known_curve() -> None:
    """A logistic gives back its centre and its width from 10 to 90 %."""
    mean = 0.9 - 0.3 / (1.0 + np.exp(-(SHARES - 0.35) / 0.05))
    centre, width = transition_on(SHARES, mean)
    assert centre == pytest.approx(0.35, abs=1e-4)
    assert width == pytest.approx(2.0 * math.log(9.0) * 0.05, abs=1e-3)
    line = 1.0 - 0.5 * SHARES
    assert benchmark_on(SHARES, line) == pytest.approx(0.2)
    assert last_change(line) == pytest.approx(-0.3)
    assert math.isinf(benchmark_on(SHARES, 1.0 - 0.1 * SHARES))


def test_spread_covers_the_true_deviation() -> None:
    """The chi-squared interval holds in .95 of normal samples; half of the truth is caught."""
    generator, held, shifted = np.random.default_rng(3), 0, 0
    for _ in range(1500):
        one = spread_of("spread", generator.normal(0.4, 0.1, 8).tolist(), "share")
        assert one.lower is not None
        assert one.upper is not None
        held += one.lower <= 0.1 <= one.upper
        shifted += one.lower <= 0.05 <= one.upper
    error = math.sqrt(0.95 * 0.05 / 1500)
    assert error < 0.01
    assert abs(held / 1500 - 0.95) < 4.0 * error
    assert shifted / 1500 < 0.5
    lower, upper = published_claim().onset
    wide = np.random.default_rng(1).uniform(lower, upper, 200_000)
    assert band_spread() == pytest.approx(float(wide.std()), rel=0.01)


def test_rates_have_exact_limits() -> None:
    """Clopper and Pearson (1934): 0 of 20, and the symmetry of the two sides."""
    none = rate_of("none", [False] * 20)
    assert (none.value, none.lower) == (0.0, 0.0)
    assert none.upper == pytest.approx(1.0 - 0.025 ** (1.0 / 20.0))
    some, others = rate_of("5", [True] * 5 + [False] * 15), rate_of("15", [True] * 15 + [False] * 5)
    assert some.lower == pytest.approx(1.0 - (others.upper or 0.0))
    assert (some.lower, some.upper) == pytest.approx((0.0866, 0.4910), abs=1e-4)


def test_packing_counts_places_apart() -> None:
    """Three corners and their neighbours hold three that are half a range apart."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    near = np.concatenate([corners, corners + 0.01, corners - 0.01])
    assert packed(near, 0.5) == 3
    assert packed(near, 0.005) == 9
    assert packed(np.full((5, 2), 0.3), 0.5) == 1


def test_shared_corpora_have_the_variance_they_state() -> None:
    """Runs of one corpus are correlated by `part`, and the bands know only if they are told."""
    one = SharedCorpora(1)
    residuals = np.stack(
        [one.draw(n, declared=False).values - one.truth(SHARES) for n in range(200)]
    )
    flat = residuals.transpose(1, 0, 2).reshape(9, -1)
    correlation = float(np.corrcoef(flat)[np.triu_indices(9, 1)].mean())
    assert correlation == pytest.approx(0.5, abs=0.05)
    assert float(residuals.std()) == pytest.approx(0.02, rel=0.05)
    own = SharedCorpora(0).draw(1, declared=True, trusted=True)
    assert own.corpora is not None
    assert len({label for row in own.corpora for label in row}) == 9 * 13
    three = SharedCorpora(3)
    trusted = benchmark_share(three.draw(0, declared=False, trusted=True)).band
    declared = benchmark_share(three.draw(0, declared=True)).band
    assert trusted is not None
    assert declared is not None
    assert declared.width > trusted.width


def test_largest_error_looks_on_its_side_of_the_domain() -> None:
    """An error of 20 points outside does not count inside."""
    values = np.array([[0.9, 0.8, 0.5], [0.9, 0.82, 0.52], [0.9, 0.81, 0.48]])
    trained = Curves(np.array([0.0, 0.3, 0.6]), values, (0, 1, 2))
    one = Held(
        "one",
        reference_scenario(),
        trained,
        np.array([0.9, 0.80, 0.7]),
        np.array([True, True, False]),
    )
    inside, outside = (largest_error("error", [one], inside=side) for side in (True, False))
    assert inside is not None
    assert outside is not None
    assert inside.value == pytest.approx(0.01)
    assert outside.value == pytest.approx(0.2)
    assert worst_point([one]) == "one, share 30 % (1.0 points)"
    assert largest_error("error", [Held("a", one.scenario, trained, values[0], ~one.inside | True)],
                         inside=False) is None  # fmt: skip


def test_the_interval_of_a_largest_error_holds_it() -> None:
    """Of many points with the same true error, the largest measured one lies far above it."""
    rng = np.random.default_rng(5)
    shares, true = np.linspace(0.0, 0.6, 12), 0.03
    held, above = 0, 0
    for _ in range(40):
        conditions = [
            Held(
                str(number),
                reference_scenario(),
                Curves(shares, 0.8 + true + 0.03 * rng.standard_normal((10, 12)), tuple(range(10))),
                np.full(12, 0.8),
                np.full(12, True),
            )
            for number in range(4)
        ]
        found = largest_error("error", conditions, inside=True)
        assert found is not None
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= true <= found.upper
        above += found.value > true + 0.01  # type: ignore[operator]
    assert held >= 34, "nominal .95 of 40: 34 is below it by 2.9 standard errors"
    assert above >= 38, "the measured maximum alone would mislead"


def test_theories_are_held_against_training_share_by_share(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Doubts are asked at each share: coverage theory trusts itself away from the flip only."""
    study = study_along(
        "tiny",
        {},
        shares=(0.0, 0.45),
        settings={"model.kind": "count_table", "mixture.budget": 20000},
        replicates=2,
    )
    store = run_study(study, tmp_path / "tiny", device="cpu", workers=1).store
    (held,) = held_against(store, CATALOG["coverage"])
    assert held.inside.tolist() == [True, False]
    assert held.errors[0] < 0.005 < held.errors[1]


def test_shared_studies_reduce_alike(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """The studies that analyses share go through the lab, by names of their own."""
    asked: list[str] = []
    monkeypatch.setattr(Lab, "run", lambda self, study, *rest, **more: asked.append(study.name))
    lab = Lab(tmp_path, quick=True)
    detectabilities(lab)
    detectabilities(lab, 10.0)
    reference(lab)
    assert asked == ["detectability", "detectability-10", "reference"]
