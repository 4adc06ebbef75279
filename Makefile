# Every target does the set-up that it needs; run again, it starts at once.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help app replicas test check train bench load fuzz screenshots audit pins clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

app: .venv/app ## Start the app at http://127.0.0.1:8501
	$(BIN)/python -m streamlit run viz/Home.py $(ARGS)

replicas: .venv/app ## Serve by several processes behind nginx (ARGS="--count 3" and more: --help)
	$(BIN)/python -m deploy.replicas $(ARGS)

test: .venv/dev ## Run every test, in a real browser too (ARGS="-k trace" for some)
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m tests.install_nginx
	$(BIN)/python -m pytest $(ARGS)

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

load: .venv/dev ## Measure first content, reruns, bytes, memory and up to 80 people at once (ARGS=--write keeps the figures)
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m bench.load $(ARGS)

fuzz: .venv/dev ## Damage pictures, weights and links for a minute (ARGS="--seconds 600 --seed 7" for longer, anew)
	$(BIN)/python -m tests.fuzz $(ARGS)

screenshots: .venv/dev ## Take the README's screenshots anew
	$(BIN)/python -m tests.install_browser
	$(BIN)/python -m bench.screenshots

audit: .venv/dev ## Ask whether a security fault is known in any package that comes along (needs the internet)
	$(BIN)/python -m tests.audit

pins: .venv/dev ## Write all packages' versions into constraints.txt, after requirements have changed
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

# Debian keeps venv in a package of its own; as root it is installed, else there is a sentence.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed, and '$(PYTHON)' is not. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update && apt-get install -y python3-venv && $(PYTHON) -m venv .venv; \
		else \
			echo "Python's venv is missing. On Debian: sudo apt-get install python3-venv. Then run make again."; exit 1; \
		fi; }
