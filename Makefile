# `make check` is the whole loop before a commit, and what CI runs.
# An activated environment is used as it is; otherwise .venv, where `make setup` puts everything.
ifndef VIRTUAL_ENV
  ifneq ($(wildcard .venv/bin/python),)
    export PATH := $(CURDIR)/.venv/bin:$(PATH)
  endif
endif

.PHONY: setup format check format-check lint types imports test losses

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

# What quantization costs the built-in policies, measured on the files that ship; writes its rows into quantize/README.md.
LOSS := python -m edge_solver.bench.loss_table --into quantize/README.md
TEXT := --text quantize/builtin.jsonl

losses:
	mkdir -p build
	edge-solver quantize models/builtin/micro.gguf --to q4_0 --out build/micro-q4_0.gguf
	edge-solver quantize models/builtin/micro.gguf --to q4_0 --imatrix quantize/calibration.txt --out build/micro-q4_0-imatrix.gguf
	$(LOSS) --name 'micro, as it ships: q8_0 → q4_0' policy models/builtin/micro.gguf models/builtin/micro-q4_0.gguf $(TEXT)
	$(LOSS) --name 'micro, built in, q8_0 → q4_0' policy models/builtin/micro.gguf build/micro-q4_0.gguf $(TEXT)
	$(LOSS) --name 'micro, built in, q8_0 → q4_0 with importance' policy models/builtin/micro.gguf build/micro-q4_0-imatrix.gguf $(TEXT)
	$(LOSS) --name 'nano, as it ships: q8_0 → q4_0' policy models/builtin/nano.gguf models/builtin/nano-q4_0.gguf $(TEXT)
	$(LOSS) --name 'mini, as it ships: q8_0 → q4_0' policy models/builtin/mini.gguf models/builtin/mini-q4_0.gguf $(TEXT)
	$(LOSS) --name 'micro, as it ships' accuracy micro --limit 100
	$(LOSS) --name 'micro, as it ships, in q4_0' accuracy micro-q4_0 --limit 100
