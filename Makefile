# `make` lists the targets. Everything is installed into .venv, inside the checkout.

# The first of these that will do makes .venv: `make install PYTHON=/path/to/python3.12` names another.
PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3

BIN := .venv/bin
CREATED := .venv/.created
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
UV := .cache/lock/bin/uv
UV_VERSION := 0.13.9

PIP_INSTALL := -m pip --disable-pip-version-check --no-input install -qq --no-user
LOCKED := --require-hashes --only-binary :all: --requirement
CHECKOUT := --no-deps --no-build-isolation --editable .

# Nothing that the shell or the user's home holds may reach into .venv.
export PYTHONNOUSERSITE := 1
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV

# pyright must not ask the network for a newer version of itself.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test test-all docs lock clean

help:
	@echo "make install   makes .venv with the pinned packages and the command .venv/bin/splagger"
	@echo "make demo      installs, then trains SplAgger and a recurrent network on a memory task"
	@echo "make test      installs the development tools, then checks style, types, imports, and runs the tests"
	@echo "make test-all  the same with the slow tests (tests/slow_tests.txt), which take nearly as long again"
	@echo "make docs      installs the development tools, then builds the documentation into build/site"
	@echo "make lock      makes requirements/*.lock again (LOCK_OPTIONS=--upgrade takes newer versions)"
	@echo "make clean     removes .venv and the caches; runs/ stays"

install: $(RUNTIME)
	@echo "Installed: $(BIN)/splagger"

demo: $(RUNTIME)
	@$(BIN)/splagger demo

test test-all: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile --durations 12 $(if $(filter test-all,$@),--slow)

# The variable silences an announcement of Material for MkDocs, which says nothing of this site.
docs: $(DEVELOPMENT)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Built: build/site/index.html"

# A checkout that was moved, or whose Python has gone, gets a new .venv.
ifneq ($(shell test -x $(BIN)/python && cat $(CREATED) 2>/dev/null),$(CURDIR))
.PHONY: $(CREATED)
endif

$(CREATED):
	@python=$$(sh tools/find_python.sh $(PYTHON)) && \
	echo "Making .venv with $$python" && \
	"$$python" -m venv --clear .venv && \
	pwd -P > $@

$(RUNTIME): $(CREATED) requirements/core.lock pyproject.toml
	@echo "Installing the pinned packages into .venv; this may take a minute or two"
	@$(BIN)/python $(PIP_INSTALL) $(LOCKED) requirements/core.lock
	@$(BIN)/python $(PIP_INSTALL) $(CHECKOUT)
	@touch $@

# The development lock holds the runtime packages too, at the same versions.
$(DEVELOPMENT): $(CREATED) requirements/development.lock pyproject.toml
	@echo "Installing the pinned packages and development tools into .venv; this may take a minute or two"
	@$(BIN)/python $(PIP_INSTALL) $(LOCKED) requirements/development.lock
	@$(BIN)/python $(PIP_INSTALL) $(CHECKOUT)
	@touch $(RUNTIME) $@

COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --group checkout \
	--generate-hashes --only-binary :all: --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(LOCK_OPTIONS)

lock: $(UV)
	$(COMPILE) --output-file requirements/core.lock
	$(COMPILE) --extra development --constraints requirements/core.lock \
		--output-file requirements/development.lock

$(UV): Makefile
	@python=$$(sh tools/find_python.sh $(PYTHON)) && "$$python" -m venv --clear .cache/lock
	@.cache/lock/bin/python $(PIP_INSTALL) uv==$(UV_VERSION)
	@touch $@

clean:
	rm -rf .venv .cache .hypothesis .import_linter_cache .pytest_cache .ruff_cache build dist
	find src tests tools benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
