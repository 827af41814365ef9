# Everything sets itself up on a fresh Debian or Ubuntu with Python 3.11 or later.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup browser serve test lint format words bench docs audit lock clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

# The packages and the browser come side by side: each takes a minute or two, and neither needs the other.
setup: ## Make .venv with everything for running and testing, and the browser
	@$(MAKE) --no-print-directory --jobs=2 $(READY) browser/.built

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stac-bridge needs Python 3.11 or later; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory system-venv
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.lock pyproject.toml stac_bridge/__init__.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Debian and Ubuntu ship Python without its venv module.
.PHONY: system-venv
system-venv:
	@command -v apt-get >/dev/null || { echo "Python's venv module is missing; install it (python3-venv)."; exit 1; }
	@SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq python3-venv

# STAC Browser, built from a lock; where it cannot be, the server says why in its place.
browser/.built: browser/build.py browser/changes.toml $(wildcard browser/*.js browser/*.scss) browser/package-lock.json | $(BIN)/python
	@echo "Building STAC Browser; this takes a minute or two."
	@$(BIN)/python browser/build.py
	@touch $@

browser: ## Build STAC Browser anew
	@rm -f browser/.built
	@$(MAKE) --no-print-directory browser/.built

# The tests of the browser open pages in Chromium; without one, and without apt-get, they say that they are skipped.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		! command -v apt-get >/dev/null || { \
		SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium >/dev/null; }

# The tests of several workers run on a real Redis; without one, and without apt-get, they say that they are skipped.
.PHONY: redis
redis:
	@command -v redis-server >/dev/null || ! command -v apt-get >/dev/null || { \
		SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq redis-server >/dev/null; }

# The tests of the proxy of deploy/ run a real nginx; without one, and without apt-get, they report that they are
# skipped. Debian starts what it installs, on port 80: nobody asked for that, so it is stopped again.
.PHONY: nginx
nginx:
	@PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null || ! command -v apt-get >/dev/null || { \
		SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq nginx-light >/dev/null && \
		{ $$SUDO systemctl disable --now nginx >/dev/null 2>&1 || true; }; }

serve: setup ## Serve the STAC API on 127.0.0.1:$(PORT); on the sandbox unless an account is set
	@exec $(BIN)/stac-bridge serve --host 127.0.0.1 --port $(PORT)

# Three at a time, though there may be two cores: many tests wait for somebody. The servers that they start need not
# compile everything anew, even where Python was told to write nothing down.
test: setup redis chromium nginx ## Run all tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

lint: setup ## Run ruff, the type checker and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A reminder that never fails. It reads source files only, so any Python will do, without setup.
words: ## List what is left of the old vocabulary, with better words; PATHS=stac_bridge/api restricts it
	@$(PYTHON) -m tests.words $(PATHS)

bench: setup ## Print what things cost
	$(BIN)/python -m benchmarks

docs: setup ## Build the documentation into docs/_build; warnings are errors
	$(BIN)/sphinx-build -W --keep-going -n -q -E -d docs/_build/.doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

audit: ## Ask whether anything in requirements.lock is known to be vulnerable
	@.ci/audit

lock: ## Write requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --extra examples --extra geoparquet --group dev --universal --python-version 3.11 --generate-hashes --quiet --no-header --output-file requirements.lock

clean: ## Remove what setup and builds made
	rm -rf $(VENV) .venv-audit dist build docs/_build browser/.built browser/build browser/node_modules stac_bridge/browser screenshots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
