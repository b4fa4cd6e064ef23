"""The answer of a calibration in words."""

from __future__ import annotations

from collections.abc import Sequence

from smcollapse.questions.calibration.found import Combination, Extent, World
from smcollapse.questions.calibration.targets import Target

NARROW = 1.0 / 3.0
"""A setting is called identified where the set is narrower than this part of the box."""

WIDE = 2.0 / 3.0


def met_text(n_inside: int, best: World, targets: Sequence[Target], undoubted: float) -> str:
    """All targets can be met."""
    if n_inside == 0:
        return ""
    doubts = (
        ""
        if undoubted >= 1.0
        else f" The theory has doubts about {100.0 * (1.0 - undoubted):.0f} % of them."
    )
    return (
        f"All targets can be met together: {n_inside} of the evaluated worlds do.{doubts} "
        f"The one nearest to all of them has {outcomes_text(best, targets)}."
    )


def unmet_text(found: Sequence[Combination], targets: Sequence[Target]) -> str:
    """The targets exclude each other: by how much, and which."""
    joint = found[0]
    met = [set(c.targets) for c in found if c.met]
    largest = [m for m in met if not any(m < other for other in met)]
    unmet = [set(c.targets) for c in found if not c.met]
    smallest = [u for u in unmet if not any(other < u for other in unmet)]
    parts = [
        "No world was found that meets all targets. The closest misses the worst of them by "
        f"{joint.miss:.1f} tolerances: {outcomes_text(joint.closest, targets)}."
    ]
    if largest:
        parts.append("Met together: " + "; ".join(_listed(m, targets) for m in largest) + ".")
    for names in smallest:
        miss = next(c.miss for c in found if set(c.targets) == names)
        what = "alone" if len(names) == 1 else "together"
        parts.append(f"Not met {what}: {_listed(names, targets)} (by {miss:.1f} tolerances).")
    return " ".join(parts)


def identified_text(found: Sequence[Extent]) -> str:
    """Which settings the targets settle, and which they leave open."""
    if not found:
        return (
            "Too few descents ended there to say how far its settings may vary: "
            "search with more points."
        )
    narrow = [e.path for e in found if e.width < NARROW]
    wide = [e.path for e in found if e.width >= WIDE]
    said = "The targets settle " + (", ".join(narrow) if narrow else "no single setting")
    if wide:
        said += f"; they leave open {', '.join(wide)}"
    return said + "."


def outcomes_text(world: World, targets: Sequence[Target]) -> str:
    """Outcomes beside their targets: 'onset 0.402 (0.4 ± 0.02), …'."""
    return ", ".join(
        f"{target.name} {world.outcomes[target.name]:.4g} ({target.value:g} ± {target.tolerance:g})"
        for target in targets
    )


def _listed(names: set[str], targets: Sequence[Target]) -> str:
    return " + ".join(target.name for target in targets if target.name in names)
