"""A GGUF model: loaded, asked for its sizes, and its tokenizer."""

from __future__ import annotations

import ctypes
import hashlib
import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import llama_cpp

from edge_solver.core import room
from edge_solver.core.cost import Shape
from edge_solver.engines.choices import CacheType, EngineChoices, cache_type, choose
from edge_solver.engines.llama.build import compiled_features, f16_step, gpu_name
from edge_solver.engines.llama.context import LlamaContext
from edge_solver.engines.llama.log import reason, silence
from edge_solver.engines.llama.rearranging import may_rearrange
from edge_solver.engines.placement import layers_line
from edge_solver.engines.threads import physical_cores
from edge_solver.errors import ModelBrokenError, ModelMissingError

if TYPE_CHECKING:
    from typing_extensions import Self

_GGUF_MAGIC = b"GGUF"


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
        silence()
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocab_only
        gpu = gpu_name() if gpu_layers else None
        params.n_gpu_layers = self.gpu_layers = gpu_layers if gpu else 0
        # A mapped file stays resident beside the copy of its weights that llama.cpp rearranges for this processor.
        params.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        params.use_extra_bufts = may_rearrange()
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        failure = ""
        if not self._model and self.gpu_layers:
            failure = reason()
            silence()
            params.n_gpu_layers = self.gpu_layers = 0
            self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelBrokenError(f"llama.cpp cannot load {path}: {reason()}")
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
        head_size = self._head_size()
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
            kv_bytes_per_token=2 * layers * self.cache.bytes_of(heads_kv * head_size),
            # Of an embedding that is not the head as well, a call reads only the rows of its tokens.
            weight_bytes=round(size * (1 - embedding / total)) if untied else size,
        )

    @cached_property
    def cache(self) -> CacheType:
        """How its keys and values are kept."""
        return self.cache_of(self._head_size())

    def cache_of(self, head_size: int) -> CacheType:
        """Return how keys and values would be kept with heads of so many numbers."""
        return cache_type(head_size, f16_step(compiled_features()), gpu=self.gpu_layers > 0)

    def _head_size(self) -> int:
        arch = self._meta("general.architecture")
        heads = int(llama_cpp.llama_model_n_head(self._model))
        width = int(llama_cpp.llama_model_n_embd(self._model))
        return int(self._meta(f"{arch}.attention.key_length") or width // max(1, heads))

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
        on_gpu = self.gpu_layers > 0
        return choose(self.shape(), branches, physical_cores(), threads=threads, gpu=on_gpu, cache=self.cache)

    def context(
        self,
        cells: int,
        *,
        max_rows: int,
        branches: int,
        threads: int | None = None,
        sequences: int = room.MAX_SEQUENCES,
    ) -> LlamaContext:
        """Make a context.

        Args:
            cells: Tokens of room in the KV cache, over all sequences.
            max_rows: Most tokens in one call.
            branches: Rows to expect in a decode call.
            threads: By default what ``choices`` finds best.
            sequences: How many names for sequences there are.

        Raises:
            ModelMemoryError: The cells do not fit into this machine's memory.
        """
        return LlamaContext(self, self._model, cells, max_rows, branches, threads, sequences)

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


def default_threads(shape: Shape) -> int:
    """Return how many threads evaluate a model fastest."""
    return choose(shape, 1, physical_cores()).threads


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
