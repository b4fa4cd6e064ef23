"""Figures draw what the table holds, and leave nothing behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import smcollapse
from smcollapse.inference import INDEPENDENT, Replication, nadeau_bengio_factor
from smcollapse.questions.answer import answer_of
from smcollapse.report.knobs import knobs_figure, panels_of, spread
from smcollapse.report.measures import measures_figure
from smcollapse.report.onsets import onsets_figure
from smcollapse.report.reliability import diagrams_of, reliability_figure
from smcollapse.report.selection import Material, material_of, pooled_bins, shares_of
from smcollapse.report.style import image_files, style, t_band

STUDY = """
name = "tiny"
seed = 2
replicates = 3
[scenario]
world = { kind = "facts", n_contexts = 60, test_size = 2000 }
source = { polish = 1.0 }
mixture = { budget = 3000 }
model = { kind = "count_table" }
[axes]
mixture.share = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
[[variants]]
name = "coverage low"
set = { source.coverage = 0.35 }
[[variants]]
name = "both"
set = { source.coverage = 0.7, source.tempering = 0.4 }
[[variants]]
name = "real only"
set = { mixture.design = "real_only" }
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory) -> Material:
    folder = tmp_path_factory.mktemp("figures") / "tiny"
    study = smcollapse.parse_study(STUDY, "tiny")
    store = smcollapse.run_study(study, folder, device="cpu", workers=1).store
    return material_of(store, answer_of(store))


def test_every_row_belongs_to_a_condition_or_a_control(material):
    found = [drawn.label for drawn in material.drawn]
    assert found == ["reference", "coverage low", "both"]
    assert all(len(drawn.rows) == 21 for drawn in material.drawn)
    assert all(set(drawn.rows["variant"]) == {drawn.label} for drawn in material.drawn)
    assert all(set(drawn.control["variant"]) == {"real only"} for drawn in material.drawn)
    assert material.knobs == {
        "coverage": "source.coverage",
        "tempering": "source.tempering",
        "design": "mixture.design",
    }


def test_pooled_bins_of_one_model_are_its_own(material):
    one = material.reference.rows.iloc[[5]]
    assert pooled_bins(one).ece == pytest.approx(float(one["ece"].iloc[0]), abs=1e-12)


def test_pooled_bins_add_counts_and_weight_means(material):
    rows = material.reference.rows
    at_half = rows[rows["share"] == 0.5]
    bins = pooled_bins(at_half)
    assert bins.count.sum() == 3 * 2000
    mean = at_half[["mean_confidence", "accuracy"]].mean()
    weighted = np.average(bins.confidence, weights=bins.count)
    assert weighted == pytest.approx(mean["mean_confidence"], abs=1e-12)
    assert np.average(bins.accuracy, weights=bins.count) == pytest.approx(mean["accuracy"])


def test_the_band_is_the_t_interval_and_wider_for_resplits():
    values = pd.Series([0.1, 0.4, 0.2, 0.5])
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert t_band(INDEPENDENT)(values) == pytest.approx((low, high))
    wide = t_band(Replication("re-splits", n_train=70, n_test=30))(values)
    factor = nadeau_bengio_factor(4, 70, 30)
    assert wide[1] - wide[0] == pytest.approx(factor * (high - low))
    assert factor > 1.2
    assert np.isnan(t_band(INDEPENDENT)(values[:1])).all()


def test_the_curve_that_is_drawn_is_the_mean(material):
    with style():
        figure = measures_figure(material)
    assert len(figure.axes) == 6
    rows = material.reference.rows
    for ax, measure in zip(figure.axes, ("rare_recall", "exception_recall"), strict=False):
        mean = 100.0 * rows.groupby("share")[measure].mean().to_numpy()
        drawn = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
        assert any(len(y) == 7 and np.allclose(y, mean) for y in drawn)
        assert ax.get_xlabel() == "synthetic share, %"


def test_the_reliability_shares_are_below_and_above_the_claim(material):
    below, above = diagrams_of(material.reference)
    assert (below.share, above.share) == (0.2, 0.5)
    rows = material.reference.rows
    assert above.ece_mean == pytest.approx(rows[rows["share"] == 0.5]["ece"].mean())
    with style():
        titles = [ax.get_title("left") for ax in reliability_figure(material).axes[:2]]
    assert titles == [
        "Below the claimed onset: share 20\u00a0%",
        "Above the claimed onset: share 50\u00a0%",
    ]


def test_a_knob_has_a_panel_and_several_at_once_have_another(material):
    panels = panels_of(material)
    assert [panel.title for panel in panels] == ["source coverage", "several settings at once"]
    assert [label for label, _ in panels[0].curves] == ["0.35"]
    assert panels[0].reference == "1 (ref.)"
    assert [label for label, _ in panels[1].curves] == ["both"]


def test_no_knob_no_figure(material):
    alone = Material(material.answer, material.drawn[:1], {}, INDEPENDENT)
    with style():
        assert knobs_figure(alone) is None
        assert onsets_figure(alone) is None


def test_images_repeat_to_the_byte_and_leave_nothing_behind(material):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    images = []
    for _ in range(2):
        with style():
            images.append(image_files(onsets_figure(material)))
    assert images[0] == images[1]
    assert images[0]["svg"].startswith(b"<?xml")
    assert images[0]["png"].startswith(b"\x89PNG")
    assert b"date" not in images[0]["svg"].lower()
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before
    assert plt.get_fignums() == []


def test_labels_are_spread_apart_in_order():
    placed = spread([70.0, 69.5, 95.0, 69.8], 3.0, 65.0, 100.0)
    assert np.diff(np.sort(placed)).min() >= 3.0 - 1e-9
    assert np.argsort(placed).tolist() == np.argsort([70.0, 69.5, 95.0, 69.8]).tolist()
    assert placed[2] == 95.0
    pushed = spread([99.0, 98.5], 3.0, 65.0, 100.0)
    assert max(pushed) <= 100.0
    assert shares_of(pd.DataFrame({"share": [0.2, 0.1, 0.2]})) == [0.1, 0.2]


def test_crossed_axes_are_left_to_the_table_and_the_forest_plot(tmp_path):
    crossed = STUDY.replace("[axes]", "[axes]\nsource.fidelity = [0.0, 0.5]")
    study = smcollapse.parse_study(crossed, "crossed", replicates=2)
    store = smcollapse.run_study(study, tmp_path / "crossed", device="cpu", workers=1).store
    answer = answer_of(store)
    panels = panels_of(material_of(store, answer))
    assert [panel.title for panel in panels] == ["source fidelity", "source coverage"]
    assert len(answer.conditions) == 6
