"""Versions of the layers that make numbers: raised by hand, by whoever changes a number.

A change of code that moves no number costs nothing: no stored result and no finding becomes
outdated by it. Whether a number moved is measured by the canaries, tables of values of every layer
in `tests/canaries`. Where one moves, raise the version of its layer here by one and re-write the
tables with `make canaries`.

worlds    : laws, real rows, sources of synthetic rows, filters, mixtures
training  : models, mitigations while they train, the simulation of a cell
measures  : numbers computed from the predictions of a model and from texts
theory    : predictions from laws and settings, before training
inference : estimates from tidy tables, the studies and answers that are built on them
"""

from __future__ import annotations

VERSIONS: dict[str, int] = {
    "worlds": 1,
    "training": 1,
    "measures": 1,
    "theory": 1,
    "inference": 2,
}
"""Version of each layer."""

RESULTS_VERSION = VERSIONS["worlds"] + VERSIONS["training"] + VERSIONS["measures"] - 2
"""Version of what a study stores: it rises with each of the layers that make the stored numbers."""
