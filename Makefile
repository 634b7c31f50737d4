# `make up` starts everything; `make test` tests everything. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
GRADUATES ?= 600
FUZZ ?= 20000
READERS ?= 200
RATE ?= 100
SECONDS ?= 60
VENV := .venv/bin
UV := $(VENV)/python -m uv pip sync --quiet --no-config --require-hashes
LOCAL := $(VENV)/python -m infra.local
export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/yinji:$(CURDIR)/layers/typeset:$(CURDIR)/layers/inspection:$(CURDIR)/layers/tabular:$(CURDIR)/layers/sign_in:$(CURDIR)/layers/proof:$(CURDIR)/layers/demo
# what is imported is compiled once and kept: the infrastructure's libraries alone take twenty seconds a process
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup up season season-check season-demo devices down reset status logs invoke check-feed verify-history preview-archive test \
	quick slow cloud abuse mutants audit fuzz bench lint format types lock synth openapi screenshots clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

.local/cas.stamp: tests/sign_in/requirements.txt .local/python
	@echo "installing the CAS server of the tests into .local/cas"
	@test -x .local/cas/bin/python || $(PYTHON) -m venv --without-pip .local/cas
	@$(UV) --python .local/cas/bin/python tests/sign_in/requirements.txt
	@touch $@

.local/open311.stamp: tests/open311/requirements.txt .local/python
	@echo "installing clients of Open311 for the tests into .local/open311"
	@test -x .local/open311/bin/python || $(PYTHON) -m venv --without-pip .local/open311
	@$(UV) --python .local/open311/bin/python tests/open311/requirements.txt
	@touch $@

.local/audit.stamp: infra/local/audit.txt .local/python
	@echo "installing pip-audit into .local/audit"
	@test -x .local/audit/bin/python || $(PYTHON) -m venv --without-pip .local/audit
	@$(UV) --python .local/audit/bin/python infra/local/audit.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json
	@node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null || \
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

season-check: .local/python ## hold the cases against what the season expects, before anybody acts
	@$(LOCAL) season-check

season-demo: setup ## play everybody over HTTP until the season is through; GRADUATES=all for the whole one
	@$(LOCAL) season-demo --graduates $(GRADUATES)

down: .local/python ## stop the local cloud; its data is kept
	@$(LOCAL) down

reset: .local/python ## stop the local cloud and delete its data
	@$(LOCAL) reset

devices: .local/python ## let READERS=200 readers send RATE=100 passes a second over MQTT for SECONDS=60, and count what came of it
	@$(LOCAL) devices --readers $(READERS) --rate $(RATE) --seconds $(SECONDS) $(MORE)

status: .local/python ## what runs, and how the season stands
	@$(LOCAL) status

logs: .local/python ## follow the logs; F=clearance/advance for one function
	@$(LOCAL) logs --function "$(F)"

invoke: .local/python ## invoke a function: F=clearance/advance E=events/clearance/advance.json
	@$(LOCAL) invoke "$(F)" "$(E)"

# --- checking what comes in and what goes out -------------------------------------------------------------------

check-feed: .local/python ## check a department's file against its contract: FILE=library.csv, STEP=library-loans if it has no head
	@$(VENV)/python -m infra.local.check_feed "$(FILE)" --step "$(STEP)"

verify-history: .local/python ## check exported histories: FILE=history.json, ANCHOR=<the hash you noted>; without FILE the local cloud's
	@$(VENV)/python -m infra.local.verify_history $(if $(FILE),"$(FILE)") --anchor "$(ANCHOR)"

preview-archive: setup layers/typeset/typeset/fonts ## the archive's book as PNG in .local/preview: THEME=ink, BOOK=zh, WATCH=1 draws on every change
	@$(VENV)/python -m infra.local.preview_archive $(if $(THEME),--theme $(THEME)) $(if $(BOOK),--language $(BOOK)) $(if $(WATCH),--watch)

# --- tests ------------------------------------------------------------------------------------------------------

PYTEST := $(VENV)/python -m pytest -q

