# What one needs to know is in README.md; `make check` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A file's tests stay together, since they share servers; tests/order.py says which files come first.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

.PHONY: setup demo run test test-quick check format lint types imports bench soak lock clean

setup: $(STAMP)  ## a virtual environment with everything in it

$(STAMP): pyproject.toml requirements.lock requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV), about a minute"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: $(STAMP)  ## the main job on recordings, without network or accounts; ARGS=--once plays them to the end
	$(BIN)/paseo-watch demo $(ARGS)

run: $(STAMP)  ## the main job on the live chains; ARGS="-c my.yaml"
	$(BIN)/paseo-watch run $(ARGS)

test: $(STAMP)  ## all tests, on all cores; ARGS="tests/e2e/test_kill.py -n0" for one file without that
	$(PYTEST) --durations=20 $(ARGS)

test-quick: $(STAMP)  ## unit and contract tests only, with fewer examples each
	$(PYTEST) tests/unit tests/contract --hypothesis-profile=quick $(ARGS)

check: lint types imports  ## everything that reads the code without running it

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

format: $(STAMP)  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## side by side with the peers; ARGS="--json FILE"
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(STAMP)  ## five minutes at full speed: memory, event loop, size of the store; ARGS="--store postgresql"
	$(BIN)/python -m benchmarks.soak $(ARGS)

lock: $(STAMP)  ## renew the requirement locks from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra encryption pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev --extra encryption pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header tests/e2e/synapse/requirements.in -o tests/e2e/synapse/requirements.lock

clean:  ## remove what was made
	rm -rf $(VENV) .venv-synapse .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist *.egg-info
