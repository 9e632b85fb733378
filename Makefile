# One environment in .venv, built from pyproject.toml by the first target that needs it.
PYTHON ?= python3
VENV := .venv
TESTS :=
# Not empty: install exactly what requirements.lock says, as CI does.
LOCKED ?=
SEED = $(shell od -An -N4 -tu4 /dev/urandom)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
NPM := tests/localchain
PEERS := build/peers
ETL := build/etl

.DEFAULT_GOAL := help
.PHONY: help demo test soak check lint bench bench-peers notebook record-demo venues lock rooms clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Edgewatch needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Edgewatch into $(VENV) ..."
	@$(PIP) --upgrade "pip>=25.1"
	@$(if $(LOCKED),$(PIP) --require-hashes --requirement requirements.lock)
	@$(PIP) $(if $(LOCKED),--no-deps) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing the test and lint tools ..."
	@$(PIP) --group test --group lint
	@touch $@

# Peers have an environment of their own: among what pyfolio brings is bottleneck, which changes how pandas computes.
$(PEERS)/.installed: pyproject.toml
	@echo "installing Edgewatch and its peers into $(PEERS) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install -qq --disable-pip-version-check --editable . hypersync==1.2.1 pyfolio-reloaded==0.10.1 polars==2.1.0 duckdb==2.0.0 river==0.26.1 || \
		{ echo "the peers cannot be installed here: nothing was measured"; exit 1; }
	@touch $@

$(ETL)/.installed:
	@echo "installing ethereum-etl and cryo into $(ETL) ..."
	@$(PYTHON) -m venv $(ETL)
	@$(ETL)/bin/python -m pip install -qq --disable-pip-version-check ethereum-etl==2.4.2 "setuptools<81" cryo==0.3.2 polars pyarrow && \
		$(ETL)/bin/python -m pip install -qq --disable-pip-version-check --no-deps parsimonious==0.10.0 regex || \
		{ echo "ethereum-etl and cryo cannot be installed here: they are left out"; rm -rf $(ETL); exit 0; }
	@touch $@

# A real EVM for the tests. Without Node they are skipped, and say so.
$(NPM)/node_modules/.installed: $(NPM)/package-lock.json
	@if command -v npm >/dev/null; then \
		echo "installing Anvil and the Uniswap contracts for the tests ..."; \
		npm ci --prefix $(NPM) --ignore-scripts --no-audit --no-fund --silent && touch $@ || \
			echo "npm could not install them: tests on a real EVM will be skipped"; \
	else echo "npm is not installed: tests on a real EVM will be skipped"; fi

demo: $(VENV)/.installed ## run Edgewatch on a recorded chain, from the node to a flag
	@$(BIN)/edgewatch demo

test: $(VENV)/.installed-dev $(NPM)/node_modules/.installed ## run the tests (or TESTS="some files"), the same every time
	@PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(TESTS)

soak: $(VENV)/.installed-dev $(NPM)/node_modules/.installed ## property tests with a new seed (or SEED=N), then 200 kills and every fault at once, five seeds (about half an hour)
	@seed=$(strip $(SEED)); echo "property tests with seed $$seed; again: make soak SEED=$$seed"; \
		$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=soak --hypothesis-seed=$$seed --timeout=1800
	@EDGEWATCH_SOAK_SEEDS=5 EDGEWATCH_SOAK_KILLS=40 $(BIN)/python -m pytest -s --durations=0 tests/faults/test_kills.py tests/faults/test_mixed_plan.py tests/end_to_end/test_killed_presses.py

lint: $(VENV)/.installed-dev ## format, lint, type and import checks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## everything that must be green

notebook: $(VENV)/.installed ## open the drill-down notebook on the demo's database
	@$(PIP) "--editable" ".[notebook]"
	@EDGEWATCH_CONFIG=$${EDGEWATCH_CONFIG:-$(CURDIR)/demo/edgewatch.toml} $(BIN)/jupyter lab notebooks/drilldown.ipynb

bench: $(VENV)/.installed $(NPM)/node_modules/.installed ## how soon a change is flagged, what of a hot list is luck, what watching costs, how fast a chain is read (about an hour and a half)
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.detection
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.examples
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.luck
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.following
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.sensitivity
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.departures
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.monitor
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.monitor year
	@$(BIN)/python -m benchmarks.decoding
	@$(BIN)/python -m benchmarks.storing 4000
	@$(BIN)/python -m benchmarks.reading

bench-peers: $(PEERS)/.installed $(ETL)/.installed $(NPM)/node_modules/.installed ## logs, books, rolling metrics and reading beside peers that need an environment of their own
	@RAYON_NUM_THREADS=1 $(PEERS)/bin/python -m benchmarks.peers
	@$(PEERS)/bin/python -m benchmarks.books
	@POLARS_MAX_THREADS=1 OMP_NUM_THREADS=1 $(PEERS)/bin/python -m benchmarks.rolling
	@$(PEERS)/bin/python -m benchmarks.reading peers

record-demo: $(VENV)/.installed-dev $(NPM)/node_modules/.installed ## record the demo's chain again on Anvil
	@$(BIN)/python -m tests.localchain.record

venues: $(VENV)/.installed ## write docs/venues.md from the registry of chains and venues
	@$(BIN)/python -m ingest.evm.venue_page > docs/venues.md

lock: ## find newest versions within the ranges of pyproject.toml, and write them with their hashes to requirements.lock
	@$(PYTHON) -m venv build/uv && build/uv/bin/python -m pip install -qq --disable-pip-version-check uv
	@build/uv/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--extra parquet --group test --group lint --no-header | sed '1i # What CI installs (`make LOCKED=1 test`), to the byte; users get the ranges of pyproject.toml. Made by `make lock`.' > requirements.lock

rooms: $(VENV)/.installed-dev ## draw the rooms in docs/design.md anew, from the imports
	@$(BIN)/python -m tests.rooms

clean: ## remove the environment and caches
	rm -rf $(VENV) $(PEERS) $(NPM)/node_modules demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
