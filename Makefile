# make run | test | lint | audit | bench | wheels | lock | clean
# Each target sets up what it needs; a second call finds it ready. CIM_DATA, CIM_PORT and the other CIM_*
# settings of the README are read by the program itself.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# One more than there are cores: some tests wait for brokers and browsers.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# The venv is ours: what is compiled once need not be compiled at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint audit bench wheels lock clean
.DELETE_ON_ERROR:

run: $(VENV)/ready-to-run
	@exec $(BIN)/python run.py serve

test: lint
	@tools/system-packages.sh
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

# Without internet. Published weaknesses: docs/security.md.
audit: $(VENV)/ready-to-test
	@$(BIN)/python tools/audit.py

bench: $(VENV)/ready-to-test
	@tools/system-packages.sh
	@for name in ingest query push map callback durability memory; do $(BIN)/python run.py bench $$name || exit 1; done

# What to carry to a machine without internet: put the folder beside this file there, then make run.
wheels:
	$(PYTHON) -m pip download --quiet --no-deps --dest wheels -r requirements.lock -r requirements-test.lock

lock:
	$(PYTHON) tools/lock.py

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/ready-to-run: requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "CIM Cockpit needs Python 3.11 or newer; %s is %d.%d. Try: make run PYTHON=python3.12" % (sys.executable, v[0], v[1]))'
	@echo "Setting up $(VENV) (once) ..."
	@tools/install.sh $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/ready-to-test: requirements-test.lock $(VENV)/ready-to-run
	@tools/install.sh $(PYTHON) $(VENV) requirements-test.lock
	@touch $@
