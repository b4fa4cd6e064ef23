"""Units: fixed blocks of cells of equal shape, trained together, stored together, resumed together.

The cut follows from the study and the device class alone, never from the machine's memory or from
what is already done: regrouping would change the last bits of trained weights.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from smcollapse.mitigations import hooks_of
from smcollapse.mixtures import budget_of
from smcollapse.models import Shape, model_of
from smcollapse.scenario import TEXT, Scenario, content_hash
from smcollapse.study import Cell, DeviceClass, Study
from smcollapse.worlds import Inputs, world_of
from smcollapse.worlds.corpus_reading import corpus_fingerprint
from smcollapse.worlds.reading import fingerprint


@dataclass(frozen=True)
class Unit:
    """Cells of one replicate, one world and one shape.

    data : content hashes of the users' files that the cells are made from
    key : hash of all that; the name of the unit's part in the store
    """

    cells: tuple[Cell, ...]
    device: DeviceClass
    data: tuple[str, ...]

    @property
    def key(self) -> str:
        """Content hash of the unit."""
        return content_hash([*(cell.key(self.device) for cell in self.cells), *self.data])


def _content(name: str, cells: Iterable[Cell]) -> str:
    """Content hash of one of those files; a text may be a folder."""
    texts = {
        cell.condition.scenario.world.data
        for cell in cells
        if cell.condition.scenario.world.kind == "corpus"
    }
    return corpus_fingerprint(name) if name in texts else fingerprint(name)


def data_files(cells: Iterable[Cell]) -> list[str]:
    """The users' files that cells are made from: tables, texts and synthetic rows."""
    names = []
    for cell in cells:
        scenario = cell.condition.scenario
        if scenario.world.kind in ("table", "corpus"):
            names.append(scenario.world.data)
        if scenario.source.kind == "file":
            names.append(scenario.source.path)
    return list(dict.fromkeys(names))


def data_contents(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Content hash of each of those files as it is now. Raises DataError."""
    return tuple(data_hashes(list(cells)).values())


def data_hashes(cells: list[Cell]) -> dict[str, str]:
    """Name of each of those files, and the hash of its content as it is now. Raises DataError."""
    return {name: _content(name, cells) for name in data_files(cells)}


def sees_style(scenario: Scenario) -> bool:
    """Whether the learner's inputs hold the style: where there is one, and not in the words."""
    return scenario.source.detectability > 0.0 and scenario.world.kind not in TEXT


def inputs_of(scenario: Scenario) -> Inputs:
    """Shape of what the learner of that scenario sees."""
    inputs = world_of(scenario.world).inputs
    return inputs.with_style() if sees_style(scenario) else inputs


def units_of(study: Study, device: DeviceClass) -> list[Unit]:
    """The units of a study for a device class, replicates outermost."""
    groups: dict[Hashable, list[Cell]] = {}
    for cell in study.cells():
        hooks = hooks_of(cell.condition.scenario)
        scenario = hooks.scenario
        shape = (
            cell.replicate,
            scenario.world,
            scenario.model,
            scenario.mixture.budget,
            sees_style(scenario),
            hooks.training,
        )
        groups.setdefault(shape, []).append(cell)
    for key, members in groups.items():
        if members[0].condition.scenario.world.kind in TEXT:
            # those without synthetic data stand together, and equal ones are trained once
            groups[key] = sorted(members, key=lambda cell: cell.condition.scenario.mixture.share)
    return [unit for cells in groups.values() for unit in _cut(cells, device)]


def _cut(cells: list[Cell], wanted: DeviceClass) -> Iterable[Unit]:
    scenario = hooks_of(cells[0].condition.scenario).scenario
    model = model_of(scenario.model.kind)
    device = model.device_class(wanted)
    world = world_of(scenario.world)
    shape = Shape(inputs_of(scenario), budget_of(scenario, world), world.test_size)
    size = model.stack_size(scenario.model, shape, device)
    n_units = -(-len(cells) // size)
    for number in range(n_units):
        start, stop = (len(cells) * (number + i) // n_units for i in (0, 1))
        members = tuple(cells[start:stop])
        yield Unit(members, device, data_contents(members))
