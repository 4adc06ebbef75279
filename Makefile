# Each target does its own set-up first; later runs start at once.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# Tests of one file share what they start; the files with a browser come first, so that no long one is left at the end.
# Browsers and servers keep each other waiting: four workers keep two cores busy, and one of them begins at the other end.
# The quick tests start nothing, so any worker takes any of them; what they leave out is not even imported.
WORKERS := -n 4 --dist loadfile --no-loadscope-reorder
LEFT_OUT := $(addprefix --ignore=tests/,browser server deploy bench pages)
# Tests start some eighty processes that import the same modules: the first one keeps what it has compiled for all.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help app show replicas test quick test-exhaustive mutants check train bench load fuzz screenshots audit pins clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-23s%s\n", $$1, $$2 }'

app: .venv/app $(BIN)/glass ## Start the app at http://127.0.0.1:8501, and install the command .venv/bin/glass
	$(BIN)/python -m streamlit run viz/Home.py $(ARGS)

show: .venv/app $(BIN)/glass ## Open the app on a network (NET=net.py:Net WEIGHTS=net.pt, NET=net.glass or NET=residual)
	@test -n "$(NET)" || { echo "Name a network: make show NET=net.py:Net WEIGHTS=net.pt"; exit 1; }
	$(BIN)/glass show $(NET) $(if $(WEIGHTS),--weights $(WEIGHTS)) $(ARGS)

replicas: .venv/app ## Run several processes behind nginx (ARGS="--count 3"; more: --help)
	$(BIN)/python -m deploy.replicas $(ARGS)

test: .venv/dev ## Run the tests, in a real browser too (ARGS="-k trace" for some)
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m tests.install_nginx
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

quick: .venv/dev ## Run the tests that open no browser, no server and no page: before each commit
	$(BIN)/python -m pytest -n 2 --dist worksteal $(LEFT_OUT) -m "not slow and not exhaustive" $(ARGS)

test-exhaustive: .venv/dev ## Run the long sweeps, of which 'make test' takes samples
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m pytest $(WORKERS) -m exhaustive $(ARGS)

mutants: .venv/dev ## Plant deliberate faults in a copy: each must turn its test red (ARGS="-k dropout" for some)
	$(BIN)/python -m tests.mutants $(ARGS)

check: .venv/dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: .venv/app ## Train the network into runs/latest (ARGS="--seed 2" and more: --help)
	$(BIN)/python -m model.training $(ARGS)

bench: .venv/dev ## Measure what 'load' does, and how long maps and training take (ARGS="overview": the repaint of some pages alone)
	$(BIN)/python -m tests.install_browser
	$(if $(ARGS),$(BIN)/python -m bench.repaint $(ARGS),$(BIN)/python -m bench.load)
	$(if $(ARGS),,$(BIN)/python -m bench.saliency)
	$(if $(ARGS),,$(BIN)/python -m bench.training)
	$(if $(ARGS),,$(BIN)/python -m bench.live_training)
	$(if $(ARGS),,$(BIN)/python -m bench.designs)
	$(if $(ARGS),,$(BIN)/python -m bench.editing)

load: .venv/dev ## Measure first content, reruns, bytes, memory and up to 80 people at once (ARGS=--write saves the numbers)
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m bench.load $(ARGS)

fuzz: .venv/dev ## Damage pictures, weights and links for a minute (ARGS="--seconds 600 --seed 7" for longer)
	$(BIN)/python -m tests.fuzz $(ARGS)

screenshots: .venv/dev ## Take the README's screenshots
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m bench.screenshots

audit: .venv/dev ## Look up known security faults in all packages (needs the internet)
	$(BIN)/python -m tests.audit

pins: .venv/dev ## Write the versions of all packages into constraints.txt, after a change of requirements
	$(BIN)/python -m tests.pins

clean: ## Remove the virtual environment and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/app: requirements.txt constraints.txt | .venv/bin/python
	@echo "Installing the app's packages. PyTorch is large: this takes some minutes, once."
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt constraints.txt .venv/app
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $@

# The command 'glass'. Python's -P keeps the folder where it is called off the path: a model.py may lie there.
$(BIN)/glass: Makefile | .venv/bin/python
	@printf '#!/bin/sh\nexec "%s" -P "%s" "$$@"\n' "$(CURDIR)/.venv/bin/python" "$(CURDIR)/model/__main__.py" > $@
	@chmod +x $@

# Debian has venv in a separate package; root installs it, others get a message.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed, and '$(PYTHON)' is not. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update && apt-get install -y python3-venv && $(PYTHON) -m venv .venv; \
		else \
			echo "Python's venv is missing. On Debian: sudo apt-get install python3-venv. Then run make again."; exit 1; \
		fi; }
