"""The one module that touches llama.cpp: load a GGUF, cut text into tokens, evaluate rows of a batch.

It wraps the ctypes layer of llama-cpp-python, translates its failures into ours and knows nothing of trees, steps or
budgets. A context has one unified KV cache: forking a sequence is a metadata operation, and a prefix that several
sequences share is stored and evaluated once (llama.cpp: ``kv_unified``, ``llama_memory_seq_cp``).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from edge_solver import memory
from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.engines.choices import EngineChoices, choose, pieces
from edge_solver.engines.placement import layers_line
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import ModelBrokenError, ModelMemoryError, ModelMissingError

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_SEQUENCES = 256
"""``LLAMA_MAX_SEQ``: live sequences of one context."""

_GGUF_MAGIC = b"GGUF"
_GPU = 1  # GGML_BACKEND_DEVICE_TYPE_GPU
_messages: list[str] = []


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _collect(level: int, text: bytes, _user_data: object) -> None:
    """Keep llama.cpp's warnings and errors: they explain a refused file, and must not reach the terminal."""
    if level in (3, 4):  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
        _messages.append(text.decode("utf-8", "replace").strip())
        del _messages[:-20]


def _silence() -> None:
    llama_cpp.llama_log_set(_collect, ctypes.c_void_p(0))
    _messages.clear()


