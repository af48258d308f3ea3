# make demo | studio | test | lint | types | js-types | docs | wheel | codebook NAME=violin | model NAME=strings | bench | clean
# Each makes its own environment in .venv first: a Python from 3.11 on, with venv and pip, is all that must be there.

PYTHON ?= python3
WORKERS ?= 2
NAME ?= violin
BIN := .venv/bin
READY := .venv/.installed

# Two test processes on two cores: threads of their own would only get in each other's way.
test bench check-wheel: export OMP_NUM_THREADS := 1

.DELETE_ON_ERROR:
.PHONY: demo studio test lint format types js-types docs wheel check-wheel codebook model bench clean

demo: $(READY)
	@mkdir -p out
	$(BIN)/vqsynth synth violin --target centroid="sin(p5,p95,0.2)" --seconds 10 \
	    -o out/demo.wav --plot out/demo.png --report out/demo.json

studio: $(READY)
	$(BIN)/vqsynth studio

test: $(READY)
	$(BIN)/pytest -n $(WORKERS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# mypy cannot follow the mapping of folders to packages in pyproject.toml: it is shown the installed tree, as symlinks.
types: $(READY)
	@rm -rf .typecheck && mkdir -p .typecheck/vqsynth
	@cd .typecheck/vqsynth && ln -s ../../vqsynth/* ../../cli ../../codebooks .
	cd .typecheck && ../$(BIN)/mypy --config-file ../pyproject.toml --strict -p vqsynth

# The page's modules say their types in comments.
TSC := npx --yes --fetch-retries=0 --fetch-timeout=30000 --package=typescript@5 -- tsc

js-types:
	@if ! command -v npx >/dev/null; then echo "js-types: left out, there is no npx here"; \
	    elif ! $(TSC) --version </dev/null >/dev/null 2>&1; then echo "js-types: left out, TypeScript cannot be fetched"; \
	    else $(TSC) --project tests/studio/jsconfig.json; fi

# A warning is a failure: a link that leads nowhere, a docstring that cannot be read.
docs: $(READY)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs out/docs
	@echo "out/docs/index.html"

# A build/ or an egg-info that is left over would bring files into the wheel that are gone from the checkout.
wheel: $(READY)
	rm -rf build dist *.egg-info
	$(BIN)/python -m build --quiet --outdir dist .

check-wheel: wheel
	bash .ci/check-wheel $(BIN)/python

codebook: $(READY)
	$(BIN)/python -m vqsynth.codebooks.recipes $(NAME)

# A training that was stopped goes on by: make model NAME=strings RESUME=--resume
model: $(READY)
	$(BIN)/python -m vqsynth.codebooks.recipes.continuous $(NAME) $(RESUME)

# All are run; at the end stands which reached their bars, which missed (status 1), which want a package (77).
bench: $(READY)
	@$(BIN)/python tests/bench/_all.py

clean:
	rm -rf .venv .typecheck build dist out *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find vqsynth cli codebooks tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("vqsynth needs Python 3.11 or newer: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Making the environment in .venv; the first time this takes some minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
