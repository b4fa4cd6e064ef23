"""Tidy table in, frozen estimates out: onset, effects and their uncertainty.

One estimand per file. Every function takes :class:`Curves` (built by :func:`curves` from a table
restricted to one condition) and returns a frozen record with ``to_dict()``::

    measured = curves(table, "rare_recall")
    benchmark_share(measured)                  # share at which 10 % is lost, safe share, bracket
    break_point(measured)                      # knot of a kink
    existence(measured)                        # is there a break at all?
    onset(measured)                            # all of these, and a verdict in words
    smooth_transition(measured)                # centre and width of a smooth change
    effect(measured, before=(0.0, 0.2), after=(0.4, 0.6))
"""

from typing import TYPE_CHECKING, Any

from smcollapse.inference.attributions.attribution import Attribution, attribute
from smcollapse.inference.attributions.knobs import effect_table
from smcollapse.inference.attributions.onset_attribution import OnsetAttribution, attribute_onset
from smcollapse.inference.curves import Curves, curves
from smcollapse.inference.effect_sizes.effects import Effect, effect, net_effect
from smcollapse.inference.effect_sizes.equivalence import Equivalence, equivalence
from smcollapse.inference.effect_sizes.joint import JointEffect, joint_effect
from smcollapse.inference.families import RIVALS, Family
from smcollapse.inference.multiplicity.max_t import romano_wolf, romano_wolf_draws
from smcollapse.inference.noise import Noise
from smcollapse.inference.onsets.benchmark import (
    BenchmarkShare,
    benchmark_share,
    benchmark_share_of,
)
from smcollapse.inference.onsets.benchmark_models import ModelShare, model_shares
from smcollapse.inference.onsets.bend import Bend, bend_width
from smcollapse.inference.onsets.bracket import Bracket, bracket
from smcollapse.inference.onsets.breakpoint import Break, break_point
from smcollapse.inference.onsets.existence import Existence, RivalTest, existence, power_against
from smcollapse.inference.onsets.inversion import Region
from smcollapse.inference.onsets.kinks import Kink, KinkFit, kink_of, profile_break
from smcollapse.inference.onsets.onset import Onset, onset
from smcollapse.inference.onsets.planning import Plan, SupposedNoise, plan
from smcollapse.inference.onsets.replicates import Worst
from smcollapse.inference.onsets.shape import Shape, shape_of
from smcollapse.inference.onsets.transition import Transition, smooth_transition
from smcollapse.inference.onsets.variants import Variant, Variants
from smcollapse.inference.records import Estimate, InferenceError, Interval, Record, to_plain
from smcollapse.inference.resampling import (
    INDEPENDENT,
    Replication,
    nadeau_bengio_factor,
    percentile_band,
    replicate_weights,
)
from smcollapse.inference.skewness import hall_interval

if TYPE_CHECKING:
    from smcollapse.inference.segmented.model import SegmentedGLM, SegmentedOLS

__all__ = [
    "INDEPENDENT",
    "RIVALS",
    "Attribution",
    "BenchmarkShare",
    "Bend",
    "Bracket",
    "Break",
    "Curves",
    "Effect",
    "Equivalence",
    "Estimate",
    "Existence",
    "Family",
    "InferenceError",
    "Interval",
    "JointEffect",
    "Kink",
    "KinkFit",
    "ModelShare",
    "Noise",
    "Onset",
    "OnsetAttribution",
    "Plan",
    "Record",
    "Region",
    "Replication",
    "RivalTest",
    "SegmentedGLM",
    "SegmentedOLS",
    "Shape",
    "SupposedNoise",
    "Transition",
    "Variant",
    "Variants",
    "Worst",
    "attribute",
    "attribute_onset",
    "benchmark_share",
    "benchmark_share_of",
    "bend_width",
    "bracket",
    "break_point",
    "curves",
    "effect",
    "effect_table",
    "equivalence",
    "existence",
    "hall_interval",
    "joint_effect",
    "kink_of",
    "model_shares",
    "nadeau_bengio_factor",
    "net_effect",
    "onset",
    "percentile_band",
    "plan",
    "power_against",
    "profile_break",
    "replicate_weights",
    "romano_wolf",
    "romano_wolf_draws",
    "shape_of",
    "smooth_transition",
    "to_plain",
]


def __getattr__(name: str) -> Any:
    """The regression classes need pandas, which takes half a second to import."""
    if name in ("SegmentedGLM", "SegmentedOLS"):
        from smcollapse.inference.segmented import model

        return getattr(model, name)
    raise AttributeError(f"module 'smcollapse.inference' has no attribute {name!r}")
