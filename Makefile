# Six things that a developer does. `make install` first.
BIN := .venv/bin

.PHONY: install check fix test demo build

install:
	python3 -m venv .venv
	$(BIN)/pip install --quiet --editable '.[test]'

check:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test:
	$(BIN)/pytest

demo:
	$(BIN)/trackwatch demo

build:
	$(BIN)/python -m build
