# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo
# A test file stays with one process, in the order of the names: what it makes once is made once.
AT_ONCE ?= -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Tests start hundreds of processes: what they import is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check bench format clean

help:  ## what there is to do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

demo: .stamps/run  ## install, retouch the sample photos, write a page to open
	$(BIN)/packshot run samples/before --out $(OUT) --manifest samples/manifest.csv
	@echo "Open $(OUT)/index.html in a browser."

test: .stamps/test  ## install everything, then lint, type check and test
	tools/require.sh chromium "The page tests" chromium chromium-browser google-chrome
	tools/require.sh postgresql "The catalog's tests" initdb /usr/lib/postgresql/*/bin/initdb
	$(MAKE) check
	$(BIN)/python -m pytest $(AT_ONCE)

check: .stamps/test  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .stamps/run  ## what a 24-megapixel photo costs, beside decoding and encoding it
	$(BIN)/packshot bench

format: .stamps/test  ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.stamps/venv:
	@mkdir -p .stamps
	@command -v $(PYTHON) >/dev/null || { echo "packshot needs Python 3.11 or newer: install it, or name it: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

.stamps/run: .stamps/venv pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# torch goes first and alone: pip then takes the plain CPU build and nothing replaces it. What is imported is compiled
# when it is: that is a third of it.
.stamps/test: .stamps/run Makefile
	$(BIN)/python -m pip install --quiet --no-compile torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[raw,learn,postgres,serve,report,test,check]'
	@touch $@

clean:  ## forget what was installed and made
	rm -rf $(VENV) .stamps $(OUT) .pytest_cache .mypy_cache .ruff_cache
