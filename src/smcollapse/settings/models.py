"""Models: what is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from smcollapse.settings.base import NonNegative, Positive, Value


class CountTable(Value):
    """Closed form for `facts`: the majority of the label counts of each context.

    `pseudo_count` κ adds κ times the label distribution of the category (Dirichlet smoothing,
    MacKay & Peto 1995). Ties are split evenly; with κ = 0 a context never seen follows its
    category.
    """

    kind: Literal["count_table"] = "count_table"
    pseudo_count: NonNegative = 0.0


class Logistic(Value):
    """Ridge logistic regression, converged: (1/d) Σ loss + ridge/2 · |v|², d input dimensions."""

    kind: Literal["logistic"] = "logistic"
    ridge: Positive = 0.1
    intercept: bool = False


class Mlp(Value):
    """Multilayer perceptron (ReLU), AdamW, cosine learning rate, fixed number of steps.

    Discrete inputs enter as the sum of their embeddings, features through a linear layer.
    `passes` counts passes over the budget: steps = passes · budget / batch_size at every share.
    """

    kind: Literal["mlp"] = "mlp"
    embedding: Annotated[int, Field(ge=1, le=4096)] = 32
    width: Annotated[int, Field(ge=1, le=8192)] = 64
    depth: Annotated[int, Field(ge=1, le=8)] = 1
    passes: Positive = 10.0
    batch_size: Annotated[int, Field(ge=1)] = 512
    learning_rate: Positive = 0.01
    weight_decay: NonNegative = 0.0


class Transformer(Value):
    """Decoder-only transformer on tokens: pre-norm, learned positions, tied embeddings, AdamW.

    Loss is that of the next token at every position of a row, padding left out. `passes` counts
    passes over the budget: steps = passes · budget / batch_size at every share, with a linear
    warm-up over the first twentieth of them and a cosine learning rate. `learning_rate` is that of
    a network of width 32; wider ones take less, as 1/width (Yang et al. 2022).
    """

    kind: Literal["transformer"] = "transformer"
    size: Literal["nano", "micro", "mini", "small"] = "nano"
    passes: Positive = 4.0
    batch_size: Annotated[int, Field(ge=1)] = 32
    learning_rate: Positive = 0.005
    weight_decay: NonNegative = 0.0


ModelSettings = Annotated[CountTable | Logistic | Mlp | Transformer, Field(discriminator="kind")]
