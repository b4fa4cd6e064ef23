"""The store: one folder per study, one Parquet part per finished unit, written all or not at all.

    DIR/store.json            what the folder is: versions, study identity, data, device, units
    DIR/study.toml            the study
    DIR/parts/<unit>.parquet  rows of one unit, with the provenance in its metadata

A part is named by the hash of what it is made from, carries a checksum of its own bytes and appears
by an atomic rename: a run may be killed at any moment, several runs may write at once, and resuming
is doing the units without a part.
"""

from smcollapse.store.folder import MARKER, create_store, open_store
from smcollapse.store.results import Store

__all__ = ["MARKER", "Store", "create_store", "open_store"]
