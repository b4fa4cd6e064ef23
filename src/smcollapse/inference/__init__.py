"""Tidy table in, frozen estimates out: onset, effects and their uncertainty.

One estimand per file. Every function takes :class:`Curves` (built by :func:`curves` from a table
restricted to one condition) and returns a frozen record with ``to_dict()``::

    measured = curves(table, "rare_recall")
    benchmark_share(measured)                  # share at which 10 % of the recall is lost
    step_down_safe_share(measured)             # the same question without a curve
    break_point(measured)                      # knot of a kink
    smooth_transition(measured)                # centre and width of a smooth change
    effect(measured, before=(0.0, 0.2), after=(0.4, 0.6))
"""

from smcollapse.inference.benchmark import BenchmarkShare, benchmark_share, benchmark_share_of
from smcollapse.inference.breakpoint import (
    Break,
    Kink,
    KinkFit,
    break_point,
    kink_of,
    profile_break,
)
from smcollapse.inference.curves import Curves, curves
from smcollapse.inference.effects import Effect, effect, net_effect
from smcollapse.inference.records import Estimate, InferenceError, Interval, Record, to_plain
from smcollapse.inference.resampling import (
    INDEPENDENT,
    Replication,
    nadeau_bengio_factor,
    percentile_band,
    replicate_weights,
)
from smcollapse.inference.stepdown import StepDown, step_down_safe_share
from smcollapse.inference.transition import Transition, smooth_transition

__all__ = [
    "INDEPENDENT",
    "BenchmarkShare",
    "Break",
    "Curves",
    "Effect",
    "Estimate",
    "InferenceError",
    "Interval",
    "Kink",
    "KinkFit",
    "Record",
    "Replication",
    "StepDown",
    "Transition",
    "benchmark_share",
    "benchmark_share_of",
    "break_point",
    "curves",
    "effect",
    "kink_of",
    "nadeau_bengio_factor",
    "net_effect",
    "percentile_band",
    "profile_break",
    "replicate_weights",
    "smooth_transition",
    "step_down_safe_share",
    "to_plain",
]
