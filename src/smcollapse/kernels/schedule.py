"""Training schedules: which row is visited when."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from smcollapse.kernels.compile import jit


@jit
def fill_schedule(
    order: npt.NDArray[np.int64], count: npt.NDArray[np.int32], out: npt.NDArray[np.int64]
) -> int:
    """Write the slots visited by training, epoch after epoch, until ``out`` (n_draws,) is full.

    Epoch e visits the slots in the order ``order[e mod n_orders]``, order (n_orders, n_slots),
    each ``count[slot]`` times in a row; a count of 0 leaves the slot out.  Returns the number
    of entries written: ``out.size``, or 0 where no slot has a positive count.
    """
    n_orders, n_slots = order.shape
    total = 0
    for slot in range(n_slots):
        total += max(0, int(count[slot]))
    if total == 0 or n_orders == 0:
        return 0
    filled = 0
    epoch = 0
    while filled < out.size:
        slots = order[epoch % n_orders]
        for i in range(n_slots):
            stop = min(out.size, filled + int(count[slots[i]]))
            while filled < stop:
                out[filled] = slots[i]
                filled += 1
        epoch += 1
    return filled
