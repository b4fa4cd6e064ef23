"""Segmented regression as a model of statsmodels."""
