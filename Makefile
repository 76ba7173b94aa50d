# All targets need Python 3.11 or newer and make; the first one installs everything else into .venv.

PYTHON ?= python3
SECONDS ?= 600
EXAMPLES ?= 2000
KILLS ?= 100
TASKS ?= 3000
REPEAT ?= 5
MUTANTS ?=
PROCESSES ?= 2
COUNT ?= 1000000
RECORDS ?= 100000
SEED ?= 1
DIALECT ?= sqlite
DB ?= SQLiteDB
# What the first two processes test.
FIRST := $(addprefix tests/,property fuzzing testing analysis packaging)
SECOND := $(addprefix tests/,hub storage)

BIN := .venv/bin
READY := .venv/.installed

# An environment of its own, with what the tests need.
environment = $(BIN)/python -m venv .environments/$(1) && \
  .environments/$(1)/bin/python -m pip install --quiet $(2) numpy psutil pytest pytest-timeout

.DEFAULT_GOAL := help
.PHONY: help demo docs test test-first test-second test-third lint fuzz compare lowest sqlglot mutants bench measure soak test-hub

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

demo: $(READY)  ## start a real IPython Parallel cluster with mqsql as its task database, and query it
	$(BIN)/python examples/demo.py

docs: $(READY)  ## build the documentation site in .site/html, without the network; a broken link or reference ends it
	$(BIN)/python -m docsite

test: lint  ## lint, then every test, in three processes that take about as long as each other; some tests wait more than they work
	@$(MAKE) --no-print-directory --jobs 3 test-first test-second test-third

test-first:
	$(BIN)/pytest --quiet $(FIRST)

test-second:
	$(BIN)/pytest --quiet $(SECOND)

test-third:
	$(BIN)/pytest --quiet $(addprefix --ignore ,$(FIRST) $(SECOND))

lint: $(READY)  ## check style, formatting, types, and which module imports which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fuzz: $(READY)  ## run the property tests with new seeds; for SECONDS=600, EXAMPLES=2000 of each test per seed
	@end=$$(($$(date +%s) + $(SECONDS))); \
	while [ $$(date +%s) -lt $$end ]; do \
	  seed=$$(date +%s); echo "== seed $$seed"; \
	  MQSQL_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -q tests/property --hypothesis-profile=fuzz --hypothesis-seed=$$seed || exit 1; \
	done

compare: $(READY)  ## compare SQL with the reference on COUNT=1000000 queries from SEED=1 on, in DIALECT=sqlite; half an hour
	$(BIN)/python tests/support/comparisons.py --dialect $(DIALECT) --count $(COUNT) --seed $(SEED) --processes $(PROCESSES)

# Without the tests on real hubs, which need ipyparallel's own dependencies to be as old. NX-27017 needs a newer pymongo.
lowest: $(READY)  ## run the tests with the lowest version of each dependency that pyproject.toml allows; ten minutes
	$(call environment,lowest,--editable '.[all,testing]' 'SecantusDB>=0.7.0b3' $$($(BIN)/python tests/support/requirements.py))
	.environments/lowest/bin/pytest -q -p no:cacheprovider -m 'not hub'

sqlglot: $(READY)  ## run the compiler's tests with the lowest and highest sqlglot allowed, or with SQLGLOT='sqlglot==29.0.1 …'
	@for wanted in $(or $(SQLGLOT),$$($(BIN)/python tests/support/requirements.py sqlglot)); do \
	  echo "== $$wanted"; \
	  $(call environment,sqlglot,--editable '.[all,testing]' "$$wanted") && \
	  .environments/sqlglot/bin/pytest -q -p no:cacheprovider tests/compiler || exit 1; \
	done

# In a directory of its own, to leave the tree unchanged. It keeps the results; only changed functions run again.
mutants: $(READY)  ## mutation testing of the compiler; three hours, or a part with MUTANTS='mqsql.functions.glob*'
	$(BIN)/python -m pip install --quiet --editable '.[mutation]'
	mkdir -p .mutants
	cd .mutants && ln -sfn ../mqsql ../tests ../bench ../pyproject.toml ../README.md ../../shared . && echo mutants > preload.txt
	cd .mutants && export PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/tests/support" PYTHONDONTWRITEBYTECODE= && \
	  nice mutmut run --max-children $(PROCESSES) $(MUTANTS) && \
	  { mutmut results | grep -v -e 'type check' -e 'not checked' || echo 'No mutant lives.'; }

bench: $(READY)  ## compare mqsql with what else one could use, on histories of up to RECORDS=100000; about ten minutes
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench --records $(RECORDS) --seconds 180 --patience 10 --out bench-results

measure: $(READY)  ## measure starts, patterns, compiling, decoding, expressions, documents, the gain from indexes, culling; ten minutes
	$(BIN)/python -m bench.start
	$(BIN)/python -m bench.patterns
	$(BIN)/python -m bench.path_indexes
	$(BIN)/python -m bench.compiling
	$(BIN)/python -m bench.expressions
	$(BIN)/python -m bench.decoding
	$(BIN)/python -m bench.documents
	$(BIN)/python -m bench.frames
	$(BIN)/python -m bench.retention
	$(BIN)/python -m bench.growth --records 10000 100000 --seconds 20 --out growth-results

soak: $(READY)  ## kill the controller KILLS=100 times (at most SECONDS=600); then TASKS=3000 on several databases, REPEAT=5 times
	$(BIN)/python -m bench.hub_soak --kills $(KILLS) --seconds $(SECONDS)
	$(BIN)/python -m bench.hub_load --tasks $(TASKS) --repeat $(REPEAT)

# It runs in another directory, or pytest would find our conftest.py.
test-hub: $(READY)  ## run IPython Parallel's own tests, unmodified, on mqsql's database DB=SQLiteDB, or DB=DictDB
	cd .venv && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=../tests/support MQSQL_HUB_DB=$(DB) bin/pytest -p hub_plugin -c /dev/null -p no:cacheprovider -q \
	  -o asyncio_mode=auto -o asyncio_default_fixture_loop_scope=function --timeout=120 --pyargs \
	  $(addprefix ipyparallel.tests.test_,client view lbview asyncresult magics)

$(READY): pyproject.toml
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 none; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ $$python = none ]; then \
	  echo 'mqsql needs Python 3.11 or newer, which was not found. Give its path: make PYTHON=/path/to/python3.11' >&2; exit 1; \
	fi; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $$python -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@
