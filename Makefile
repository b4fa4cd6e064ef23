# Every target sets up what it needs in .venv: a machine with Python 3.11 or later and make is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test check bench verify verify-inference canaries golden mutations paper paper-data clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --upgrade-deps $(VENV)
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,check,bench,paper]'
	@touch $(READY)

demo: $(READY)  ## train 250 small networks, print the claim beside the measurement, draw the page
	$(BIN)/smcollapse run atlas-small
	$(BIN)/smcollapse report results/atlas-small

test: $(READY)  ## all tests, in two processes of one thread each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

check: $(READY)  ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## measure speed against named peers, write BENCHMARKS.md
	$(BIN)/python -m tests.benchmarks.write_table

verify: $(READY)  ## theory against training, write VERIFICATION.md
	$(BIN)/python -m tests.verification.write_table

verify-inference: $(READY)  ## bands and tests against known truth, write VERIFICATION_INFERENCE.md
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.verification.inference.write_table

canaries: $(READY)  ## write the tables of numbers again that guard every layer's version
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.canaries.write

golden: $(READY)  ## keep what every command says now, after a change that is meant
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.golden.write

mutations: $(READY)  ## wrong code on purpose: what the canaries see, write VERIFICATION_CANARIES.md
	$(BIN)/python -m tests.verification.mutations

paper: $(READY)  ## the paper from committed findings, in seconds: paper/smcollapse.pdf
	$(BIN)/python paper/build.py

paper-data: $(READY)  ## make the findings of the paper anew; what is in results/ is not trained again
	$(BIN)/python analyses/atlas.py --device cpu
	$(BIN)/python analyses/headline.py
	$(BIN)/python analyses/limits.py
	$(BIN)/python analyses/mitigations.py
	$(BIN)/python analyses/filter_tradeoff.py
	$(BIN)/python analyses/language.py
	$(BIN)/python analyses/corpus.py
	$(BIN)/smcollapse claims

clean:  ## remove the environment and caches; results/ is kept
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
