"""The one module of this room that touches llama.cpp: its quantizer, and what flows into each matrix.

``llama_model_quantize`` does the arithmetic. The importance of a matrix's inputs is the mean square of what it is
multiplied by (llama.cpp, ``tools/imatrix``); we see it through the scheduler's evaluation callback, which hands over
each operation with its operands. That callback reads llama.cpp's own structure of a tensor, so its layout is compared
with the library's before anything is believed.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np
from llama_cpp import _ggml
from numpy.typing import NDArray

from edge_solver.errors import ModelBrokenError, ModelMemoryError, UsageError
from edge_solver.quantization.output import Progress, Report

if TYPE_CHECKING:
    from typing_extensions import Self

Importance = Mapping[str, NDArray[np.float32]]
"""By GGUF tensor name, ``[inputs of the matrix]``: mean squares of what the matrix is multiplied by."""

TYPES: Mapping[str, int] = MappingProxyType(
    {
        "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
        "q4_k_s": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_S,
        "q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
        "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    }
)
BUFFER = 512 << 20
"""Bytes of rows that llama.cpp may hold while it quantizes; its default is 8 GiB."""
_PROGRESS = re.compile(rb"\[\s*(\d+)/\s*(\d+)\]")
_WARNING, _ERROR = 3, 4  # GGML_LOG_LEVEL_*
_DIMENSIONS, _SOURCES, _NAME = 4, 10, 64


class _Tensor(ctypes.Structure):
    """``struct ggml_tensor`` (ggml/include/ggml.h)."""


_Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * _DIMENSIONS),
    ("nb", ctypes.c_size_t * _DIMENSIONS),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * 16),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(_Tensor) * _SOURCES),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * _NAME),
    ("extra", ctypes.c_void_p),
    ("padding", ctypes.c_char * 8),
]
_OBJECT_BYTES = 32
"""``sizeof(struct ggml_object)``, which ``ggml_tensor_overhead`` counts too."""


def quantize_gguf(source: Path, target: Path, kind: str, importance: Importance | None, report: Report) -> None:
    """Quantize a GGUF with llama.cpp's own quantizer.

    Args:
        source: In half precision.
        target: What to write; half written if this fails.
        kind: A name in ``TYPES``.
        importance: What errors in which column cost; ``None`` for all alike.
        report: Told of every tensor.

    Raises:
        ModelBrokenError: llama.cpp gave up; the message carries its reason.
    """
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = TYPES[kind]
    params.nthread = os.cpu_count() or 1
    params.max_buf_size = BUFFER
    params.allow_requantize = True  # the loss is measured, and refused by whoever minds
    if importance:
        params.imatrix = _rows(importance)
    with _Listener(report) as heard:
        # llama.cpp opens both by narrow name and closes them itself
        failed = llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(params))
    if failed:
        raise ModelBrokenError(f"llama.cpp cannot quantize {source} to {kind}: {heard.reason}")


def _rows(importance: Importance) -> Any:  # noqa: ANN401 - a ctypes array of a type made at run time
    """Lay the table out as llama.cpp reads it: one row per matrix, and an empty one at the end."""
    row = llama_cpp.llama_model_imatrix_data
    table = (row * (len(importance) + 1))()
    for place, (name, values) in zip(table, importance.items(), strict=False):
        held = values.astype("<f4").tobytes()
        place.name, place.size = name.encode(), values.size
        place.data = (ctypes.c_float * values.size).from_buffer_copy(held)
    return table


def measure_importance(model: Path, text: str, *, chunk: int, most: int, report: Report) -> Importance:
    """Run a model over text and return the mean square of what each matrix is multiplied by.

    Args:
        model: A GGUF.
        text: What the model is for; mathematics, here.
        chunk: Tokens read as one text.
        most: Chunks to read at most.
        report: Told of every chunk.

    Raises:
        UsageError: The text is shorter than one chunk, or the installed llama.cpp lays out its tensors in another way.
        ModelBrokenError: llama.cpp cannot run the model.
    """
    llama_cpp.llama_backend_init()
    collector = _Collector()
    params = llama_cpp.llama_model_default_params()
    params.use_extra_bufts = False  # weights stay as they are; on AMX, rearranged ones can end the process
    with _Listener(lambda _: None) as heard:
        handle = llama_cpp.llama_model_load_from_file(os.fsencode(model), params)
        if not handle:
            raise ModelBrokenError(f"llama.cpp cannot load {model}: {heard.reason}")
        try:
            chunk = min(chunk, int(llama_cpp.llama_model_n_ctx_train(handle)))
            chunks = _chunks(handle, text, chunk)[:most]
            if not chunks:
                raise UsageError(f"the calibration text is shorter than {chunk} tokens; give a longer one to --imatrix")
            context = _context(handle, chunk, collector)
            if not context:
                raise ModelMemoryError(f"llama.cpp cannot make a context of {chunk} tokens: {heard.reason}")
            try:
                for index, tokens in enumerate(chunks):
                    report(Progress("reading calibration text", index, len(chunks)))
                    _read(context, tokens)
                    collector.check()
                report(Progress("reading calibration text", len(chunks), len(chunks)))
            finally:
                llama_cpp.llama_free(context)
        finally:
            llama_cpp.llama_model_free(handle)
    return collector.means()


class _Collector:
    """Adds up squares of what each matrix is multiplied by, while llama.cpp computes."""

    def __init__(self) -> None:
        """Start with nothing, after a look at the library's layout of a tensor."""
        overhead = _ggml.libggml.ggml_tensor_overhead
        overhead.restype = ctypes.c_size_t
        if overhead() != ctypes.sizeof(_Tensor) + _OBJECT_BYTES:
            raise UsageError(
                "the installed llama.cpp lays out its tensors in a way that is not known here, so no importance can be "
                "measured: quantize without --imatrix, or install llama-cpp-python 0.3.36"
            )
        self._op_name = _ggml.libggml.ggml_op_name
        self._op_name.restype, self._op_name.argtypes = ctypes.c_char_p, [ctypes.c_int]
        self._get = _ggml.libggml.ggml_backend_tensor_get
        self._get.restype = None
        self._get.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
        self._squares: dict[str, NDArray[np.float64]] = {}
        self._rows: dict[str, int] = {}
        self._failure: BaseException | None = None
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self._see)

    def check(self) -> None:
        """Raise what went wrong in the callback, where nothing can be raised."""
        if self._failure is not None:
            raise self._failure

    def means(self) -> Importance:
        """Return the mean squares."""
        return {name: (total / self._rows[name]).astype(np.float32) for name, total in self._squares.items()}

    def _see(self, address: int, ask: bool, _user_data: object) -> bool:  # noqa: FBT001 - llama.cpp's signature
        """Answer whether an operation is of interest; called again with ``ask`` false once it is computed."""
        try:
            tensor = _Tensor.from_address(address)
            if self._op_name(tensor.op) != b"MUL_MAT":
                return not ask
            name = tensor.src[0].contents.name.decode("utf-8", "replace")
            if not name.startswith(("blk.", "output.weight")) or not name.endswith(".weight"):
                return not ask
            if not ask:
                self._add(name, tensor.src[1])
        except Exception as error:  # noqa: BLE001 - nothing may be raised into C; check() raises it
            self._failure = error
            return False
        return True

    def _add(self, name: str, pointer: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        inputs = pointer.contents
        columns, rows = inputs.ne[0], inputs.ne[1] * inputs.ne[2] * inputs.ne[3]
        if inputs.type != llama_cpp.GGML_TYPE_F32 or inputs.nb[1] != columns * 4:
            raise UsageError(f"llama.cpp holds the inputs of {name} in a form that is not known here")
        values = np.empty((rows, columns), np.float32)
        self._get(ctypes.addressof(inputs), values.ctypes.data, 0, values.nbytes)
        squares = np.einsum("ij,ij->j", values, values, dtype=np.float64)
        self._squares[name] = self._squares.get(name, 0.0) + squares
        self._rows[name] = self._rows.get(name, 0) + rows


def _context(handle: Any, chunk: int, collector: _Collector) -> Any:  # noqa: ANN401 - llama.cpp's handles
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = chunk
    params.cb_eval = collector.callback
    params.n_threads = params.n_threads_batch = max(1, (os.cpu_count() or 2) // 2)
    params.no_perf = True
    return llama_cpp.llama_init_from_model(handle, params)


def _chunks(handle: Any, text: str, size: int) -> list[NDArray[np.int32]]:  # noqa: ANN401 - llama.cpp's handle
    vocab = llama_cpp.llama_model_get_vocab(handle)
    data = text.encode()
    found = (llama_cpp.llama_token * (len(data) + 8))()
    count = llama_cpp.llama_tokenize(vocab, data, len(data), found, len(found), True, False)  # noqa: FBT003 - C
    tokens = np.ctypeslib.as_array(found)[: max(0, count)]
    return [tokens[start : start + size].copy() for start in range(0, len(tokens) - size + 1, size)]


def _read(context: Any, tokens: NDArray[np.int32]) -> None:  # noqa: ANN401 - llama.cpp's handle
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)  # noqa: FBT003 - C
    pointer = tokens.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
    batch: Any = llama_cpp.llama_batch_get_one(pointer, len(tokens))
    every = np.ones(len(tokens), np.int8)  # the output matrix is only multiplied by rows whose logits are asked for
    batch.logits = every.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
    status = llama_cpp.llama_decode(context, batch)
    if status:
        raise ModelMemoryError(f"llama.cpp refused to read {len(tokens)} tokens (status {status})")


class _Listener:
    """Keeps llama.cpp's messages from the terminal: progress is reported, warnings and errors are remembered."""

    def __init__(self, report: Report) -> None:
        """Remember whom to tell."""
        self._report = report
        self._complaints: list[str] = []
        self._callback: Callable[..., None] = llama_cpp.llama_log_callback(self._hear)

    @property
    def reason(self) -> str:
        """What llama.cpp complained of."""
        return "; ".join(self._complaints[-3:]) or "it gave no reason"

    def __enter__(self) -> Self:
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))
        return self

    def __exit__(self, *_: object) -> None:
        llama_cpp.llama_log_set(_QUIET, ctypes.c_void_p(0))

    def _hear(self, level: int, text: bytes, _user_data: object) -> None:
        found = _PROGRESS.match(text)
        if found:
            done, total = (int(number) for number in found.groups())
            self._report(Progress("quantizing", done - 1, total))
        elif level in (_WARNING, _ERROR) and text.strip():
            self._complaints.append(text.decode("utf-8", "replace").strip())


def _ignore(_level: int, _text: bytes, _user_data: object) -> None:
    """Say nothing."""


_QUIET = llama_cpp.llama_log_callback(_ignore)
