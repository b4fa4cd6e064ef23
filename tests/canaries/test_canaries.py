"""Every number that the library makes, on tiny inputs, against committed tables.

A canary that moves without a raised version of its layer fails, and so does a raised version whose
table was not written again.
"""

from __future__ import annotations

import pytest

from smcollapse.versions import VERSIONS
from tests.canaries.layers import CANARIES
from tests.canaries.tables import Table, advice, changed, moved, read_table

CASES = [(layer, name) for layer, canaries in CANARIES.items() for name in canaries]
TABLES = {layer: read_table(layer) or Table(0, {}) for layer in CANARIES}


def test_every_layer_has_a_table() -> None:
    assert list(CANARIES) == list(VERSIONS)
    for layer, canaries in CANARIES.items():
        table = TABLES[layer]
        assert table.version == VERSIONS[layer], (
            f"the version of '{layer}' is {VERSIONS[layer]}, its canaries were written with "
            f"{table.version}: run `make canaries`"
        )
        assert set(table.canaries) == set(canaries), f"canaries of '{layer}': run `make canaries`"


@pytest.mark.parametrize(("layer", "name"), CASES, ids=lambda part: part.replace(" ", "_"))
def test_no_number_has_moved(layer: str, name: str) -> None:
    table, canary = TABLES[layer], CANARIES[layer][name]
    if table.version != VERSIONS[layer] or name not in table.canaries:
        pytest.skip("run `make canaries`")
    then, now = table.canaries[name], canary.numbers()
    changes = moved(then, now, canary.tolerance)
    assert not changes, f"{changed(name, changes)}\n{advice(layer)}"
    new = [place for place in now if place not in then]
    assert not new, f"canary '{name}' has numbers that its table lacks: run `make canaries`"
