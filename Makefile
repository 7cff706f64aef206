# Every command of this checkout. `make` alone lists them.
PYTHON ?= python3
PORT ?= 8765
DATA ?= demo
VENV := .venv/bin

.PHONY: help prepare demo test journeys audits bench simulate build types wheel lock transcripts screenshots clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

prepare: ## Install from the lock files and build the app, where that is not done yet
	@$(PYTHON) workshop/prepare.py

demo: prepare ## Try it: a made-up library on this machine (DATA=folder, PORT=number)
	@$(VENV)/carrel demo --data $(DATA) --port $(PORT)

test: ## Run every check, in real browsers too (ONLY="pytest journeys" for some)
	@$(PYTHON) workshop/prepare.py browsers
	@$(VENV)/python workshop/run_tests.py $(ONLY)

journeys: ## Only the journeys in Chromium and Firefox
	@$(MAKE) --no-print-directory test ONLY=journeys

audits: ## Only the accessibility audits, and the report of this build
	@$(MAKE) --no-print-directory test ONLY="axe conformance"
	@$(VENV)/python accessibility/conformance/fold.py

bench: ## Measure: prints a table and writes build/bench.json (ONLY="name" for some, KEEP=yes for docs/benchmarks.md)
	@$(PYTHON) workshop/prepare.py browsers
	@$(VENV)/python tests/bench/run.py $(if $(KEEP),--keep) $(ONLY)

simulate: prepare ## Play made-up histories of sync by chance (N=number, SEED=the first)
	@PYTHONPATH=.:sync $(VENV)/python -m sync.simulator $(or $(N),1000) --from $(or $(SEED),0)

build: prepare ## Build the app into build/app

types: prepare ## Type-check the app and its tests
	@PATH="$$($(VENV)/python workshop/node.py):$$PATH" node node_modules/typescript/bin/tsc -b pwa tests/pwa tests/journeys

wheel: prepare ## Build the wheel with the built app in it, into build/wheel
	@$(VENV)/pip --disable-pip-version-check wheel -q --no-deps --no-build-isolation --wheel-dir build/wheel .
	@ls build/wheel

transcripts: prepare ## Write anew what a screen reader says; read it before you keep it
	@PATH="$$($(VENV)/python workshop/node.py):$$PATH" node node_modules/vitest/vitest.mjs run --config tests/vitest.config.ts tests/accessibility/transcripts -u
	@git --no-pager diff --stat -- tests/accessibility/transcripts

screenshots: ## Every view in both themes at 390 and 1280 px, into build/screenshots
	@$(PYTHON) workshop/prepare.py browsers
	@PATH="$$($(VENV)/python workshop/node.py):$$PATH" node accessibility/audits/screenshots.ts

lock: prepare ## Write the lock files anew from pyproject.toml
	@$(VENV)/pip --disable-pip-version-check install -q uv==0.13.9
	@$(VENV)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --extra test pyproject.toml --custom-compile-command "make lock" -o requirements.lock
	@$(VENV)/python -c "import sys; sys.path.insert(0, 'workshop'); import node; print(node.WHEEL)" | $(VENV)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o workshop/node.lock

clean: ## Remove what was built; keeps .venv, node_modules and the demo's data
	@rm -rf build
