"""The KV cache of a policy: made for the problems that come, and shared out among them.

It is made when the first problem shows how much room it needs, as large as its tree is expected to become and memory
allows, and made anew only for a problem that needs more. Every problem gets the same share whether or not it is alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from edge_solver.core import room
from edge_solver.core.ports import Profile
from edge_solver.engines.capacity import Announced, Limits, plan
from edge_solver.engines.choices import SMALL_MODEL, CacheType
from edge_solver.engines.llama import LlamaContext, LlamaModel
from edge_solver.engines.prefixes import NodeKey, Prefixes
from edge_solver.errors import ModelMemoryError

MIN_ROOM = 16
"""Positions that a prompt must leave free: less would not hold one step and an answer."""
SLACK = 64
"""Cells of each problem that are not counted on: a token evaluated again for its logits is in the cache twice for a
while."""
MANY = 8
"""Problems at the same time where nobody says how many, for a model whose weights are worth sharing. A small one (under
``SMALL_MODEL`` weights) takes them one by one: with 2.85 M weights on two x86 cores one problem at width 16 gave 2,270
tokens/s, two at a time 1,460, seven 840; at width 1, one gave 1,350 and eight 1,370. Attention to the others' cells
costs more than sharing the weights saves."""


class Housing:
    """Makes the cache and gives problems their share of it."""

    def __init__(
        self,
        model: LlamaModel,
        profile: Profile,
        opening: Sequence[int],
        *,
        width: int,
        problems: int | None,
        cells: int | None,
        threads: int | None,
        limits: Limits,
    ) -> None:
        """Make nothing yet; see ``LlamaDrafter`` for the arguments, and ``Prefixes`` for ``opening``."""
        self._model, self._profile, self._opening = model, profile, opening
        self._width, self._cells, self._threads, self._limits = width, cells, threads, limits
        self._most = room.most_problems(width)
        self.problems = min(self._most, problems or (1 if profile.shape.params_total < SMALL_MODEL else MANY))
        """How many problems' branches a call is made for."""
        self.announced: Announced | None = None
        """The memory that the process will have at most, once that is known."""
        self._context: LlamaContext | None = None
        self._prefixes: Prefixes | None = None

    @property
    def device(self) -> LlamaContext:
        """What evaluates tokens."""
        assert self._context is not None  # a problem is open
        return self._context

    @property
    def cache(self) -> Prefixes:
        """What is in its cache."""
        assert self._prefixes is not None  # a problem is open
        return self._prefixes

    @property
    def cells_used(self) -> int:
        """Cells that open problems use."""
        return self._prefixes.used if self._prefixes else 0

    def open(self, root: NodeKey, tokens: list[int]) -> None:
        """Give a problem with this prompt its share.

        Raises:
            ModelMemoryError: It would not hold the prompt and one step, or other problems have all there is.
        """
        wanted, least = self._sizes(len(tokens))
        cells = self._make_room(wanted, least)
        self.cache.add_root(root, tokens, cells - SLACK)

    def has_room(self, prompt: int) -> bool:
        """Say whether one more problem can be opened beside those that are open."""
        if self._prefixes is None or not self._prefixes.shares:
            return True
        wanted, _ = self._sizes(prompt)
        return len(self._prefixes.shares) < self._most and self._promised + wanted <= self.device.cells

    def retain(self, problem: int, nodes: Collection[int]) -> None:
        """Free what is kept of every other node of a problem; see ``Drafter.retain``."""
        if self._prefixes is not None:  # else no problem was ever opened
            self._prefixes.retain(problem, nodes)

    def close(self) -> None:
        """Free the cache."""
        if self._context is not None:
            self._context.close()
            self._context = self._prefixes = None

    @property
    def _is_narrow(self) -> bool:
        return self.announced is not None and self.announced.is_narrow

    @property
    def _promised(self) -> int:
        return self.cache.promised + SLACK * len(self.cache.shares)

    def _sizes(self, prompt: int) -> tuple[int, int]:
        """Return the cells that a problem should have, and those that it must have."""
        profile = self._profile
        solution = profile.step_tokens * profile.solution_steps
        # As many cells however they are kept: a reward model keeps the same tree, and takes what it takes.
        per_cell = CacheType.F16.bytes_of(self._model.cache.numbers_in(profile.shape.kv_bytes_per_token))
        wanted = self._cells or room.cells(prompt, self._width, solution, profile.context, per_cell)
        least = prompt + MIN_ROOM + SLACK
        if self._cells is not None and self._cells < least:
            raise ModelMemoryError(
                f"a KV cache of {self._cells} tokens does not hold the prompt and one step; allow {least} at least"
            )
        return room.padded(wanted), least

    def _make_room(self, wanted: int, least: int) -> int:
        """Return a problem's cells, out of a cache that is made now unless there is one with room for one more."""
        if self._context is not None and self._promised + wanted <= self._context.cells:
            return wanted
        if self._prefixes is not None and self._prefixes.shares:
            raise ModelMemoryError(
                f"the KV cache of {self.device.cells} tokens is shared out; {wanted} more are wanted"
            )
        if self._context is not None and self._is_narrow and least <= self._context.cells:
            return self._context.cells  # there was no memory for more
        self.close()
        announced = plan(
            self._profile.shape,
            self._model.n_vocab,
            self._limits,
            wanted=wanted,
            least=least,
            must=self._cells is not None,
        )
        if self.problems > 1 and not announced.is_narrow:
            several = min(self._most, room.open_problems(self.problems)) * wanted
            announced = plan(self._profile.shape, self._model.n_vocab, self._limits, wanted=several, least=wanted)
            announced = replace(announced, is_narrow=False)  # fewer problems at a time, and each has its room
        sequences = room.sequences(self._width, self.problems)
        self._context = self._model.context(
            announced.cells,
            max_rows=room.ROWS,
            branches=self._width,
            threads=self._threads,
            sequences=sequences,
        )
        self._prefixes = Prefixes(self._context, sequences, self._context.cells, self._opening)
        self.announced = announced
        return min(wanted, announced.cells)
