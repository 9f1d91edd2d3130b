# Each target sets itself up in .venv: nothing but git, make and Python is needed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format bench likelihoods docs links clean

demo: .venv/demo
	$(BIN)/python examples/train_digits.py

test: .venv/test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

check: .venv/check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: .venv/check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/test
	$(BIN)/python benchmarks/compare.py $(BENCH)
	$(BIN)/python benchmarks/memory_cost.py

likelihoods: .venv/test
	$(BIN)/python benchmarks/likelihoods.py $(LIKELIHOODS)

# The site, in build/docs: warnings are errors, also links within it that lead nowhere.
docs: .venv/docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going -b html docs build/docs

# The links that lead out of it; needs a network.
links: .venv/docs
	$(BIN)/python -m sphinx -D plot_gallery=0 -b linkcheck docs build/links

clean:
	rm -rf .venv .venv-bench demo build docs/gallery

# One stamp for each extra; a changed setup.cfg installs again.
.venv/%: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --editable ".[$*]"
	touch $@
