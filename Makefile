# What a newcomer and CI run. PYTHON chooses the interpreter that makes .venv (3.11 or newer);
# TELLTALE_HOME chooses where the demo keeps its state.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin

.PHONY: demo setup test check down bench

demo: $(VENV)/.ready ## a cluster, the mesh and bookinfo, here
	@$(RUN)/telltale up --sample bookinfo

down: ## stop the demo, leaving nothing behind
	@$(RUN)/telltale down

setup: $(VENV)/.ready ## .venv, Python packages, system packages

test: $(VENV)/.ready-dev ## every test that can run here; the summary says what could not
	@$(RUN)/python -m pytest -q

check: $(VENV)/.ready-dev ## lint, types, house
	@$(RUN)/ruff check telltale tests samples bench
	@$(RUN)/mypy
	@$(RUN)/python -m pytest -q tests/test_house.py

bench: $(VENV)/.ready-dev ## all rows; one: .venv/bin/python -m bench ROW
	@$(RUN)/python -m bench

$(VENV)/.ready: pyproject.toml constraints.txt scripts/setup
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt scripts/setup
	@PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup dev
	@touch $@ $(VENV)/.ready