class LlamaModel:
    """A GGUF model: its tokenizer, its shape, and contexts to evaluate it in."""

    def __init__(self, path: Path, *, vocab_only: bool = False, gpu_layers: int = 0) -> None:
        """Load a GGUF file.

        Args:
            path: The file.
            vocab_only: Read nothing but the tokenizer.
            gpu_layers: Layers to put on a GPU; where that cannot be done the CPU takes them, and ``runs_on`` says so.

        Raises:
            ModelMissingError: There is no such file.
            ModelBrokenError: It is not a GGUF that llama.cpp can run, or it has no tokenizer.
        """
        self.path = path
        _check_file(path)
        _silence()
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocab_only
        gpu = _gpu_name() if gpu_layers else None
        params.n_gpu_layers = self.gpu_layers = gpu_layers if gpu else 0
        # A mapped file stays resident beside the copy of its weights that llama.cpp rearranges for this processor.
        params.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        failure = ""
        if not self._model and self.gpu_layers:
            failure = _reason()
            _messages.clear()
            params.n_gpu_layers = self.gpu_layers = 0
            self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelBrokenError(f"llama.cpp cannot load {path}: {_reason()}")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        if not self._vocab or llama_cpp.llama_vocab_type(self._vocab) == 0:
            self.close()
            raise ModelBrokenError(f"{path} has no tokenizer; convert the model again with its tokenizer")
        layers = int(llama_cpp.llama_model_n_layer(self._model)) + 1  # the output counts as one
        self.runs_on = layers_line(gpu_layers, self.gpu_layers, layers, gpu, failure)
        """Where its layers are, in words."""
        self.n_vocab: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        letter = self._cut("a", special=False)
        self._puts_space = bool(letter) and self.piece(letter[0]).startswith(b" ")

    def close(self) -> None:
        """Free the model; contexts must be closed before."""
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def __enter__(self) -> Self:
        """Return the model itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the model."""
        self.close()

    @property
    def context_trained(self) -> int:
        """Most positions that the model was trained for."""
        return int(llama_cpp.llama_model_n_ctx_train(self._model))

    @property
    def name(self) -> str:
        """The model's own name, or its file's."""
        return self._meta("general.name") or self.path.stem

    def sha256(self) -> str:
        """Return the checksum of the file."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    @property
    def description(self) -> str:
        """Family, size and quantization in llama.cpp's words, such as ``llama 7B Q4_0``."""
        buffer = ctypes.create_string_buffer(128)
        llama_cpp.llama_model_desc(self._model, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors."""
        return int(llama_cpp.llama_model_size(self._model))

    def shape(self) -> Shape:
        """Read off the sizes that decide what a token costs."""
        arch = self._meta("general.architecture")
        layers = int(llama_cpp.llama_model_n_layer(self._model))
        width = int(llama_cpp.llama_model_n_embd(self._model))
        heads = int(llama_cpp.llama_model_n_head(self._model))
        heads_kv = int(llama_cpp.llama_model_n_head_kv(self._model)) or heads
        head_size = int(self._meta(f"{arch}.attention.key_length") or width // max(1, heads))
        total = int(llama_cpp.llama_model_n_params(self._model))
        size = int(llama_cpp.llama_model_size(self._model))
        embedding = self.n_vocab * width
        norms = (2 * layers + 1) * width
        body = total - embedding - norms
        attention = layers * head_size * width * 2 * (heads + heads_kv)
        feed_forward = layers * 3 * width * int(self._meta(f"{arch}.feed_forward_length") or 0)
        # A head of its own is there if the weights left over could hold it; a tied one is the embedding used twice.
        untied = body - attention - feed_forward >= embedding
        return Shape(
            n_layers=layers,
            d_attn=heads * head_size,
            params_matmul=body - embedding if untied else body,
            params_head=embedding,
            params_total=total,
            kv_bytes_per_token=2 * 2 * layers * heads_kv * head_size,
            # Of an embedding that is not the head as well, a call reads only the rows of its tokens.
            weight_bytes=round(size * (1 - embedding / total)) if untied else size,
        )

    def tokenize(self, text: str, *, special: bool = False, start: bool = False, follows: bool = False) -> list[int]:
        """Cut text into tokens.

        Args:
            text: Any text; lone surrogates become replacement characters.
            special: Read ``<|…|>``-like marks in the text as control tokens. Never for text that a user typed.
            start: Put the tokenizer's start token in front where it wants one.
            follows: The text stands after other text. SentencePiece tokenizers put a space before a text, which would
                then be one too many.
        """
        if follows and text and self._puts_space:
            # A line feed is a token of its own there, so that what comes after it is cut as it would be anywhere.
            line, tokens = self._cut("\n", special=False), self._cut("\n" + text, special=special)
            if tokens[: len(line)] == line:
                return tokens[len(line) :]
        return self._cut(text, special=special, start=start)

    def start_token(self) -> int | None:
        """Return the token that a text begins with, or ``None`` where the tokenizer has none."""
        token = int(llama_cpp.llama_vocab_bos(self._vocab))
        return token if token >= 0 else None

    def _cut(self, text: str, *, special: bool, start: bool = False) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            tokens = (llama_cpp.llama_token * size)()
            n = llama_cpp.llama_tokenize(self._vocab, data, len(data), tokens, size, start, special)
            if n >= 0:
                return list(tokens[:n])
            size = -n

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for; control tokens stand for none."""
        known = self._pieces.get(token)
        if known is None:
            size = 64
            while True:
                buffer = ctypes.create_string_buffer(size)
                n = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)  # noqa: FBT003 - not our signature
                if n >= 0:
                    break
                size = -n
            known = self._pieces[token] = buffer.raw[:n]
        return known

    def is_end(self, token: int) -> bool:
        """Say whether a token ends generation."""
        known = self._ends.get(token)
        if known is None:
            known = self._ends[token] = bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))
        return known

    def choices(self, branches: int, threads: int | None = None) -> EngineChoices:
        """Return how a context for so many branches will run, and why."""
        return choose(self.shape(), branches, physical_cores(), threads=threads, gpu=self.gpu_layers > 0)

    def context(self, cells: int, *, max_rows: int, branches: int, threads: int | None = None) -> LlamaContext:
        """Make a context.

        Args:
            cells: Tokens of room in the KV cache, over all sequences.
            max_rows: Most tokens in one call.
            branches: Rows to expect in a decode call.
            threads: By default what ``choices`` finds best.

        Raises:
            ModelMemoryError: The cells do not fit into this machine's memory.
        """
        return LlamaContext(self, self._model, cells, max_rows, branches, threads)

    def metadata(self, *keys: str) -> dict[str, str]:
        """Return what the file says of itself under these keys, as far as it says anything."""
        return {key: value for key in keys if (value := self._meta(key)) is not None}

    def _meta(self, key: str) -> str | None:
        size = 256
        while True:
            buffer = ctypes.create_string_buffer(size)
            n = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
            if n < size:
                return buffer.value.decode("utf-8", "replace") if n >= 0 else None
            size = n + 1


