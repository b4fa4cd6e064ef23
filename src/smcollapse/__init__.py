"""smcollapse: how much synthetic data can this mixture take, why, and how sure are we?

The public names are loaded when they are first used, so that importing the package is cheap:

    >>> import smcollapse
    >>> study = smcollapse.load_study("atlas-small")
    >>> result = smcollapse.run_study(study, Path("results/atlas-small"))
    >>> result.store.table()
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Scenario": "smcollapse.scenario",
    "SmcollapseError": "smcollapse.errors",
    "Store": "smcollapse.store",
    "Layout": "smcollapse.questions.layouts",
    "Study": "smcollapse.study",
    "Sweep": "smcollapse.sweep",
    "answer_of": "smcollapse.questions.answer",
    "attribution_report": "smcollapse.questions.attribute",
    "calibrate": "smcollapse.questions.calibration.calibrate",
    "filter_tradeoff": "smcollapse.questions.tradeoffs.tradeoff",
    "effect_report": "smcollapse.questions.effect_results",
    "mitigation_report": "smcollapse.questions.mitigating.mitigate",
    "mitigation_study": "smcollapse.questions.mitigating.study",
    "load_study": "smcollapse.study_file",
    "onset_report": "smcollapse.questions.onset_results",
    "open_store": "smcollapse.store",
    "parse_study": "smcollapse.study_file",
    "phase_diagram": "smcollapse.questions.phases.phase",
    "predict_study": "smcollapse.questions.predict",
    "presets": "smcollapse.study_file",
    "run_study": "smcollapse.run",
    "validate_store": "smcollapse.questions.validation.validate",
    "write_attribution": "smcollapse.report.attribution",
    "write_calibrations": "smcollapse.report.calibrated",
    "write_effects": "smcollapse.report.effect_results",
    "write_mitigations": "smcollapse.report.mitigations",
    "write_onset": "smcollapse.report.onset_results",
    "write_phase": "smcollapse.report.write_predictions",
    "write_predictions": "smcollapse.report.write_predictions",
    "write_report": "smcollapse.report",
    "write_tradeoff": "smcollapse.report.tradeoff",
    "write_validation": "smcollapse.report.validation",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'smcollapse' has no attribute '{name}'")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
