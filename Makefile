# The two commands: `make map` maps the example phrases to ICD-10-CM, `make test` runs all checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PHRASES ?= examples/phrases.csv
OUT ?= out/phrases.mapped.tsv
KERNELS := $(wildcard graphemb/kernels/native/*) hatch_build.py

.PHONY: map test slow lint clean

map: $(VENV)/.installed
	@mkdir -p $(dir $(OUT))
	@$(BIN)/graphemb map $(PHRASES) --taxonomy icd10cm -o $(OUT)
	@$(BIN)/python examples/show.py $(OUT)

test: $(VENV)/.tested lint
	$(BIN)/python -m pytest

# Minutes long: sanitizers over the kernels, kill storms, a million nodes.
slow: $(VENV)/.tested
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("graphemb needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt $(KERNELS)
	@echo "Installing graphemb into $(VENV); the first time takes a few minutes."
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[hpo,general]'
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[hpo,general,test]'
	@touch $@

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis graphemb/kernels/*.so
