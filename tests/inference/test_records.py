"""Records: frozen, consistent, and plain enough for JSON."""

import dataclasses
import json
import math

import numpy as np
import pytest

from smcollapse.inference import Estimate, InferenceError, Interval, to_plain


def test_to_dict_is_json_with_open_sides_as_null() -> None:
    estimate = Estimate("knot", 0.4, math.nan, Interval(-math.inf, 0.5, 0.95), "m", 10)
    plain = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert plain == {
        "term": "knot",
        "value": 0.4,
        "se": None,
        "interval": {"lower": None, "upper": 0.5, "level": 0.95},
        "method": "m",
        "n_replicates": 10,
        "note": "",
    }


def test_to_plain_converts_arrays_scalars_and_nesting() -> None:
    value = {1: (np.float64(np.inf), np.int64(3)), "a": np.array([[1.0, np.nan]])}
    assert to_plain(value) == {"1": [None, 3], "a": [[1.0, None]]}


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Interval(0.0, 1.0, 0.95).lower = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("lower", "upper", "level"),
    [(1.0, 0.0, 0.95), (math.nan, 1.0, 0.95), (0.0, 1.0, 95.0), (0.0, 1.0, 0.0)],
)
def test_impossible_intervals_are_refused(lower: float, upper: float, level: float) -> None:
    with pytest.raises(InferenceError):
        Interval(lower, upper, level)


def test_interval_membership_and_width() -> None:
    band = Interval(0.3, math.inf, 0.95)
    assert 0.3 in band
    assert 0.29 not in band
    assert band.width == math.inf
