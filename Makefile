.DEFAULT_GOAL := help
SETUP := deploy/setup.sh
BIN := .venv/bin

test corpora docs pictures fuzz matrix faults bench soak release compose-test hosts-test vm-test observability-test: export REQUIREMENTS = dev

.PHONY: help setup demo test lint up image corpora docs pictures fuzz matrix faults bench soak release compose-test hosts-test vm-test observability-test clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install and start what is missing: Docker, redis-server, .venv, sandbox image
	$(SETUP)

demo: ## set up, then backtest the example strategies on real prices through the whole stack
	$(SETUP) $(BIN)/python examples/demo.py

test: ## set up, then lint, types, import contracts and the everyday tests
	$(SETUP) deploy/test-setup.sh everyday $(MAKE) --no-print-directory lint pytest

.PHONY: pytest
EVERYDAY := -m "not compose and not hosts and not vm and not faults and not matrix and not observability"
ALONE := tests/acceptance/test_original_face.py tests/adversarial/test_exhaustion.py
FAULTS := tests/faults
BESIDE := --dist loadfile --no-loadscope-reorder
# One worker more than cores, as they often wait. The files that take long are first in the order of the folders, so that
# no worker waits for one of them at the end. What fills the machine or wants a whole core runs alone; what kills daemons
# runs apart, and mostly waits.
pytest:
	$(BIN)/pytest -n $$(( $$(nproc) + 1 )) $(BESIDE) $(EVERYDAY) $(PYTEST) $(patsubst %,--ignore=%,$(ALONE) $(FAULTS))
	$(BIN)/pytest -n 2 $(BESIDE) $(EVERYDAY) $(PYTEST) $(FAULTS)
	$(BIN)/pytest $(EVERYDAY) $(PYTEST) $(ALONE)

lint: ## ruff, mypy and the import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

up: ## set up, then run the whole stack in the foreground
	$(SETUP) $(BIN)/windtunnel up --flower 5555

image: ## build the sandbox images of all languages
	$(SETUP) sandbox_image/build.sh all

docs: ## build the static site into site/
	$(SETUP) $(BIN)/mkdocs build --quiet

pictures: ## take the README's pictures from a running stack
	$(SETUP) deploy/test-setup.sh everyday env PYTHONPATH=. $(BIN)/python docs/tools/pictures.py

corpora: ## judge the corpora: attacks found, honest programs rejected, misses by name
	$(SETUP) $(BIN)/python benchmarks/validation_corpora.py

fuzz: ## mutate real programs at the validator, and the order of operations on the records, for long
	$(SETUP) env WINDTUNNEL_FUZZ_EXAMPLES=20000 $(BIN)/pytest tests/unit/validation/test_fuzz.py --timeout 3600
	$(SETUP) env WINDTUNNEL_FUZZ_EXAMPLES=3000 $(BIN)/pytest tests/contract/test_random_operations.py --timeout 3600

matrix: ## every attack under runc and runsc, in containers and in cells
	$(SETUP) deploy/test-setup.sh everyday $(MAKE) --no-print-directory attacks

.PHONY: attacks
ATTACKS := -m "matrix or not matrix" --timeout 1800 tests/adversarial
FILLS := tests/adversarial/test_exhaustion.py
attacks: # as with the tests, what fills the machine runs apart
	$(BIN)/pytest -n $$(( $$(nproc) + 1 )) $(BESIDE) $(ATTACKS) --ignore=$(FILLS)
	$(BIN)/pytest $(ATTACKS:tests/adversarial=$(FILLS))

faults: ## kill slots and daemons at every step of a job's life; then ten rounds of random faults with 500 jobs each
	$(SETUP) $(BIN)/pytest -m faults tests/faults --timeout 1800
	$(SETUP) $(BIN)/python -m tests.faults.harness --seeds 10 --jobs 500 --kill-docker

bench: ## measure sandboxes against their peers and their limit
	$(SETUP) $(BIN)/python benchmarks/sandbox.py

soak: ## rounds of random faults for an hour; then 2,200 jobs through one slot, over which nothing may grow
	$(SETUP) $(BIN)/python -m tests.faults.harness --minutes 60 --kill-docker
	$(SETUP) $(BIN)/python benchmarks/soak.py

observability-test: ## alerts and panels on a real Prometheus, traces, Flower behind nginx, Kubernetes' schemas
	$(SETUP) $(BIN)/pip install -q -e '.[otel]' 'kubernetes-validate>=1.31,<2'
	deploy/test-setup.sh observability $(BIN)/pytest -m observability $(PYTEST)

release: ## build the sdist, the wheel and bills of materials into dist/, and run the tests on the wheel
	$(SETUP) deploy/release.sh

compose-test: ## run a batch through docker-compose.yml, for real
	$(SETUP) $(BIN)/pytest -m compose $(PYTEST)

hosts-test: ## two hosts in network namespaces, a Docker Engine each: spread, cut one off, drain one (as root)
	$(SETUP) $(BIN)/pytest -m hosts $(PYTEST)

vm-test: ## a Debian 12 host with systemd, cgroup v2 and AppArmor in a virtual machine: install, watchdog, reboot (as root)
	$(SETUP) deploy/test-setup.sh vm $(BIN)/pytest -m vm $(PYTEST)

clean: ## remove .venv, caches and the dockerd that set-up started; images stay
	-$(SETUP) --stop
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
