"""What a scenario says: frozen values that can be hashed, compared and written to TOML.

Nothing here acts. Laws, worlds and models read these values; theories may read them too, which is
why they live apart from the code that needs torch.
"""

from smcollapse.settings.base import Value
from smcollapse.settings.filters import Filter
from smcollapse.settings.mitigations import (
    BroaderGeneration,
    Deduplication,
    Ensemble,
    ExpectationConsistency,
    FaithfulGeneration,
    LabelSmoothing,
    MitigationSettings,
    NoMitigation,
    ProtectiveFilter,
    Provenance,
    RealDataLast,
    RealFloor,
    TailWeight,
    TemperatureScaling,
    Weighting,
)
from smcollapse.settings.mixture import Mixture
from smcollapse.settings.models import CountTable, Logistic, Mlp, ModelSettings, Transformer
from smcollapse.settings.sources import (
    ConsensusSource,
    FileSource,
    GeneratedSource,
    PhrasesSource,
    ShrunkenSource,
    SourceSettings,
)
from smcollapse.settings.worlds import (
    ClustersWorld,
    CorpusWorld,
    FactsWorld,
    LanguageWorld,
    TableWorld,
    WorldSettings,
)

__all__ = [
    "BroaderGeneration",
    "ClustersWorld",
    "ConsensusSource",
    "CorpusWorld",
    "CountTable",
    "Deduplication",
    "Ensemble",
    "ExpectationConsistency",
    "FactsWorld",
    "FaithfulGeneration",
    "FileSource",
    "Filter",
    "GeneratedSource",
    "LabelSmoothing",
    "LanguageWorld",
    "Logistic",
    "MitigationSettings",
    "Mixture",
    "Mlp",
    "ModelSettings",
    "NoMitigation",
    "PhrasesSource",
    "ProtectiveFilter",
    "Provenance",
    "RealDataLast",
    "RealFloor",
    "ShrunkenSource",
    "SourceSettings",
    "TableWorld",
    "TailWeight",
    "TemperatureScaling",
    "Transformer",
    "Value",
    "Weighting",
    "WorldSettings",
]
