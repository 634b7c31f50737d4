# `make up` starts everything; `make test` tests everything. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
GRADUATES ?= 600
VENV := .venv/bin
UV := $(VENV)/python -m uv pip sync --quiet --no-config --require-hashes
LOCAL := $(VENV)/python -m infra.local
export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/yinji:$(CURDIR)/layers/typeset

.PHONY: help setup up season season-demo down reset status logs invoke test quick slow cloud bench lint format types \
	lock synth screenshots clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- what everything stands on ----------------------------------------------------------------------------------

.local/python: requirements.txt infra/local/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo missing). PYTHON=... names another."; exit 1; }
	@echo "installing Python libraries into .venv"
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r infra/local/uv.txt
	@$(UV) --python $(VENV)/python requirements.txt
	@mkdir -p .local && touch $@

.local/emulator.stamp: infra/local/requirements.txt .local/python
	@echo "installing the emulator into .local/emulator"
	@test -x .local/emulator/bin/python || $(PYTHON) -m venv --without-pip .local/emulator
	@$(UV) --python .local/emulator/bin/python infra/local/requirements.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json
	@node -e 'process.exit(+process.versions.node.split(".")[0] < 20)' 2>/dev/null || \
	  { echo "Node 20 or newer is needed: $$(node --version 2>/dev/null || echo 'no node is found')."; exit 1; }
	@echo "installing Node packages into node_modules"
	@npm ci --silent --no-progress && touch $@

setup: .local/python .local/emulator.stamp node_modules/.package-lock.json ## install what everything needs, locked and hashed
	@if [ -d .git ] && [ -z "$$CI" ]; then $(VENV)/pre-commit install --install-hooks >/dev/null 2>&1 || true; fi

# --- the local cloud --------------------------------------------------------------------------------------------

up: setup ## start the local cloud, deploy, seed a demo season, print the addresses, keep running
	@$(LOCAL) up --graduates $(GRADUATES)

season: setup ## the same with all 10,020 graduates
	@$(LOCAL) up --graduates all

season-demo: setup ## play students and officers over HTTP until everybody of a small season has left
	@$(LOCAL) season-demo --graduates $(GRADUATES)

down: .local/python ## stop the local cloud; its data is kept
	@$(LOCAL) down

reset: .local/python ## stop the local cloud and delete its data
	@$(LOCAL) reset

status: .local/python ## what runs, and how the season stands
	@$(LOCAL) status

logs: .local/python ## follow the logs; F=clearance/advance for one function
	@$(LOCAL) logs --function "$(F)"

invoke: .local/python ## invoke a function: F=clearance/advance E=events/clearance/advance.json
	@$(LOCAL) invoke "$(F)" "$(E)"
