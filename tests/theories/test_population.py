"""Population theory against the posteriors and trainings that it is the limit of."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t

from smcollapse.laws import FactsLaw
from smcollapse.run import run_study
from smcollapse.scenario import Scenario
from smcollapse.settings import ClustersWorld, Mlp
from smcollapse.study_file import parse_study
from smcollapse.theories import CATALOG, MEASURES
from smcollapse.theories.mixing import laws_of
from smcollapse.theories.population_clusters import ClusterPoints
from smcollapse.worlds import world_of
from tests.verification import limits

POPULATION = CATALOG["population"]
SMALL = {"kind": "facts", "n_contexts": 12, "n_answers": 4, "n_categories": 3, "test_size": 20_000}


def _facts(**parts: Any) -> Scenario:
    base = {"world": SMALL, "mixture": {"budget": 10**6}, "model": {"kind": "count_table"}}
    return Scenario.model_validate(base | parts)


COUNTED = """\
name = "limit"
seed = 4
replicates = 4

[scenario.world]
n_contexts = 12
n_answers = 4
n_categories = 3
test_size = 20000
exception_share = 0.5
rare_mass = 0.5

[scenario.source]
tempering = 0.6
coverage = 0.75
polish = 0.4
fidelity = 0.2
contamination = 0.15
detectability = 0.3

[scenario.filter]
strictness = 0.5
scope = "{scope}"

[scenario.mixture]
budget = 200000
design = "{design}"

[scenario.model]
kind = "count_table"

