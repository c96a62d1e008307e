"""The policy as a benchmark drives it: read a prompt, then write so many tokens on so many branches that share it.

It goes through the program's own drafter, so a figure holds sampling and bookkeeping too: it is what a search gets.
Weights that are made up never end a solution, and real ones are not let, so every branch is written to its length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

from edge_solver.core.budget import Ledger, Payer
from edge_solver.core.cost import Shape
from edge_solver.core.ports import Draft, DraftRequest, Profile
from edge_solver.core.tree import ROOT
from edge_solver.engines.calls import Call

_NEVER = "\x00 no model writes this \x00"  # as the end of a step
_TEXT = "What is the sum of the first 40 odd numbers? Write every step on a line of its own. "
_HOT = 50.0
"""A temperature at which hardly two branches write the same: those would share a row of a call, and make it cheaper."""
SLACK = 512
"""Cells beside prompt and branches: what the drafter keeps back."""


class StoppedError(Exception):
    """The user asked for an end; what was measured so far stays."""


class OutOfTimeError(Exception):
    """The time is up; what was measured so far stays."""


class Engine(Protocol):
    """What is measured."""

    @property
    def shape(self) -> Shape:
        """The sizes that decide what a token costs."""
        ...

    @property
    def threads(self) -> int:
        """Threads that evaluate the model."""
        ...

    @property
    def context(self) -> int:
        """Most tokens of a path."""
        ...

    @property
    def description(self) -> str:
        """Family, size and quantization."""
        ...

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights."""
        ...

    @property
    def load_seconds(self) -> float:
        """What it took from nothing to a model with its KV cache."""
        ...

    def prompt(self, tokens: int, ledger: Ledger) -> tuple[int, float]:
        """Read a new prompt of about this length up to its first written token; return its length and the seconds."""
        ...

    def decode(self, branches: int, tokens: int, ledger: Ledger) -> Sequence[float]:
        """Write tokens on branches that share the latest prompt; return the seconds of every call."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class DrafterEngine:
    """The real one: llama.cpp behind our drafter."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        cells: int,
        branches: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Load a model.

        Args:
            path: The GGUF.
            threads: By default what a search would take.
            cells: Tokens of prompt and branches together that will be in use at most.
            branches: The most of them.
            check: Called between two calls; what it raises ends the measurement.

        Raises:
            ModelError: The model is missing, broken or too large.
        """
        from edge_solver.core.formats import StepFormat
        from edge_solver.engines.drafter import LlamaDrafter
        from edge_solver.engines.llama import LlamaModel, default_threads

        class Endless(LlamaModel):
            """Never ends by itself, so that every branch is written to its length."""

            def is_end(self, token: int) -> bool:  # noqa: ARG002 - the answer is the same for all
                return False

        begun = time.perf_counter()
        self.model = Endless(path)
        self.shape = self.model.shape()
        self.context = self.model.context_trained
        self.description, self.weight_bytes = self.model.description, self.model.weight_bytes
        self.threads = threads or default_threads(self.shape)
        self._check = check
        step_format = StepFormat("", "", step_end=_NEVER, step_tokens=1, solution_steps=1)
        profile = Profile(path.name, "", self.shape, self.context, 1, 1)
        self._drafter = LlamaDrafter(
            self.model, step_format, lambda _: None, profile, width=branches, cells=cells + SLACK, threads=self.threads
        )
        self._drafter.listen(self._called)
        self._calls: list[Call] = []
        self._texts: dict[int, str] = {}
        self._problem, self._nodes = 0, count(1)
        self._drafter.open(self._problem, _TEXT)
        self.load_seconds = time.perf_counter() - begun

    def prompt(self, tokens: int, ledger: Ledger) -> tuple[int, float]:
        """Read a new prompt up to its first written token; see ``Engine.prompt``."""
        self._drafter.retain(self._problem, ())
        self._problem += 1
        if tokens not in self._texts:
            self._texts[tokens] = self._text(tokens)
        text = f"{self._problem}. {self._texts[tokens]}"  # what begins as the prompt before it would not be read again
        begun = time.perf_counter()
        found = self._drafter.open(self._problem, text)
        self._write(1, 1, ledger)
        return found, time.perf_counter() - begun

    def decode(self, branches: int, tokens: int, ledger: Ledger) -> list[float]:
        """Write on branches that share the latest prompt; see ``Engine.decode``."""
        return [call.seconds for call in self.calls(branches, tokens, ledger)]

    def calls(self, branches: int, tokens: int, ledger: Ledger) -> list[Call]:
        """Do the same and return the calls, so that llama.cpp's part of each can be told from ours."""
        # The first token comes from the prompt's logits, without a call.
        return [call for call in self._write(branches, tokens + 1, ledger) if call.model_seconds > 0]

    def close(self) -> None:
        """Free the model."""
        self._drafter.close()

    def _write(self, branches: int, tokens: int, ledger: Ledger) -> list[Call]:
        self._calls = []
        requests = [DraftRequest(self._problem, next(self._nodes), ROOT, i, _HOT, tokens) for i in range(branches)]
        for item in self._drafter.draft(requests, ledger):
            if not isinstance(item, Draft):
                self._check()
        return self._calls

    def _called(self, call: Call) -> None:
        if call.payer is Payer.DECODE:
            self._calls.append(call)

    def _text(self, tokens: int) -> str:
        """Return a text that is cut into this many tokens, or nearly."""
        text = _TEXT * (1 + tokens)
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if len(self.model.tokenize(text[:middle].strip(), start=True)) <= tokens:
                low = middle
            else:
                high = middle - 1
        return text[:low]
