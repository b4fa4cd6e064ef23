"""What a comparison of mitigations says: the records."""

from __future__ import annotations

from dataclasses import dataclass

from smcollapse.inference import Record
from smcollapse.inference.multiplicity.hypotheses import Hypothesis
from smcollapse.questions.contrasts import OnsetShift

RESPONSE = "rare_recall"


@dataclass(frozen=True)
class Prophecy(Record):
    """What a theory said of a mitigation: change of rare recall at the three shares.

    errors : predicted less trained rare recall of the mitigated model at those shares
    """

    theory: str
    changes: tuple[float, ...]
    errors: tuple[float, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class MitigationRow(Record):
    """One mitigation against the reference.

    kind        : of its settings; "filter" for the unprotected filter
    at_shares   : change of rare recall at each of the three shares
    late        : change of the mean over the late shares, by measure, rare recall among them
    levels      : mean of the mitigated models over the late shares, by measure
    real_rows   : real rows that it needs at the largest share, beyond those of the reference
    models      : networks trained for one model
    verdict     : what is shown, in words
    """

    label: str
    kind: str
    shift: OnsetShift | None
    at_shares: tuple[Hypothesis, ...]
    late: dict[str, Hypothesis]
    levels: dict[str, float]
    real_rows: int
    models: int
    prophecy: Prophecy | None
    silence: str
    verdict: str
    dominated: bool


@dataclass(frozen=True)
class MitigationReport(Record):
    """All mitigations of a run, in the study's order.

    shares : the three shares; late : the shares whose means are compared
    reference : levels of the reference over the late shares; at_shares : its rare recall
    theory_error : largest error of theory over mitigations and the three shares, of rare recall
    """

    study: str
    shares: tuple[float, ...]
    late: tuple[float, ...]
    reference: dict[str, float]
    at_shares: tuple[float, ...]
    rows: tuple[MitigationRow, ...]
    theory_error: float
    level: float
    replicates: int
    method: str
    verdict: str
    notes: tuple[str, ...]
