# `make run`, `make quick` and `make test` are enough for daily work.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run quick test judge bench lint docs wheel lock clean

help: ## Print this list.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/run: requirements.lock pyproject.toml
	@.ci/packages venv
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test: $(VENV)/run requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.installed: package.json package-lock.json
	@.ci/packages node
	@# Not npm ci: it refuses a lock without the builds for other systems, which a registry's mirror may lack.
	@npm install --no-save --no-audit --no-fund --silent
	@touch $@

run: $(VENV)/run ## Serve the lab on http://127.0.0.1:8000 (HOST=, PORT=, LABS= change address and labs).
	@exec $(BIN)/socketlab serve --host $(HOST) --port $(PORT) $(if $(LABS),--labs $(LABS))

quick: $(VENV)/test node_modules/.installed ## Check what needs no root, browser or kernel: style, types, pure tests.
	@.ci/checks quick

test: $(VENV)/test node_modules/.installed ## Run every test, also those in a browser; installs what is missing.
	@.ci/packages test
	@.ci/checks test

judge: $(VENV)/test node_modules/.installed ## Run the long forms: soak, runs of minutes, every lab ten times.
	@.ci/packages judge
	@.ci/checks judge

lint: $(VENV)/test node_modules/.installed ## Check format, style, types, import layers and JavaScript.
	@.ci/checks lint

bench: $(VENV)/test ## Print benchmarks as ratios, each against a peer in the same run.
	@.ci/packages test
	@$(BIN)/python -m bench

docs: $(VENV)/test ## Regenerate what is made from the code: pages in docs/ and modules in static/js/.
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.protocol_js
	@$(BIN)/python -m docs.fields_js
	@$(BIN)/python -m docs.state_js
	@$(BIN)/python -m docs.lab_protocol_js
	@$(BIN)/python -m docs.syscalls_js
	@$(BIN)/python -m docs.story_js

wheel: $(VENV)/test ## Build the wheel into dist/.
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

lock: ## Resolve the dependencies again and pin them.
	uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --group build -o requirements.lock
	uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --group build --group dev -o requirements-dev.lock

clean: ## Remove everything that can be rebuilt.
	rm -rf $(VENV) node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
