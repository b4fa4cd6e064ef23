"""Measures: arrays in, numbers out, one file each family. To add one, add it to `MEASURES`."""

from smcollapse.metrics.calibration import Reliability, reliability
from smcollapse.metrics.diversity import duplication_rate, mode_coverage
from smcollapse.metrics.measures import MEASURES, SYNTHETIC_MEASURES, Predictions, measure
from smcollapse.metrics.text import distinct_n, template_rate

__all__ = [
    "MEASURES",
    "SYNTHETIC_MEASURES",
    "Predictions",
    "Reliability",
    "distinct_n",
    "duplication_rate",
    "measure",
    "mode_coverage",
    "reliability",
    "template_rate",
]
