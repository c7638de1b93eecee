# Everything runs from .venv, which the first target that needs it makes: .venv/bin/bonpois is the product.
# ARGS goes to the program that a target runs: make test ARGS="-k redemption".

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
VENDOR := merchant_api/pages/vendor
VENDORED := $(VENDOR)/.installed
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The home in the checkout is ours and made afresh; one that the caller names is theirs: resumed, not removed.
BONPOIS_DEMO_HOME ?= .demo-home

# A run that was killed may have left its PostgreSQL behind. It is stopped only if its process id, which may
# be somebody else's by now, still works in that very folder.
define FORGET_DEMO
find .demo-home -name postmaster.pid 2>/dev/null | while read -r lock; do \
	pid=$$(head -n 1 "$$lock"); folder=$$(readlink -f "$$(dirname "$$lock")"); \
	[ "$$(readlink "/proc/$$pid/cwd")" = "$$folder" ] || continue; \
	kill -INT "$$pid"; \
	for tenth in $$(seq 100); do kill -0 "$$pid" 2>/dev/null || break; sleep 0.1; done; \
done; rm -rf .demo-home
endef

# What the pages take from npm packages: the files themselves, as they came, and their licences.
VENDORED_FILES := \
	barcode-detector/dist/es/ponyfill.js barcode-detector/dist/es/zxing-exported.js barcode-detector/LICENSE \
	zxing-wasm/dist/reader/zxing_reader.wasm zxing-wasm/LICENSE \
	qr/index.js qr/LICENSE qr/LICENSE-MIT

# No address and no path in the requirements, so that they install from any index or mirror.
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --quiet

# The migration driver sets both timeouts, and the width of an integer is chosen column by column.
SQUAWK := $(BIN)/squawk --pg-version 15.0 --assume-in-transaction \
	--exclude require-lock-timeout,require-statement-timeout,prefer-bigint-over-int,prefer-bigint-over-smallint

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: bench demo format generate help install lint requirements soak test

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | sort | awk -F ':.*## ' '{ printf "  %-14s %s\n", $$1, $$2 }'

install: $(VENDORED) ## Make .venv with the pinned dependencies and the product, and what its pages need

$(INSTALLED): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# The machine's own npm, or the one that comes with the wheels. No package runs a script of its own here.
$(VENDORED): package.json package-lock.json $(INSTALLED)
	@npm=$$(command -v npm || echo $(BIN)/npm); \
	PATH="$(CURDIR)/$(BIN):$$PATH" "$$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@rm -rf $(VENDOR) && mkdir -p $(VENDOR)
	@cd node_modules && cp --parents $(VENDORED_FILES) ../$(VENDOR)/
	@touch $@

demo: $(VENDORED) ## Replay October 2026 on a fresh home and reconcile it to the cent
ifeq ($(BONPOIS_DEMO_HOME),.demo-home)
	@$(FORGET_DEMO)
endif
	$(BIN)/bonpois --home "$(BONPOIS_DEMO_HOME)" demo $(ARGS)

test: lint ## Lint, then run every test, three at a time; the ten slowest are named
	$(BIN)/python -m pytest -q --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations=10 $(ARGS)

lint: $(VENDORED) ## Check style, types, import contracts and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SQUAWK) migrations/versions/*.sql

format: $(INSTALLED) ## Rewrite the code in the common format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## Measure redemptions per second against pgbench on this machine
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(INSTALLED) ## Run the service for long under load and faults, then check the books
	$(BIN)/python -m tests.soak $(ARGS)

generate: $(INSTALLED) ## Write the generated files again (their freshness is tested)
	$(BIN)/python -m tests.generated $(ARGS)

requirements: $(INSTALLED) ## Pin the dependencies again (ARGS=--upgrade takes newer versions)
	$(COMPILE) $(ARGS) --output-file requirements.txt
	$(COMPILE) $(ARGS) --extra dev --constraint requirements.txt --output-file requirements-dev.txt
