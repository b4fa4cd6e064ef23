"""Tables as text: what they say is what the answer holds."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from smcollapse.inference import (
    Curves,
    benchmark_share,
    break_point,
    effect,
    net_effect,
    smooth_transition,
)
from smcollapse.questions.answer import Answer, ClaimRow, ConditionAnswer, Onset
from smcollapse.questions.claim import published_claim
from smcollapse.report.tables import claim_table, condition_table

SHARES = np.linspace(0.0, 0.6, 13)
NUMBER = re.compile(r"[−+]?\d+(?:\.\d+)?")


def _numbers(cell: str) -> list[float]:
    return [float(text.replace("−", "-")) for text in NUMBER.findall(cell)]


def _curves(mean: np.ndarray, response: str = "rare_recall") -> Curves:
    noise = np.random.default_rng(3).normal(0.0, 0.01, (6, SHARES.size))
    return Curves(SHARES, mean + noise, tuple(range(6)), response)


def _onset(curves: Curves) -> Onset:
    return Onset(
        "rare_recall",
        benchmark=benchmark_share(curves),
        break_point=break_point(curves),
        transition=smooth_transition(curves),
    )


def _condition(label: str, mean: np.ndarray, *, control: bool = True) -> ConditionAnswer:
    claim = published_claim()
    curves, alone = _curves(mean), _curves(np.full(SHARES.size, 0.95))
    error = _curves(0.05 + 0.1 * SHARES, "ece")
    changed = {
        "rare_recall": effect(curves, claim.before, claim.after),
        "ece": effect(error, claim.before, claim.after),
    }
    net = {"rare_recall": net_effect(curves, alone, claim.before, claim.after)} if control else {}
    return ConditionAnswer(label, {}, _onset(curves), changed, net)


@pytest.fixture(scope="module")
def answer() -> Answer:
    falling = 0.95 - 0.9 * np.maximum(SHARES - 0.35, 0.0)
    saturated = np.maximum(0.95 - 1.5 * SHARES, 0.5)
    conditions = (
        _condition("reference", falling),
        _condition("flat", np.full(SHARES.size, 0.95)),
        _condition("early", saturated, control=False),
    )
    reference, claim = conditions[0], published_claim()
    rows = [
        ClaimRow(e.term, "share", claim.onset, e, None, f"verdict on {e.term}")
        for e in (
            reference.onset.benchmark.estimates()[0],
            reference.onset.break_point.estimates()[0],
        )
    ]
    for reading in ("points", "relative"):
        found = getattr(reference.effects["rare_recall"], reading)
        net = getattr(reference.net_effects["rare_recall"], reading)
        word = f"verdict on {reading}"
        rows.append(ClaimRow("rare_recall", reading, (-0.21, -0.21), found, net, word))
    return Answer("made-up", "An answer.", tuple(rows), conditions, None, 39, 39, ())


def test_tables_are_rectangular(answer):
    for table in (claim_table(answer), condition_table(answer)):
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert all(cell for row in table.rows for cell in row)


def test_claim_table_agrees_with_the_answer(answer):
    table = claim_table(answer)
    assert len(table.rows) == len(answer.claim)
    for cells, row in zip(table.rows, answer.claim, strict=True):
        _, reading, _, measured, net, word = cells
        assert (reading, word) == (row.reading, row.verdict)
        interval = row.measured.interval
        expected = [100 * x for x in (row.measured.value, interval.lower, interval.upper)]
        assert _numbers(measured) == pytest.approx(expected, abs=0.05)
        if row.net is not None:
            assert _numbers(net)[0] == pytest.approx(100 * row.net.value, abs=0.05)
    assert [row[2] for row in table.rows] == ["38–42\u00a0%"] * 2 + [
        "−21\u00a0points",
        "−21\u00a0%",
    ]
    assert "95\u00a0%" in table.columns[3]


def test_condition_table_agrees_with_the_answer(answer):
    table = condition_table(answer)
    for cells, condition in zip(table.rows, answer.conditions, strict=True):
        onset = condition.onset
        assert cells[0] == condition.label
        if onset.benchmark.share is not None:
            assert _numbers(cells[1])[0] == pytest.approx(100 * onset.benchmark.share, abs=0.05)
        assert cells[2] == onset.benchmark.safe_words
        assert _numbers(cells[2]) == pytest.approx([100 * onset.benchmark.safe_share], abs=0.05)
        assert _numbers(cells[3])[0] == pytest.approx(100 * onset.break_point.knot, abs=0.05)
        assert _numbers(cells[4])[0] == pytest.approx(100 * onset.transition.centre, abs=0.05)
        change = condition.effects["rare_recall"].points.value
        assert _numbers(cells[5])[0] == pytest.approx(100 * change, abs=0.05)
        assert _numbers(cells[7])[0] == pytest.approx(
            100 * condition.effects["ece"].points.value, abs=0.05
        )


def test_what_is_missing_is_said(answer):
    reference, flat, early = condition_table(answer).rows
    assert flat[1] == "not reached"
    assert early[6] == "no control"
    assert reference[6] != "no control"
    failed = replace(flat_condition := answer.conditions[1], onset=Onset("x", warnings=("why",)))
    assert flat_condition.onset.benchmark is not None
    row = condition_table(replace(answer, conditions=(failed,))).rows[0]
    assert row[1:5] == ("no estimate",) * 4
    assert row[-1] == "not tested"
    assert "Benchmark" not in condition_table(replace(answer, conditions=(failed,))).note


def test_a_knot_where_the_curve_levels_off_is_marked(answer):
    reference, _, early = condition_table(answer).rows
    assert early[3].endswith("†")
    assert not reference[3].endswith("†")
    assert "† at this knot" in condition_table(answer).note
    only_reference = replace(answer, conditions=answer.conditions[:1])
    assert "†" not in condition_table(only_reference).note


def test_a_transition_that_means_little_is_marked(answer):
    condition = answer.conditions[0]
    assert condition.onset.transition.better_than_line
    weak = replace(condition.onset.transition, better_than_line=False)
    marked = replace(condition, onset=replace(condition.onset, transition=weak))
    table = condition_table(replace(answer, conditions=(marked,)))
    assert table.rows[0][4].endswith("‡")
    assert "‡ the logistic" in table.note


def test_no_interval_is_said():
    one = Curves(SHARES, (0.95 - 0.5 * SHARES)[None, :], (0,), "rare_recall")
    onset = _onset(one)
    condition = ConditionAnswer("one", {}, onset, {}, {})
    row = condition_table(Answer("x", "", (), (condition,), None, 13, 13, ())).rows[0]
    assert row[1].endswith("(no interval)")
    assert row[2] == "cannot be tested without replicates"
    assert onset.benchmark.bracket is None


def test_tables_need_no_plotting_library():
    code = (
        "import sys, smcollapse.report.tables;"
        "print([m for m in ('seaborn', 'matplotlib', 'jinja2', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
