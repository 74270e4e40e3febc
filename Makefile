# make run | make test | make lint | make bench | make lock | make clean
# Each target sets up what it needs; a second call finds it ready. CIM_DATA, CIM_PORT and the other CIM_*
# settings of the README are read by the program itself.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test lint bench lock clean
.DELETE_ON_ERROR:

run: $(VENV)/ready-to-run
	@exec $(BIN)/python run.py serve

test: $(VENV)/ready-to-test lint
	@tools/system-packages.sh
	$(BIN)/python -m pytest

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

bench: $(VENV)/ready-to-test
	@tools/system-packages.sh
	@for name in ingest query push map callback durability; do $(BIN)/python run.py bench $$name || exit 1; done

lock: $(VENV)/ready-to-run
	$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("CIM Cockpit needs Python 3.11 or newer; %s is %s. Try: make PYTHON=python3.12 ..." % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/ready-to-run: requirements.lock | $(BIN)/python
	@tools/install.sh $(BIN)/python requirements.lock
	@touch $@

$(VENV)/ready-to-test: requirements-test.lock $(VENV)/ready-to-run
	@tools/install.sh $(BIN)/python requirements-test.lock
	@touch $@
