"""Engines: where units are computed, one file each. To add one, add a file and a line below."""

from smcollapse.engines.base import Engine, Finished, compute
from smcollapse.engines.processes import processes
from smcollapse.engines.serial import serial

CATALOG: dict[str, Engine] = {"serial": serial, "processes": processes}

__all__ = ["CATALOG", "Engine", "Finished", "compute", "processes", "serial"]
