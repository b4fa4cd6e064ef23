"""Models: what is trained, one file each. To add one, add a file and a line below.

The catalog imports a model's file only when it is used, so that reading a study needs no torch.
"""

from functools import cache
from importlib import import_module
from typing import cast

from smcollapse.models.base import Model, Outcome, Shape, Task

CATALOG = {
    "count_table": ("smcollapse.models.count_table", "CountTables"),
    "logistic": ("smcollapse.models.logistic", "LogisticRegressions"),
    "mlp": ("smcollapse.models.mlp", "Mlps"),
    "transformer": ("smcollapse.models.transformer", "Transformers"),
}


@cache
def model_of(kind: str) -> Model:
    """The model of that kind."""
    module, name = CATALOG[kind]
    return cast(Model, getattr(import_module(module), name)())


__all__ = ["CATALOG", "Model", "Outcome", "Shape", "Task", "model_of"]
