# Every target is explained by `make help`. Set-up runs first where a target needs it and costs nothing when done.
PYTHON ?=
ARGS ?=
# Two workers suit the smallest machine this is developed on; WORKERS=0 runs in one process, for a debugger.
WORKERS ?= 2

# Tests start many processes: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup demo test check static bench soak screenshots lock clean
.DEFAULT_GOAL := help

help: ## Explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  PYTHON=python3.12 chooses the interpreter, ARGS=... is handed on (make demo ARGS=--once).'

setup: ## Install what is missing: system packages (as root or by sudo), then .venv from requirements.lock
	@PYTHON='$(PYTHON)' sh scripts/setup.sh test

setup-demo: # The same without what only tests need
	@PYTHON='$(PYTHON)' sh scripts/setup.sh demo

demo: setup-demo ## A head office and four tills live through a day; with a display the till opens. ARGS=--once: play, compare, exit
	@$(BIN)/tongchu demo $(ARGS)

static: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: static ## Style, types, layers, the source's own rules and the fast tests; under a minute
	$(PYTEST) -m 'not slow and not soak' -n $(WORKERS) --dist worksteal $(ARGS)

test: static ## Everything that check does, and every other test but the soak; nothing may be skipped
	$(PYTEST) -m 'not soak' -n $(WORKERS) --dist worksteal --fail-on-skip --durations=25 --durations-min=3 $(ARGS)

bench: setup ## Measure every figure this project claims; run it on a quiet machine
	$(BIN)/python -m benchmarks $(ARGS)

soak: setup ## The long tests: ten times the crashes and seeds of `make test`, 3 minutes of real processes on bad wires
	$(PYTEST) -m soak --fail-on-skip --timeout=7200 $(ARGS)

screenshots: setup ## Draw every screen and page again into docs/images/
	$(BIN)/python -m scripts.screenshots $(ARGS)

lock: setup ## Resolve pyproject.toml's ranges anew into requirements.lock, with hashes; UPGRADE=1 takes newer versions
	$(BIN)/uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) -o requirements.lock
	@sh scripts/setup.sh test

clean: ## Remove what was made here: the environment, caches, the demo's data
	rm -rf .venv demo-data test-results build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
