# Eight things that a developer does. `make install` first.
BIN := .venv/bin

.PHONY: install check fix test demo docs schema build

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

docs:
	$(BIN)/python -m sphinx -E -W --keep-going -n -b html docs build/site

schema:
	$(BIN)/python -c "import json; from monitor.plan.load import plan_schema as s; print(json.dumps(s(), indent=2, ensure_ascii=False))" \
		> monitor/plan/plan.schema.json

build:
	$(BIN)/python -m build
