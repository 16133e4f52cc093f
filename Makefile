# Two commands: "make demo" and "make test". Both use the same .venv with the wheel of this checkout.
#
# The wheel is installed, not linked: what is tested is what a user gets. It is installed again when one of its
# sources changed, and the front end is built again when one of its own sources changed.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=

STAMP := $(VENV)/.installed
FRONTEND_STAMP := $(VENV)/.frontend
TOOLS_STAMP := tools/node_modules/.package-lock.json

find_files = $(shell find $(1) -type f -not -name '*.pyc' -not -path '*/node_modules/*' 2>/dev/null)
FRONTEND_SOURCES := package.json package-lock.json tsconfig.json tools/po2json.mjs \
    $(call find_files,labextension/src labextension/style labextension/schema) $(shell find jupyter_cbs/locale -name '*.po' 2>/dev/null)
SOURCES := pyproject.toml README.md LICENSE install.json \
    $(shell find jupyter_cbs -type f -not -name '*.pyc' -not -path 'jupyter_cbs/labextension/*' -not -path 'jupyter_cbs/locale/*') \
    $(call find_files,kernels jupyter-config policies)

.PHONY: demo install test lint lint-python lint-frontend clean packages-demo packages-test

demo: install ## Make the demo deployment, start it, print the accounts; Ctrl-C stops everything.
	$(BIN)/jupyter cbs demo --dir .demo $(ARGS)

install: packages-demo $(STAMP) ## Make .venv with the wheel, its demo and its test extras.

test: packages-test $(STAMP) lint ## Everything that must hold: lint, types, unit, server, kernel and browser tests.
	$(BIN)/pytest $(PYTEST_ARGS)

lint: lint-python lint-frontend

lint-python: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate -q jupyter_cbs

lint-frontend: $(STAMP) $(TOOLS_STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON="$(CURDIR)/$(BIN)/python" npm --prefix tools run check

packages-demo:
	@PYTHON="$(PYTHON)" .ci/packages demo

packages-test:
	@PYTHON="$(PYTHON)" .ci/packages test

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

# The build skips the front end when it is there, so what is stale has to go first.
$(FRONTEND_STAMP): $(FRONTEND_SOURCES) | $(BIN)/python
	rm -rf jupyter_cbs/labextension
	touch $@

# pip takes a wheel of the same version for the one that is there: what it needs first, then the wheel itself by force.
$(STAMP): $(SOURCES) $(FRONTEND_STAMP) | $(BIN)/python
	rm -rf build/wheel
	$(BIN)/python -m pip wheel -q --no-deps --wheel-dir build/wheel .
	wheel=$$(echo build/wheel/*.whl) && $(BIN)/python -m pip install -q "$$wheel[demo,test]" \
	    && $(BIN)/python -m pip install -q --force-reinstall --no-deps "$$wheel"
	touch $(FRONTEND_STAMP) $@

$(TOOLS_STAMP): tools/package.json tools/package-lock.json
	npm --prefix tools ci --no-audit --no-fund
	touch $@

clean: ## Remove what was built, not what was written.
	rm -rf $(VENV) .demo dist build jupyter_cbs/labextension labextension/lib labextension/tsconfig.tsbuildinfo node_modules tools/node_modules
