# One entry for people and for CI. `make demo` and `make test` bring what they need.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Hundreds of processes are started by the tests; without it each would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := $(shell for p in python3.11 python3 python; do \
    $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)
COMPILE := $(BIN)/uv pip compile --no-config --generate-hashes --no-header --quiet \
    --python-version 3.11 --python-platform linux $(UPGRADE)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/development ## the environment for development in .venv

demo: export CHIMERA_HOME ?= $(CURDIR)/var/demo
demo: .venv/production ## the registry with an invented cohort on this machine (SERVE=0: build it, do not serve)
	$(MANAGE) demo $(if $(filter 0,$(SERVE)),--no-serve)

test: check ## everything that must hold, on both databases (ARGS=... goes to pytest)
	scripts/bring postgresql redis chromium
	env -u DATABASE_URL $(PYTEST)
	$(BIN)/python -m tests.services $(PYTEST)

trace: .venv/development ## which tests show which requirement; fails on one that is not shown
	scripts/bring postgresql redis chromium
	env -u DATABASE_URL $(BIN)/python -m pytest -n 2 -p tests.tracing -m requirement $(ARGS)

faults: .venv/development ## what is broken on purpose, F01 to F24, as one table (ONLY=F06,F08; SHORT=1: few of each)
	scripts/bring postgresql redis chromium nginx slowhttptest faketime
	ONLY="$(ONLY)" SHORT="$(SHORT)" $(BIN)/python -m tests.faults

load: .venv/development ## 50 coordinators, monitors and an export over 5,000 subjects (SECONDS=180 SUBJECTS=5000)
	scripts/bring postgresql
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.load $(or $(SECONDS),180) $(or $(SUBJECTS),5000)

check-external: .venv/development .venv-readers ## what others say (R, redcaplite, schemathesis, tools that attack), and the cohort out and in again
	scripts/bring r attacks nginx slowhttptest faketime
	ONLY=F16,F18 SHORT=1 $(BIN)/python -m tests.faults
	$(BIN)/pytest tests/analytics/check_r.py tests/analytics/exports/check_r_reads.py \
	    tests/analytics/exports/check_redcaplite.py tests/analytics/exports/check_rest.py \
	    tests/analytics/exports/check_round_trip.py tests/attacks/check_attacks.py

validation: .venv/development ## var/validation.zip: requirements, the tests that show them, how they came out, and on what
	scripts/bring postgresql redis chromium
	$(BIN)/python -m tests.validation var/validation.zip $(ARGS)

bench: .venv/development ## how long a save, a page, an export and a large cohort take, and how much memory (SUBJECTS=500)
	scripts/bring postgresql redis
	$(BIN)/python -m benchmarks.saving
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.saving
	$(BIN)/python -m benchmarks.saving_together
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.saving_together
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.recalling
	$(BIN)/python -m benchmarks.showing
	$(BIN)/python -m benchmarks.querying
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.exporting
	$(BIN)/python -m tests.services $(BIN)/python -m benchmarks.exporting_http
	$(BIN)/python -m benchmarks.cutting $(SUBJECTS)
	$(BIN)/python -m benchmarks.locked $(SUBJECTS)
	$(BIN)/python -m benchmarks.from_lock 19 1000
	$(BIN)/python -m benchmarks.journey $(SUBJECTS)
	$(BIN)/python -m benchmarks.estimating

check: export CHIMERA_HOME := $(CURDIR)/var/check
check: .venv/development ## lint, format, types, direction of imports, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	env -u DATABASE_URL $(MANAGE) makemigrations --check --dry-run

lock-requirements: .venv/development ## exact versions and hashes of pyproject.toml (UPGRADE=--upgrade for newer ones)
	$(COMPILE) pyproject.toml --output-file requirements/production.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements/production.txt --output-file requirements/development.txt
	$(COMPILE) requirements/readers.in --output-file requirements/readers.txt

openapi: export CHIMERA_HOME := $(CURDIR)/var/check
openapi: .venv/development ## docs/openapi.json, the document of the REST door, from the code
	env -u DATABASE_URL $(MANAGE) spectacular --format openapi-json --lang en --validate --fail-on-warn --file docs/openapi.json

bundle: .venv/production ## var/bundle: the sources and every wheel, for a machine without a network
	rm -rf var/bundle
	$(BIN)/pip download --quiet --require-hashes --only-binary :all: --dest var/bundle/wheels -r requirements/production.txt
	git archive --prefix=chimera/ --output=var/bundle/chimera.tar.gz HEAD
	cd var/bundle && sha256sum chimera.tar.gz wheels/* >SHA256SUMS

sbom: .venv/development ## var/sbom.json: what Chimera is made of (CycloneDX), from the locked requirements
	@mkdir -p var
	$(BIN)/cyclonedx-py requirements requirements/production.txt --pyproject pyproject.toml --short-PURLs \
	    --output-reproducible --of JSON --output-file var/sbom.json

audit: .venv-readers ## known weaknesses of what is locked; what could not be asked about is a failure
	.venv-readers/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/production.txt

screenshots: .venv/development ## the pictures of docs/screenshots/, taken from a demo that is built for them
	scripts/bring chromium
	$(BIN)/python scripts/screenshots

messages: .venv/development ## translations: collects the strings, compiles the catalogues
	scripts/bring gettext
	CHIMERA_HOME=$(CURDIR)/var/check $(BIN)/python scripts/messages

clean: ## what tools left behind; the registries in var/ and .venv stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/check
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# Installed again only when the requirements file is newer than the stamp.
.venv/production .venv/development: .venv/%: requirements/%.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

.venv-readers: requirements/readers.txt
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --require-hashes -r $<
	@touch $@

.venv/bin/pip:
	$(if $(PYTHON),,$(error Chimera needs Python 3.11 or newer: on Debian, apt-get install python3 python3-venv))
	PYTHON=$(PYTHON) scripts/bring venv
	$(PYTHON) -m venv .venv

.PHONY: help setup demo test trace faults load check-external validation bench check lock-requirements openapi bundle sbom audit screenshots messages clean
