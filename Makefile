PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
UV     := $(BIN)/uv
PORT   ?= 8000
WORKERS ?= 2
# The tests of the packages without I/O. They run in one process, so that coverage sees every line that no test reaches.
PURE   := tests/domain tests/projections tests/infra/projector/test_views.py
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help run demo test check bench bench-quick docs mutate format prove prove-short lock release

help:             ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 20

run: $(READY)     ## set up, then serve on 127.0.0.1:8000 with 200 examples (PORT=… for another port)
	@exec $(BIN)/jejak serve --examples --port $(PORT)

demo: $(READY)    ## like run, but with 90 simulated days (3,000 applications; the first start takes a minute or two)
	@exec $(BIN)/jejak serve --demo --port $(PORT)

test: $(READY)    ## set up, then run the whole suite (TESTS="tests/infra/eventstore …" for a part)
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(TESTS)

check: $(READY)   ## run what CI runs: format, lint, types, layers, spelling, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PURE)
	$(BIN)/coverage report --fail-under=100 --show-missing --skip-covered
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(PURE:%=--ignore=%)

format: $(READY)  ## format, and apply the fixes that ruff can make
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)    ## generate the pages of docs that follow from the code
	@exec $(BIN)/python -m docs.generate

prove: $(READY)   ## run the long tests: event order, killed processes, memory, an hour of mixed load, growth to 1,000,000 applications
	@$(BIN)/python -m pytest -m prove -s --timeout 3600
	@exec $(BIN)/python -m bench growth burst --full

prove-short: $(READY) ## run two of the long tests: ten minutes of mixed load, and hostile clients
	@exec $(BIN)/python -m pytest -m prove -s --minutes 10 tests/fire/test_mixed_load.py tests/fire/test_hostile_clients.py

mutate: $(READY)  ## mutation testing of domain/, almost an hour; `.venv/bin/mutmut results` lists the changes that no test found
	@exec $(BIN)/mutmut run

bench: $(READY)   ## run every benchmark with a baseline of the same run: one JSON line each, under 20 minutes
	@exec $(BIN)/python -m bench

bench-quick: $(READY) ## run a short round of each benchmark, under 4 minutes
	@exec $(BIN)/python -m bench --quick

release: $(READY) ## make the files of a release in dist/: wheel, image inputs, SBOM, licences, checksums
	@exec $(BIN)/python -m deploy.release

lock: $(READY)    ## update the locks after a change in pyproject.toml; pins that still fit stay (UPGRADE=--upgrade moves them)
	$(UV) --system-certs pip compile --quiet --universal --group dev --generate-hashes --no-annotate --no-header \
	    $(UPGRADE) --output-file requirements.lock pyproject.toml
	$(UV) --system-certs pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	    --constraint requirements.lock $(UPGRADE) --output-file requirements-run.lock pyproject.toml
	$(UV) --system-certs pip compile --quiet --universal --group release --generate-hashes --no-annotate --no-header \
	    $(UPGRADE) --output-file requirements-release.lock
	$(UV) --system-certs pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	    $(UPGRADE) --output-file tests/deploy/validators.txt tests/deploy/validators.in

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Jejak needs Python 3.11 or newer: make PYTHON=/path/to/it")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'python3 has no venv module. On Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@$(UV) --system-certs pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(UV) --system-certs pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@
