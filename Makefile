# Everything sets itself up on a fresh Debian or Ubuntu with Python 3.11 or later.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements.lock requirements-examples.lock requirements-dev.lock

# A stamp for what is installed in $(VENV): to serve, to run the examples too, to develop (which has all of it).
SERVE := $(VENV)/.serve
EXAMPLES := $(VENV)/.examples
DEV := $(VENV)/.dev

# dash would end at once when make is terminated, and leave apt-get behind; with a trap it waits for apt-get first.
APT := trap 'exit 143' TERM; SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq

.PHONY: help setup browser serve unit check test test-long test-all lint format words bench docs audit lock clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# The packages and the browser come side by side: each takes a minute or two, and neither needs the other.
setup: ## Make .venv with everything for running and testing, and the browser
	@$(MAKE) --no-print-directory --jobs=2 $(DEV) browser/.built

# Every recipe of the set-up ends in exec: make then signals the script itself, which ends all that it started.
$(VENV)/.made: scripts/setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stac-bridge needs Python 3.11 or later; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory system-venv
	@exec $(PYTHON) -m scripts.setup

$(SERVE): requirements.lock pyproject.toml stac_bridge/__init__.py | $(VENV)/.made
	@exec $(BIN)/python -m scripts.setup --clone $< $@

# These leave the clone's own installation alone: a server may be starting from it.
$(EXAMPLES): requirements-examples.lock | $(SERVE)
	@exec $(BIN)/python -m scripts.setup $< $@

$(DEV): requirements-dev.lock | $(SERVE)
	@exec $(BIN)/python -m scripts.setup $< $@ $(EXAMPLES)

# Debian and Ubuntu ship Python without its venv module.
.PHONY: system-venv
system-venv:
	@command -v apt-get >/dev/null || { echo "Python's venv module is missing; install it (python3-venv)."; exit 1; }
	@$(APT) python3-venv

# STAC Browser, built from a lock; if it cannot be built, the server says why in its place.
browser/.built: browser/build.py browser/changes.toml $(wildcard browser/*.js browser/*.scss) browser/package-lock.json | $(VENV)/.made
	@exec $(BIN)/python -m browser.build $@

browser: ## Build STAC Browser anew
	@rm -f browser/.built
	@$(MAKE) --no-print-directory browser/.built

# The tests of the browser open pages in Chromium; without one, and without apt-get, they say that they are skipped.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		! command -v apt-get >/dev/null || { $(APT) chromium >/dev/null; }

# The tests of several workers run on a real Redis; without one, and without apt-get, they say that they are skipped.
.PHONY: redis
redis:
	@command -v redis-server >/dev/null || ! command -v apt-get >/dev/null || { $(APT) redis-server >/dev/null; }

# The tests of the proxy of deploy/ run a real nginx; without one, and without apt-get, they report that they are
# skipped. Debian starts what it installs, on port 80: nobody asked for that, so it is stopped again.
.PHONY: nginx
nginx:
	@PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null || ! command -v apt-get >/dev/null || { \
		$(APT) nginx-light >/dev/null && { $$SUDO systemctl disable --now nginx >/dev/null 2>&1 || true; }; }

# The server needs neither the packages of the examples nor the browser: both follow behind it, and end with it. The
# shell's process id is the server's after exec.
serve: $(SERVE) ## Serve the STAC API on 127.0.0.1:$(PORT); on the sandbox unless an account is set
	@($(BIN)/python -m scripts.background $$$$ $(EXAMPLES) browser/.built &); exec $(BIN)/stac-bridge serve --host 127.0.0.1 --port $(PORT)

# The fast loop: no server process, no browser, no Redis, no Node.
unit: $(DEV) ## Run the fast unit tests, in less than a minute
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal -p no:schemathesis -m "not slow and not long" tests/unit

check: lint unit ## Run lint and the fast unit tests: before each commit

# Three at a time, though there may be two cores: many tests wait for a server. The servers that they start need not
# compile everything anew, even if Python was told to write no bytecode.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

test: setup redis chromium nginx ## Run everything that proves that the product works
	$(PYTEST) -m "not long"

test-long: setup redis chromium nginx ## Run what make test leaves out: load, pictures, benchmarks, all browser pages
	$(PYTEST) -m long

test-all: test test-long ## Run all tests; STAC_BRIDGE_TESTS_LONG=1 lengthens the random ones

lint: $(DEV) ## Run ruff, the type checker and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A reminder that never fails. It reads source files only, so any Python will do, without setup.
words: ## List what is left of the old vocabulary, with better words; PATHS=stac_bridge/api restricts it
	@$(PYTHON) -m tests.words $(PATHS)

bench: $(DEV) ## Print what things cost, in one table; WRITE=1 writes docs/benchmarks.md
	$(BIN)/python -m benchmarks $(if $(WRITE),--write)

docs: $(DEV) ## Build the documentation into docs/_build; warnings are errors
	$(BIN)/sphinx-build -W --keep-going -n -q -E -d docs/_build/.doctrees docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

audit: ## Ask whether anything in the lock files is known to be vulnerable
	@.ci/audit

# Each is a part of the one below it, at the same versions. No package host is named in them.
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --no-header

lock: $(DEV) ## Write the lock files anew; UPGRADE=1 takes the newest versions
	$(COMPILE) $(if $(UPGRADE),--upgrade) --all-extras --group dev --output-file requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock --extra redis --extra sandbox --extra examples --group setup --output-file requirements-examples.lock
	$(COMPILE) --constraint requirements-dev.lock --extra redis --extra sandbox --group setup --output-file requirements.lock

clean: ## Remove what setup and builds made
	rm -rf $(VENV) .venv-audit dist build docs/_build browser/.built browser/build browser/node_modules stac_bridge/browser screenshots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
