.DEFAULT_GOAL := help
SETUP := deploy/setup.sh
BIN := .venv/bin

.PHONY: help setup demo test lint up image compose-test clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install and start what is missing: Docker, redis-server, .venv, sandbox image
	$(SETUP)

demo: ## set up, then backtest the example strategies on real prices through the whole stack
	$(SETUP) $(BIN)/python examples/demo.py

test: ## set up, then lint, types, import contracts and all tests
	$(SETUP) $(MAKE) --no-print-directory lint pytest

.PHONY: pytest
pytest:
	$(BIN)/pytest -m "not compose" $(PYTEST)

lint: ## ruff, mypy and the import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

up: ## set up, then run the whole stack in the foreground
	$(SETUP) $(BIN)/windtunnel up --flower 5555

image: ## build the sandbox image
	$(SETUP) true

compose-test: ## run a batch through docker-compose.yml, for real
	$(SETUP) $(BIN)/pytest -m compose $(PYTEST)

clean: ## remove .venv, caches and the dockerd that set-up started; images stay
	-$(SETUP) --stop
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
