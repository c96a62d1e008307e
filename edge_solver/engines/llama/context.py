"""A KV cache of llama.cpp, and a batch to evaluate rows in.

The cache is unified: forking a sequence is a metadata operation, and a prefix that several sequences share is stored
and evaluated once (llama.cpp: ``kv_unified``, ``llama_memory_seq_cp``).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from edge_solver import memory
from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.engines.choices import CacheType, pieces
from edge_solver.engines.llama.log import reason, silence
from edge_solver.errors import ModelMemoryError

if TYPE_CHECKING:
    from edge_solver.engines.llama.model import LlamaModel

_TYPES = {CacheType.F16: llama_cpp.GGML_TYPE_F16, CacheType.Q8_0: llama_cpp.GGML_TYPE_Q8_0}


class LlamaContext:
    """A KV cache of several sequences and a batch to evaluate rows in."""

    def __init__(
        self,
        model: LlamaModel,
        handle: llama_cpp.llama_model_p,
        cells: int,
        max_rows: int,
        branches: int,
        threads: int | None,
        sequences: int,
    ) -> None:
        """Allocate; called by ``LlamaModel.context``."""
        silence()
        shape = model.shape()
        self.cells, self.sequences = room.padded(cells), sequences
        self.n_vocab = model.n_vocab
        self._check_memory(shape)
        choices = model.choices(branches, threads)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.cells
        # llama.cpp reserves outputs for every sequence and aborts the process where a call holds fewer tokens.
        params.n_batch = params.n_ubatch = max(max_rows, sequences)
        params.n_seq_max = sequences
        params.kv_unified = True
        params.offload_kqv = params.op_offload = model.gpu_layers > 0
        params.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO
            if choices.flash_attention
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        params.type_k = params.type_v = _TYPES[model.cache]
        params.n_threads, params.n_threads_batch = choices.threads, choices.prompt_threads
        params.no_perf = True
        self._ctx = llama_cpp.llama_init_from_model(handle, params)
        if not self._ctx:
            raise ModelMemoryError(f"llama.cpp cannot make a context of {self.cells} cells: {reason()}")
        self._memory = llama_cpp.llama_get_memory(self._ctx)
        self.max_rows = max_rows
        self._decode_rows = choices.decode_rows
        self._several: NDArray[np.float32] | None = None
        self._view: tuple[int, NDArray[np.float32]] | None = None
        """Where llama.cpp keeps its logits, and an array over them."""
        self._open_batch(max_rows)

    def close(self) -> None:
        """Free the context."""
        if self._ctx:
            llama_cpp.llama_free(self._ctx)
            self._ctx = None

    def decode(
        self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[bool]
    ) -> NDArray[np.float32]:
        """Evaluate rows and return the logits of those wanted.

        Args:
            tokens: One token per row, at most ``max_rows``.
            positions: Its position in its sequence.
            sequences: Its sequence id.
            wanted: Whether its logits are asked for.

        Returns:
            Array ``[rows wanted, n_vocab]``, valid until the next call.

        Raises:
            ModelMemoryError: No cells are left, or llama.cpp gave up.
        """
        rows = sum(wanted)
        parts = pieces(len(tokens), self._decode_rows) if rows == len(tokens) else [len(tokens)]
        if len(parts) == 1:
            self._evaluate(tokens, positions, sequences, wanted)
            return self._logits(rows)
        if self._several is None:
            self._several = np.empty((self.max_rows, self.n_vocab), np.float32)
        start = 0
        for size in parts:
            part = slice(start, start + size)
            self._evaluate(tokens[part], positions[part], sequences[part], wanted[part])
            self._several[part] = self._logits(size)
            start += size
        return self._several[:rows]

    def _evaluate(
        self, tokens: Sequence[int], positions: Sequence[int], sequences: Sequence[int], wanted: Sequence[bool]
    ) -> None:
        n = len(tokens)
        self._batch.n_tokens = n
        self._rows[:, :n] = tokens, positions, sequences
        self._wanted[:n] = wanted
        status = llama_cpp.llama_decode(self._ctx, self._batch)
        if status != 0:
            what = "no cells are left in the KV cache" if status == 1 else reason()
            raise ModelMemoryError(f"llama.cpp refused a call of {n} tokens (status {status}): {what}")

    def _logits(self, rows: int) -> NDArray[np.float32]:
        """Return llama.cpp's own rows; it keeps room for as many as there are sequences, and mostly in one place."""
        if not rows:
            return np.empty((0, self.n_vocab), np.float32)
        pointer = llama_cpp.llama_get_logits(self._ctx)
        if rows > self.sequences:
            return np.ctypeslib.as_array(pointer, (rows, self.n_vocab))
        address = ctypes.addressof(pointer.contents)
        if self._view is None or address != self._view[0]:
            self._view = address, np.ctypeslib.as_array(pointer, (self.sequences, self.n_vocab))
        return self._view[1][:rows]

    def fork(self, source: int, target: int, length: int) -> None:
        """Let sequence ``target`` share the first ``length`` positions of ``source``."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def free(self, sequence: int) -> None:
        """Take a sequence out of every cell; cells that no other sequence uses become free."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def clear(self) -> None:
        """Empty the cache; what comes next is computed as in a new context, to the last bit."""
        llama_cpp.llama_memory_clear(self._memory, False)  # noqa: FBT003 - not our signature

    def _open_batch(self, rows: int) -> None:
        """Lay the batch over arrays of ours, so that filling it costs no Python loop and no pointer chasing."""
        self._rows = np.zeros((3, rows), np.int32)
        token, position, sequence = self._rows
        self._wanted = np.zeros(rows, np.int8)
        self._ones = np.ones(rows, np.int32)
        # llama.cpp wants a list of sequence ids per row; each of ours has one, so row i points at element i.
        start = sequence.ctypes.data
        pointer = ctypes.POINTER(llama_cpp.llama_seq_id)
        self._sequence_of_row = (pointer * rows)(*(ctypes.cast(start + 4 * row, pointer) for row in range(rows)))
        batch: Any = llama_cpp.llama_batch()  # its fields are pointers, which the type stubs call arrays
        batch.token = token.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        batch.embd = None
        batch.pos = position.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_pos))
        batch.n_seq_id = self._ones.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        batch.seq_id = self._sequence_of_row
        batch.logits = self._wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
        self._batch = batch

    def _check_memory(self, shape: Shape) -> None:
        need = self.cells * shape.kv_bytes_per_token
        free = memory.available()
        if free is not None and need > free:
            fits = free // max(1, shape.kv_bytes_per_token) // room.CELL_STEP * room.CELL_STEP
            raise ModelMemoryError(
                f"a KV cache of {self.cells} tokens needs {need / 2**30:.1f} GiB and {free / 2**30:.1f} GiB are free; "
                f"{fits} tokens would fit: use a smaller --width"
            )