test: setup browser lint types quick slow cloud ## pass every test, the quick ones first

quick: setup layers/typeset/typeset/fonts ## domain, functions and pages against a cloud in memory
	$(PYTEST) -n 2 --dist worksteal -m "not slow and not cloud"

slow: setup layers/typeset/typeset/fonts .local/cas.stamp .local/open311.stamp ## the template and its rules, documents, large feeds
	$(PYTEST) -n 2 --dist worksteal -m "slow and not cloud"

cloud: setup browser .local/cas.stamp ## a local cloud of the tests' own: a season, journeys in a browser, a kill
	$(PYTEST) -m cloud

abuse: setup ## send every bad input of docs/security.md to the local cloud that runs here; it has to be at rest
	$(VENV)/python -m tests.abuse.ways

mutants: setup ## take each defence away in a copy of the tree: its tests have to fail. ONLY=<name> for one
	$(VENV)/python -m tests.mutants $(ONLY)

fuzz: setup layers/typeset/typeset/fonts ## 20,000 random requests to the API as everybody; FUZZ=2000 for another number
	YINJI_FUZZ_REQUESTS=$(FUZZ) $(PYTEST) -p no:logging --show-capture=no tests/fuzz

bench: setup layers/typeset/typeset/fonts ## measure; prints figures, asserts nothing
	$(VENV)/python -m tests.bench

lint: setup ## ruff: format and lint
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .

format: setup ## write files as ruff wants them
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

types: setup ## pyright, strict on layers/ and functions/
	npx --no-install pyright

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "installing chromium for the journeys" && apt-get update -qq && apt-get install -qq -y chromium >/dev/null; } || \
	  { echo "The journeys need chromium: install it ('apt-get install chromium'), then run this again."; exit 1; }

layers/typeset/typeset/fonts: layers/typeset/fonts.toml node_modules/.package-lock.json .local/python
	@echo "putting the fonts in place"
	@$(VENV)/python layers/typeset/fonts.py && touch $@

# --- the repository ---------------------------------------------------------------------------------------------

audit: .local/audit.stamp node_modules/.package-lock.json ## ask whether a locked library has a known hole; OFFLINE=1 where nobody can be asked
	@$(VENV)/python -m infra.local.audit $(if $(OFFLINE),--offline)

synth: setup ## synthesize the template for AWS into cdk.out, with cdk-nag
	npx --no-install cdk synth --quiet

openapi: setup ## write docs/openapi.json anew, from the routes, the definitions and infra/openapi/catalogue.py
	@$(VENV)/python -m infra.openapi

screenshots: setup browser ## take the README's screenshots from a running local cloud
	$(VENV)/python -m tests.journeys.screenshots

LOCK := $(VENV)/python -m uv pip compile --quiet --no-config --python-version 3.11 --universal --generate-hashes \
	--no-header --no-annotate
lock: .local/python ## write the lock files anew from pyproject.toml
	$(LOCK) --group uv -o infra/local/uv.txt
	$(LOCK) --group emulator -o infra/local/requirements.txt
	$(LOCK) --group audit -o infra/local/audit.txt
	$(LOCK) --group cas -o tests/sign_in/requirements.txt
	$(LOCK) --group open311 -o tests/open311/requirements.txt
	$(LOCK) --group rivals -o tests/bench/requirements.txt
	$(LOCK) --group layer -o layers/yinji/requirements.txt
	$(LOCK) --group typeset -o layers/typeset/requirements.txt
	$(LOCK) --group inspection -o layers/inspection/requirements.txt
	$(LOCK) --group tabular -o layers/tabular/requirements.txt
	$(LOCK) --group sign-in -o layers/sign_in/requirements.txt
	$(LOCK) --group proof -o layers/proof/requirements.txt
	$(LOCK) --group dev -o requirements.txt

clean: ## delete what was installed and built; the data of the local cloud too
	rm -rf .venv .local node_modules cdk.out .pytest_cache .ruff_cache .hypothesis
