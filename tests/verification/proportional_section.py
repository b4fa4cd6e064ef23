"""Section: proportional theory against logistic regression (`proportional.py`)."""

from __future__ import annotations

import pandas as pd

from tests.verification import proportional
from tests.verification.proportional import COMPARED, N_SCENARIOS, RESOLUTION, TOLERANCE
from tests.verification.sections import Required, Section, at_least, at_most, markdown
from tests.verification.trainings import RESULTS, each

FOLDER = RESULTS / "proportional"
SHOWN = (*COMPARED, "accuracy")


def _train(number: int) -> None:
    proportional.trained(proportional.scenarios()[number], FOLDER / f"{number:03d}")


def _points(found: pd.DataFrame) -> pd.DataFrame:
    """Long form: one row per scenario and measure."""
    frames = [
        pd.DataFrame(
            {
                "measure": measure,
                "scenario": found.scenario,
                "predicted": found[f"{measure}_predicted"],
                "trained": found[f"{measure}_trained"],
                "se": found[f"{measure}_se"],
            }
        )
        for measure in SHOWN
    ]
    return pd.concat(frames, ignore_index=True).dropna(subset=["predicted", "trained"])


def _errors(table: pd.DataFrame, first: str) -> pd.DataFrame:
    """Errors with their standard errors, beside what was varied."""
    columns = {first.replace("_", " "): table[first]}
    for measure in COMPARED:
        columns[measure] = table[f"{measure}_error"]
        columns[f"{measure} s.e."] = table[f"{measure}_se"]
    return pd.DataFrame(columns)


def _required(
    found: pd.DataFrame, trusted: pd.DataFrame, wrong: pd.DataFrame, sides: pd.DataFrame
) -> list[Required]:
    within = proportional.summary(found).set_index("measure").within
    sizes = proportional.summary(trusted).set_index("measure")
    left_out = wrong.set_index("left_out")[[f"{name}_error" for name in COMPARED]].abs().max(axis=1)
    signs = (sides.change_predicted * sides.change_trained > 0.0).mean()
    return [
        at_least("scenarios, on the side of the transition with fewer", _fewer(found), 20, 0),
        at_most("standard error of any compared measure", _largest_se(found), RESOLUTION),
        *(
            at_least(f"{name}, share of all scenarios within {TOLERANCE:g}", within[name], 0.95, 3)
            for name in COMPARED
        ),
        *(
            at_most(f"{name}, median abs. error", sizes.median_error[name], 0.005)
            for name in COMPARED
        ),
        at_most(
            f"beyond {TOLERANCE:g} by more than two s.e., largest share of scenarios",
            sizes.beyond_noise.max(),
            0.05,
        ),
        at_most("right theory where controls are made, largest error", left_out["none"], TOLERANCE),
        at_least("each wrong theory misses by", left_out.drop("none").min(), 2.0 * TOLERANCE),
        at_least("sign of the change of ECE, share of sides predicted", signs, 1.0, 2),
    ]


def _fewer(found: pd.DataFrame) -> float:
    """Number of scenarios on the side of the separability transition where there are fewer."""
    separable = int(found.separable.sum())
    return float(min(separable, len(found) - separable))


def _largest_se(found: pd.DataFrame) -> float:
    """Of all compared measures of all scenarios."""
    return float(found[[f"{name}_se" for name in COMPARED]].max(axis=None))


def section(workers: int) -> Section:
    """Train, compare, judge."""
    each("logistic regressions", _train, range(N_SCENARIOS), workers)
    found = proportional.errors(FOLDER)
    wrong = proportional.controls(FOLDER / "controls")
    sides = proportional.calibration_sides(FOLDER / "sides")
    sizes = proportional.finite_size(FOLDER / "size")
    trusted, doubted = found[found.doubts == ""], found[found.doubts != ""]
    blocks = [
        f"{len(found)} random scenarios of `clusters` with converged logistic regression, over the "
        "whole space of settings. The theory states the limit of many dimensions; training has "
        f"{proportional.scenarios(1)[0].world.model_dump()['dimension']}. In {len(trusted)} of "
        f"them the theory has no doubts about itself (tolerance {TOLERANCE:g}):",
        markdown(proportional.summary(trusted)),
    ]
    if len(doubted):
        blocks += [
            f"In the other {len(doubted)}, where it has:",
            markdown(proportional.summary(doubted)),
        ]
    blocks += [
        "Error (trained less predicted) by dimension, one scenario:",
        markdown(_errors(sizes, "dimension")),
        "Negative controls: the same error for theories that leave one term out.",
        markdown(_errors(wrong, "left_out")),
        "The sign of the change of ECE depends on which side of the law a scenario lies: change "
        "from share 0 to .3.",
        markdown(sides),
    ]
    return Section(
        "proportional",
        "Proportional against logistic regression",
        tuple(blocks),
        tuple(_required(found, trusted, wrong, sides)),
        _points(found),
    )
