"""Filters: which rows survive between generation and training."""

from smcollapse.filters.pass_rates import survivors

__all__ = ["survivors"]