class LlamaContext:
    """A KV cache with up to 256 sequences and a batch to evaluate rows in."""

    def __init__(
        self,
        model: LlamaModel,
        handle: llama_cpp.llama_model_p,
        cells: int,
        max_rows: int,
        branches: int,
        threads: int | None,
    ) -> None:
        """Allocate; called by ``LlamaModel.context``."""
        _silence()
        shape = model.shape()
        self.cells = room.padded(cells)
        self.n_vocab = model.n_vocab
        self._check_memory(shape)
        choices = model.choices(branches, threads)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.cells
        # llama.cpp reserves outputs for every sequence and aborts the process where a call holds fewer tokens.
        params.n_batch = params.n_ubatch = max(max_rows, MAX_SEQUENCES)
        params.n_seq_max = MAX_SEQUENCES
        params.kv_unified = True
        params.offload_kqv = params.op_offload = model.gpu_layers > 0
        params.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO
            if choices.flash_attention
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        params.n_threads, params.n_threads_batch = choices.threads, choices.prompt_threads
        params.no_perf = True
        self._ctx = llama_cpp.llama_init_from_model(handle, params)
        if not self._ctx:
            raise ModelMemoryError(f"llama.cpp cannot make a context of {self.cells} cells: {_reason()}")
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
        self._token[:n] = tokens
        self._position[:n] = positions
        self._sequence[:n] = sequences
        self._wanted[:n] = wanted
        status = llama_cpp.llama_decode(self._ctx, self._batch)
        if status != 0:
            what = "no cells are left in the KV cache" if status == 1 else _reason()
            raise ModelMemoryError(f"llama.cpp refused a call of {n} tokens (status {status}): {what}")

    def _logits(self, rows: int) -> NDArray[np.float32]:
        """Return llama.cpp's own rows; it keeps room for as many as there are sequences, and mostly in one place."""
        if not rows:
            return np.empty((0, self.n_vocab), np.float32)
        pointer = llama_cpp.llama_get_logits(self._ctx)
        if rows > MAX_SEQUENCES:
            return np.ctypeslib.as_array(pointer, (rows, self.n_vocab))
        address = ctypes.addressof(pointer.contents)
        if self._view is None or address != self._view[0]:
            self._view = address, np.ctypeslib.as_array(pointer, (MAX_SEQUENCES, self.n_vocab))
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
        self._token = np.zeros(rows, np.int32)
        self._position = np.zeros(rows, np.int32)
        self._sequence = np.zeros(rows, np.int32)
        self._wanted = np.zeros(rows, np.int8)
        self._ones = np.ones(rows, np.int32)
        # llama.cpp wants a list of sequence ids per row; each of ours has one, so row i points at element i.
        start = self._sequence.ctypes.data
        pointer = ctypes.POINTER(llama_cpp.llama_seq_id)
        self._sequence_of_row = (pointer * rows)(*(ctypes.cast(start + 4 * row, pointer) for row in range(rows)))
        batch: Any = llama_cpp.llama_batch()  # its fields are pointers, which the type stubs call arrays
        batch.token = self._token.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        batch.embd = None
        batch.pos = self._position.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_pos))
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


def default_threads(shape: Shape) -> int:
    """Return how many threads evaluate a model fastest."""
    return choose(shape, 1, physical_cores()).threads


def _gpu_name() -> str | None:
    """Return the name of the GPU that llama.cpp would use, or ``None`` where its build can use none."""
    if not llama_cpp.llama_supports_gpu_offload():
        return None
    for file in sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml[.-]*")):
        try:
            library = ctypes.CDLL(str(file))
            find, describe = library.ggml_backend_dev_by_type, library.ggml_backend_dev_description
        except (OSError, AttributeError):
            continue
        find.restype, describe.argtypes, describe.restype = ctypes.c_void_p, [ctypes.c_void_p], ctypes.c_char_p
        if device := find(_GPU):
            return str(describe(device).decode("utf-8", "replace"))
    return "the GPU"


def build_facts() -> dict[str, str | None]:
    """Return what is known of the llama.cpp that runs here: version and commit of its core, and its features."""
    features = llama_cpp.llama_print_system_info().decode("utf-8", "replace").strip(" |")
    return {"ggml_version": _core_text("ggml_version"), "ggml_commit": _core_text("ggml_commit"), "features": features}


def _core_text(name: str) -> str | None:
    """Ask the core library, which the Python package does not wrap; older ones do not have these functions."""
    for file in sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml-base*")):
        try:
            ask = getattr(ctypes.CDLL(str(file)), name)
        except (OSError, AttributeError):
            continue
        ask.restype = ctypes.c_char_p
        answer: bytes | None = ask()
        return answer.decode("utf-8", "replace") if answer else None
    return None


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ModelMissingError(f"there is no model file {path}") from None
    except OSError as error:
        raise ModelMissingError(f"{path} cannot be read: {error.strerror}") from None
    if magic != _GGUF_MAGIC:
        raise ModelBrokenError(f"{path} is not a GGUF file (it begins with {magic!r})")


def _reason() -> str:
    errors = [message for message in _messages if message]
    return errors[0] if errors else "it gave no reason"