[axes]
mixture.share = [0.0, 0.3, 0.6, 0.8]
"""


@pytest.mark.parametrize(
    ("design", "scope"),
    [("replace", "both"), ("accumulate", "synthetic"), ("real_only", "both")],
)
def test_a_table_counted_from_many_rows_reaches_the_limit(
    design: str, scope: str, tmp_path: Path
) -> None:
    """Every knob at once; a theory that leaves one out misses by many standard errors."""
    study = parse_study(COUNTED.format(design=design, scope=scope), "limit")
    table = run_study(study, tmp_path / "run", device="cpu", workers=1).store.table()
    found = POPULATION.curve(study.scenario, [0.0, 0.3, 0.6, 0.8]).measures
    groups = table.groupby("share")
    for name in MEASURES:
        mean, se = groups[name].mean().to_numpy(), groups[name].sem().to_numpy()
        assert se.max() < 0.002
        assert (np.abs(found[name] - mean) < 0.005 + 3.0 * se).all(), name


@pytest.mark.parametrize(
    ("part", "knob", "value"),
    [
        ("source", "tempering", 1.0),
        ("source", "coverage", 1.0),
        ("source", "polish", 0.9),
        ("source", "fidelity", 0.0),
        ("source", "contamination", 0.0),
        ("source", "detectability", 0.0),
        ("filter", "strictness", 0.0),
        ("filter", "scope", "synthetic"),
    ],
)
def test_a_knob_left_out_would_be_caught(part: str, knob: str, value: float | str) -> None:
    """Negative control of the test above: each knob moves some measure beyond its tolerance."""
    study = parse_study(COUNTED.format(design="replace", scope="both"), "limit")
    plain = study.scenario.model_dump()
    plain[part][knob] = value
    shares = [0.3, 0.6, 0.8]
    true = POPULATION.curve(study.scenario, shares).measures
    wrong = POPULATION.curve(Scenario.model_validate(plain), shares).measures
    assert max(np.abs(true[name] - wrong[name]).max() for name in MEASURES) > 0.012


def test_recall_falls_where_the_margins_cancel() -> None:
    scenario = _facts(source={"polish": 1.0})
    flip = 0.9 / 1.9
    found = POPULATION.curve(scenario, [flip - 1e-3, flip + 1e-3])
    np.testing.assert_array_equal(found.measures["exception_recall"], [1.0, 0.0])
    assert found.flip == pytest.approx(flip)
    # At 19 : 10 rows with a noise of .1 the two answers are exactly tied.
    tied = _facts(world=SMALL | {"noise": 0.0}, source={"polish": 1.0})
    assert POPULATION.curve(tied, [0.5]).measures["exception_recall"][0] == 0.5


def test_contexts_without_rows_follow_their_category() -> None:
    """At share 1 the uncovered contexts are empty; label frequencies counted one by one."""
    source = {"coverage": 0.5, "fidelity": 0.4, "contamination": 0.3, "polish": 0.5}
    scenario = _facts(source=source, world=SMALL | {"exception_share": 1.0, "rare_mass": 0.8})
    laws = laws_of(scenario)
    law = laws.world
    assert isinstance(law, FactsLaw)
    prior = np.zeros((law.n_categories, law.n_answers))
    for k in range(law.n_contexts):
        for answer in range(law.n_answers):
            kind = 0 if answer == law.truth[k] else 1 if answer == law.consensus[k] else 2
            prior[law.category[k], answer] += laws.synthetic.passed[k, kind]
    recall, confidence = np.zeros((2, law.n_contexts))
    for k in range(law.n_contexts):
        cell = prior[law.category[k]]
        if laws.source.frequency[k] > 0.0:
            cell = laws.synthetic.passed[k, [2] * law.n_answers]
            cell[law.consensus[k]] = laws.synthetic.passed[k, 1]
            cell[law.truth[k]] = laws.synthetic.passed[k, 0]
        recall[k] = cell.argmax() == law.truth[k]
        confidence[k] = cell.max() / cell.sum()
    found = POPULATION.curve(scenario, [1.0]).measures
    assert found["mean_confidence"][0] == pytest.approx(law.frequency @ confidence)
    rare = law.frequency * law.rare
    assert found["rare_recall"][0] == pytest.approx(rare @ recall / rare.sum())


def test_no_rows_give_no_numbers() -> None:
    deaf = {"strictness": 1.0, "detection": 1.0, "severity": 1.0}
    nothing = _facts(
        world=SMALL | {"zipf_exponent": 0.0}, mixture={"budget": 100, "design": "real_only"}
    )
    found = POPULATION.curve(nothing, [0.5, 1.0])
    assert np.isfinite(found.measures["accuracy"][0])
    assert all(math.isnan(found.measures[name][1]) for name in MEASURES)
    assert "share 1" in found.notes[0]
    strict = POPULATION.curve(_facts(filter=deaf), [0.4]).measures
    assert all(np.isfinite(strict[name]).all() for name in MEASURES)


def test_few_rows_or_templates_raise_doubts() -> None:
    few = _facts(mixture={"budget": 300})
    assert "rare mass" in POPULATION.doubts(few, [0.0, 0.4])[0]
    assert not POPULATION.doubts(_facts(), [0.0, 0.3])
    assert POPULATION.doubts(_facts(source={"templates": 40}), [0.0, 0.35])
    short = _clusters().model_copy(update={"model": Mlp(passes=6)})
    assert "rare recall was found up to .2" in POPULATION.doubts(short, [0.0])[0]
    assert not POPULATION.doubts(short.model_copy(update={"model": Mlp(passes=300)}), [0.0])


def test_transitions_sharpen_with_the_root_of_the_budget() -> None:
    assert limits.fitted_slope(limits.transition_widths()) == pytest.approx(-0.5, abs=0.05)


def test_away_from_a_flip_the_limit_is_approached_faster_than_any_power() -> None:
    table = limits.approach_away_from_a_flip()
    assert (np.diff(table.slope[1:]) < 0.0).all()
    assert table.slope.iloc[-1] < -5.0
    # At the flip itself count theory never comes nearer: half of the exceptions are lost.
    flip = POPULATION.curve(limits.ONE_FLIP, [0.0]).flip
    at = CATALOG["counts"].curve(limits.ONE_FLIP, [flip]).measures["exception_recall"][0]
    assert at == pytest.approx(0.5, abs=0.01)


def _clusters(coverage: float = 1.0, **world: Any) -> Scenario:
    settings = {"kind": "clusters", "n_contexts": 3, "dimension": 5, "rare_mass": 0.5}
    return Scenario.model_validate(
        {
            "world": settings | world,
            "source": {
                "polish": 0.4,
                "coverage": coverage,
                "tempering": 0.5,
                "contamination": 0.1,
                "fidelity": 0.2,
            },
            "filter": {"strictness": 0.6},
            "mixture": {"budget": 10_000},
        }
    )


def _log_density(world: ClustersWorld, mess: float, x: Any, mean: Any) -> Any:
    variance, d = world.scale**2 * mess, world.dimension
    if world.tail_heaviness == 0.0:
        return multivariate_normal(mean, variance * np.eye(d)).logpdf(x)
    dof = 1.0 / (world.tail_heaviness * mess)
    return multivariate_t(mean, variance * (dof - 2.0) / dof * np.eye(d), df=dof).logpdf(x)


@pytest.mark.parametrize(
    "world",
    [{}, {"tail_heaviness": 0.3}, {"convention": "unsigned_cue", "context_strength": 1.0}],
)
def test_the_posterior_of_clusters_is_that_of_scipys_densities(world: dict[str, Any]) -> None:
    """On rows that the world itself draws; synthetic rows twice as wide are caught."""
    scenario = _clusters(coverage=0.6, **world)
    laws, settings = laws_of(scenario), scenario.world
    assert isinstance(settings, ClustersWorld)
    drawn = world_of(settings.model_copy(update={"test_size": 100_000})).test(1, 0)
    share, law = 0.45, laws.world
    mass = {wide: np.zeros((len(drawn), 2)) for wide in (0.6, 1.2)}
    for k in range(law.n_contexts):
        for true in (0, 1):
            for wide, total in mass.items():
                for part, mess, labels in (
                    (1.0 - share, 1.0, laws.real),
                    (share, wide, laws.synthetic),
                ):
                    density = _log_density(settings, mess, drawn.features, law.means[true, k])
                    density = 0.5 * part * np.exp(density)
                    total[:, true] += density * labels.passed[k, 0]
                    total[:, 1 - true] += density * labels.passed[k, 1]
    predicted = POPULATION.curve(scenario, [share]).measures
    misses = {}
    for wide, total in mass.items():
        chance = total / total.sum(axis=1, keepdims=True)
        answer, confidence = chance.argmax(axis=1), chance.max(axis=1)
        rare, right = law.rare[drawn.context], answer == drawn.truth
        label = chance[np.arange(len(drawn)), drawn.label]
        found = {
            "rare_recall": right[rare],
            "head_recall": right[~rare],
            "accuracy": answer == drawn.label,
            "mean_confidence": confidence,
            "brier": (chance**2).sum(axis=1) - 2.0 * label + 1.0,
        }
        misses[wide] = {
            name: (predicted[name][0] - values.mean()) / (values.std() / math.sqrt(len(values)))
            for name, values in found.items()
        }
        assert all(values.std() / math.sqrt(len(values)) < 0.003 for values in found.values())
    assert max(map(abs, misses[0.6].values())) < 4.0, misses[0.6]
    assert max(map(abs, misses[1.2].values())) > 6.0


def test_another_set_of_points_gives_the_same_integral() -> None:
    scenario = Scenario.model_validate(
        {"world": {"kind": "clusters"}, "source": {"polish": 0.3}, "mixture": {"budget": 10_000}}
    )
    one, two = (
        points.cells(0.6, 0.4).measures(points.world, 10_000)
        for points in (ClusterPoints(laws_of(scenario), scramble) for scramble in (0, 1))
    )
    for name in MEASURES:
        assert abs(one[name] - two[name]) < 1e-3, name


def test_recall_of_a_context_is_one_half_at_its_flip() -> None:
    scenario = _clusters(n_contexts=4, dimension=6)
    curve = POPULATION.curve(scenario, [0.0])
    points = ClusterPoints(laws_of(scenario))
    flipped = np.flatnonzero(np.isfinite(curve.flips))
    assert len(flipped)
    assert set(flipped) <= set(np.flatnonzero(points.world.exception))
    for context in flipped:
        share = curve.flips[context]
        cells = points.cells(1.0 - share, share)
        assert cells.recall[cells.context == context].mean() == pytest.approx(0.5, abs=1e-4)


def test_synthetic_rows_without_any_spread_are_never_met() -> None:
    scenario = _clusters()
    alone = scenario.model_copy(
        update={"source": scenario.source.model_copy(update={"polish": 1.0})}
    )
    curve = POPULATION.curve(alone, [0.0, 0.5, 1.0])
    assert "polish 1" in curve.notes[0]
    for name in MEASURES:
        first, half, last = curve.measures[name]
        assert half == pytest.approx(first, abs=1e-12)
        assert math.isnan(last)


def test_a_style_that_betrays_every_synthetic_row_leaves_real_rows_alone() -> None:
    scenario = _clusters()
    told = scenario.model_copy(
        update={"source": scenario.source.model_copy(update={"detectability": 1.0})}
    )
    found = POPULATION.curve(told, [0.0, 0.6]).measures
    for name in MEASURES:
        assert found[name][1] == pytest.approx(found[name][0], abs=1e-12)
