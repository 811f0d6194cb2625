# `make` lists the targets. Each does the set-up it needs: Python 3.11 or later and make are enough.

PYTHON ?= python3
URL ?= http://127.0.0.1:8000
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
AUDIT_READY := $(VENV)/.audit-ready
PIP := -m pip --disable-pip-version-check --quiet
HASHED := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
    --no-emit-index-url --no-annotate --no-header --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup run demo test browser screenshots lint format coverage openapi bench audit hashes constraints clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: $(READY) ## Install Holdfast and its tools into .venv

run: $(READY) ## Serve on http://127.0.0.1:8000, with points in the folder data (ARGS="--port 9000")
	@$(BIN)/holdfast serve --data data $(ARGS)

demo: ## Load a sample into the running service at URL and search it
	@$(PYTHON) demo/demo.py --url $(URL) $(ARGS)

test: $(READY) ## Run all tests (ARGS="-k cache")
	@if command -v redis-server >/dev/null; then \
	    $(BIN)/python -m pytest $(ARGS); \
	else \
	    echo "redis-server is missing, so the tests that need it are left out: apt-get install redis-server"; \
	    $(BIN)/python -m pytest -m "not redis and not real_qdrant and not browser" $(ARGS); \
	fi

browser: $(READY) ## Run the tests of the pages, in Chromium (ARGS="-k search")
	@command -v chromium >/dev/null || { echo "chromium is missing: apt-get install chromium" >&2; exit 1; }
	@$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

screenshots: $(READY) ## Make the images of docs/images anew (Chromium, redis-server; better with fonts-inter and pngquant)
	@$(BIN)/python -m tests.browser.screenshots

lint: $(READY) ## Check style, types, the rules of the layers, and for what is unsafe
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml domain adapters entrypoints containers.py

format: $(READY) ## Format the code and sort the imports
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

coverage: $(READY) ## Run the tests without sockets; every branch of the domain must be covered
	$(BIN)/python -m coverage run -m pytest tests/unit tests/contract
	$(BIN)/python -m coverage report --include='domain/*' --fail-under=100

openapi: $(READY) ## Write the document of the API to docs/openapi.json
	@$(BIN)/python -m entrypoints.http.openapi >docs/openapi.json

bench: $(BENCH_READY) ## Measure hits, misses and outages against FastAPI (ARGS="--rounds 1 --check")
	@$(BIN)/python -m benchmarks $(ARGS)

audit: $(AUDIT_READY) ## Look the pinned versions up in the database of known vulnerabilities, where it can be reached
	@$(BIN)/pip-audit --requirement requirements/runtime.txt --disable-pip --format json --progress-spinner off \
	    2>/dev/null | $(PYTHON) .ci/audit.py

hashes: $(AUDIT_READY) ## Make requirements/ anew: what the image installs, as constraints.txt pins it, with hashes
	@$(HASHED) --extra fast --extra edge --output-file requirements/runtime.txt pyproject.toml
	@sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml | $(HASHED) --output-file requirements/build.txt -

constraints: ## Make constraints.txt anew, with the newest versions (PYTHON=python3.11)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "constraints.txt is made with Python 3.11: make constraints PYTHON=python3.11" >&2; exit 1; }
	@set -e; new=$$(mktemp -d); trap 'rm -rf "$$new"' EXIT; \
	    $(PYTHON) -m venv "$$new"; \
	    "$$new/bin/python" $(PIP) install -e '.[fast,dev]'; \
	    { sed -n '/^#/p' constraints.txt; "$$new/bin/python" $(PIP) freeze --exclude-editable; } >"$$new/constraints.txt"; \
	    cp "$$new/constraints.txt" constraints.txt

clean: ## Remove .venv and what the tools left
	rm -rf $(VENV) .cache build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or later: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) install -c constraints.txt -e '.[fast,dev]'
	@touch $@

$(BENCH_READY): $(READY)
	@echo "Installing what the benchmark compares with ..."
	@$(BIN)/python $(PIP) install -c constraints.txt -e '.[fast,dev,bench]'
	@touch $@

$(AUDIT_READY): $(READY)
	@echo "Installing what audits ..."
	@$(BIN)/python $(PIP) install -c constraints.txt -e '.[fast,dev,audit]'
	@touch $@
