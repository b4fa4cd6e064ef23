"""What makes a finding outdated: its script's design or a layer's version, never a name."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import smcollapse
from smcollapse.questions.ledgers.file import read_ledger
from smcollapse.questions.ledgers.findings import FindingError, read_finding, write_finding
from smcollapse.questions.ledgers.scripts import (
    require_current,
    script_hash,
    stamped,
    versions_of,
)
from smcollapse.versions import RESULTS_VERSION, VERSIONS
from tests.claims_repository import LEDGER, ROOT, finding

Write = Callable[[str], Path]

SCRIPT = '''"""A question."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import smcollapse
from smcollapse.inference import curves, net_effect

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = (0.0, 0.2, 0.4)


def main(place: Path) -> None:
    """Do it."""
    study = smcollapse.load_study("atlas")
    first, second = curves(study, "rare_recall"), curves(study, "ece")
    print(net_effect(first, second, SHARES[0], np.exp(0.4)))
'''


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Text → the file of a script that has it."""

    def script(text: str) -> Path:
        place = tmp_path / "script.py"
        place.write_text(text, encoding="utf-8")
        return place

    return script


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A question."""', '"""Another wording."""'),
        ("SHARES = (0.0, 0.2, 0.4)", "SHARES = (  # in order\n    0.0, 0.2, 0.4,\n)"),
        ("curves", "sweep_of"),
        ("net_effect", "paired_effect"),
        ("smcollapse.inference", "smcollapse.estimates.everything"),
        ("load_study", "open_study"),
        (
            "from smcollapse.inference import curves",
            "from smcollapse.inference import onset, curves",
        ),
        ("import numpy as np\n", "import numpy as np\nimport pandas as pd\n"),
        ("import numpy as np", "import numpy"),
    ],
)
def test_what_changes_no_design_costs_nothing(write: Write, old: str, new: str) -> None:
    before = script_hash(write(SCRIPT))
    changed = SCRIPT.replace(old, new)
    if new == "import numpy":
        changed = changed.replace("np.exp", "numpy.exp")
    assert changed != SCRIPT
    assert script_hash(write(changed)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(0.0, 0.2, 0.4)", "(0.0, 0.2, 0.5)"),
        ('"atlas"', '"atlas-small"'),
        ("(first, second,", "(second, first,"),
        ("np.exp", "np.expm1"),
        ("net_effect(first", "curves(first"),
        ("SHARES[0]", "SHARES[1]"),
        ("SHARES[0]", "-SHARES[0]"),
        ('curves(study, "ece")', 'effect(study, "ece")'),
    ],
)
def test_another_design_is_seen(write: Write, old: str, new: str) -> None:
    before = script_hash(write(SCRIPT))
    changed = SCRIPT.replace(old, new).replace("import curves,", "import curves, effect,")
    assert script_hash(write(changed)) != before


def test_another_library_is_seen(write: Write) -> None:
    text = "from math import log\n\nprint(log(2.0))\n"
    other = text.replace("from math", "from cmath")
    assert script_hash(write(text)) != script_hash(write(other))


def test_layers_of_a_script(write: Write) -> None:
    assert versions_of(write(SCRIPT)) == VERSIONS
    some = write(SCRIPT + '\nLAYERS = ("theory", "worlds")\n')
    assert list(versions_of(some)) == ["worlds", "theory"]
    with pytest.raises(FindingError, match=r"script\.py: LAYERS: no layer 'teory' .* 'theory'"):
        versions_of(write('LAYERS = ("teory",)\n'))
    with pytest.raises(FindingError, match="LAYERS must be a tuple of names"):
        versions_of(write("LAYERS = tuple(all_layers)\n"))


def test_a_moved_version_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    script = write(SCRIPT)
    made = stamped(finding("one"), script)
    require_current(made, [script], "analyses/one.py")
    was = VERSIONS["inference"]
    monkeypatch.setitem(VERSIONS, "inference", was + 1)
    message = (
        rf"finding 'one' was made with inference {was}, the code is at inference {was + 1}: "
        r"run analyses/one\.py again"
    )
    with pytest.raises(FindingError, match=message):
        require_current(made, [script], "analyses/one.py")
    require_current(stamped(made, script), [script], "analyses/one.py")


def test_a_version_that_the_script_does_not_use_may_move(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write(SCRIPT + '\nLAYERS = ("worlds", "inference")\n')
    made = stamped(finding("one"), script)
    monkeypatch.setitem(VERSIONS, "theory", VERSIONS["theory"] + 1)
    require_current(made, [script], "it")


def test_a_finding_without_versions_or_of_another_script_is_refused(write: Write) -> None:
    script = write(SCRIPT)
    made = stamped(finding("one"), script)
    with pytest.raises(FindingError, match="does not say with which version of worlds and"):
        require_current(replace(made, versions={}), [script], "it")
    with pytest.raises(FindingError, match="older than the script that makes it: run it again"):
        require_current(made, [write(SCRIPT.replace("0.2", "0.3"))], "it")


def test_the_results_follow_from_their_layers() -> None:
    assert sum(VERSIONS[name] for name in ("worlds", "training", "measures")) - 2 == RESULTS_VERSION


def scripts() -> list[Path]:
    """Every script that makes a committed finding."""
    results = read_ledger(LEDGER).results
    files = {one.replace("{name}", name) for r in results for name in r.names for one in r.code}
    return [ROOT / name for name in sorted(files)]


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.stem)
def test_a_script_uses_the_layers_that_it_declares(script: Path) -> None:
    """Theory can be left out only where nothing that the script imports reaches a theory."""
    declared = versions_of(script)
    assert set(declared) >= set(VERSIONS) - {"theory"}
    if "theory" not in declared:
        reached = {"smcollapse.theories"} & reachable(script)
        assert not reached, f"{script.name} reaches theories: name the layer in LAYERS"


def reachable(script: Path) -> set[str]:
    """Every module of the package that a script imports, directly or through another one."""
    found: set[str] = set()
    todo = [script]
    while todo:
        for name in _imports(todo.pop()):
            place = ROOT / "src" / name.replace(".", "/")
            file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            if name not in found and file.is_file():
                found.add(name)
                if name != "smcollapse":
                    todo.append(file)
    return found


def _imports(file: Path) -> Iterator[str]:
    public = smcollapse._PUBLIC
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            for one in node.names:
                yield f"{node.module}.{one.name}"
                yield public.get(one.name, "") if node.module == "smcollapse" else ""
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "smcollapse":
            yield public.get(node.attr, "")


def test_a_rename_in_the_library_leaves_all_claims_usable(tmp_path: Path) -> None:
    """In a copy of the repository a function that many scripts use gets another name."""
    for name in ("src", "cli", "analyses"):
        shutil.copytree(ROOT / name, tmp_path / name)
    ledger = read_ledger(LEDGER)
    for name in ledger.cited():
        results = ledger.results_of(name)
        made = read_finding(ROOT / results.file.replace("{name}", name))
        code = [tmp_path / script.replace("{name}", name) for script in results.code]
        write_finding(
            stamped(made, *code), (tmp_path / results.file.replace("{name}", name)).parent
        )

    def claims() -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(str(tmp_path / folder) for folder in ("src", "cli"))
        return subprocess.run(
            [sys.executable, "-m", "smcollapse_cli.main", "claims"],
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    renamed = 0
    for file in tmp_path.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        changed = re.sub(r"\bnet_effect\b", "paired_effect", text)
        changed = re.sub(r"\brun_findings\b", "findings_of_runs", changed)
        if changed != text:
            file.write_text(changed, encoding="utf-8")
            renamed += "analyses" in file.relative_to(tmp_path).parts
    (tmp_path / "src/smcollapse/questions/run_findings.py").rename(
        tmp_path / "src/smcollapse/questions/findings_of_runs.py"
    )
    assert renamed >= 3
    done = claims()
    assert (done.returncode, done.stderr) == (0, "")

    script = tmp_path / "analyses" / "headline.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("replicates = 8", "replicates = 9"), encoding="utf-8")
    done = claims()
    assert done.returncode == 1
    assert "finding 'polish' is older than the script that makes it" in done.stderr
