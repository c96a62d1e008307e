# `make check` is the whole loop before a commit, and what CI runs.
# An activated environment is used as it is; otherwise .venv, where `make setup` puts everything.
ifndef VIRTUAL_ENV
  ifneq ($(wildcard .venv/bin/python),)
    export PATH := $(CURDIR)/.venv/bin:$(PATH)
  endif
endif

.PHONY: setup format check format-check lint types imports test

setup:
	python3 -m venv .venv
	.venv/bin/python -m pip install --editable '.[dev]'

format:
	ruff format .
	ruff check --fix-only .

check: format-check lint types imports test

format-check:
	ruff format --check .

lint:
	ruff check .

types:
	mypy

imports:
	lint-imports

test:
	python -m pytest
