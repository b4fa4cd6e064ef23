"""Compiled loops: arrays in, arrays out; no checks and no configuration.

Every random draw of item ``i`` depends on ``(key, i)`` alone, never on how the items are
cut into blocks, on the thread that draws them or on their order.  Kernels fill arrays that
their callers have validated and allocated (:mod:`smcollapse.streams` for random draws).
"""
