# make run        everything, on an empty machine: set up, start the stack, run the pipeline once, serve the UI
# make run ONCE=1 the same, and stop after the boards
# make test       set up and run every test, whole files side by side (PYTEST_ARGS="-n 0 FILE" for one in this process)
# make bench      the benchmarks, as ratios
# make docs       the dbt docs site
# make lock       resolve requirements.lock and tests/requirements.lock anew
# make clean      stop the stack and remove the virtual environment (data under .candlehouse stays)

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
UV := $(shell command -v uv 2>/dev/null)

export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: help run test bench docs lock clean setup
help:
	@sed -n 's/^# //p' Makefile

setup: $(RUNTIME)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Candlehouse needs Python 3.11 or newer as '$(PYTHON)': install it, or run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating the virtual environment $(VENV)"
ifdef UV
	@uv venv --quiet --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed: install your system's python3-venv package, or uv" >&2; exit 1; }
endif

define install
	@echo "Installing $(1) (hash-checked wheels)"
	@$(if $(UV),uv pip sync --quiet --python $(BIN)/python --require-hashes $(1),$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile --require-hashes -r $(1))
	@$(if $(UV),uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .,$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .)
endef

$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock)
	@touch $@

$(DEV): tests/requirements.lock pyproject.toml | $(BIN)/python
	$(call install,tests/requirements.lock)
	@touch $@ $(RUNTIME)

run: $(RUNTIME)
	@exec $(BIN)/candlehouse up $(if $(ONCE),--once)

test: $(DEV)
	@exec $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

bench: $(DEV)
	@exec $(BIN)/python -m benchmarks $(BENCH_ARGS)

docs: $(RUNTIME)
	@exec $(BIN)/candlehouse docs

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --extra dev -c requirements.lock pyproject.toml -o tests/requirements.lock

clean:
	@test ! -x $(BIN)/candlehouse || $(BIN)/candlehouse down || true
	rm -rf $(VENV)
