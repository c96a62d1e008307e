"""A Hugging Face checkpoint folder as a table of tensors that are read a few rows at a time.

It knows the two ways in which weights are stored (safetensors, and PyTorch's zip files) and nothing of architectures.
Every tensor is a place in a file; nothing is read before it is asked for, and never more than was asked for.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_solver.errors import ModelBrokenError, ModelMissingError
from edge_solver.quantization.pickled import read_index

FloatArray = NDArray[np.float32]

SLAB = 16 << 20
"""Values in memory at a time, for whoever goes through a tensor: 64 MiB as float32."""
_LONGEST_HEADER = 100 << 20
_STORED: Mapping[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "F64": np.dtype("<f8"),
}
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One weight: where it lies, and how it is stored."""

    name: str
    file: Path
    offset: int
    """Of its first byte in the file."""
    kind: str
    """``F32``, ``F16``, ``BF16`` or ``F64``."""
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def end(self) -> int:
        """The place in the file after its last byte."""
        return self.offset + self.size * _STORED[self.kind].itemsize

    def read(self) -> FloatArray:
        """Return all of it."""
        return self.rows(0, self.shape[0] if self.shape else 1).reshape(self.shape)

    def rows(self, start: int, stop: int) -> FloatArray:
        """Return rows ``[stop - start, ...]``.

        Raises:
            ModelBrokenError: The file ends before.
        """
        stored = _STORED[self.kind]
        width = self.size // self.shape[0] if self.shape else 1
        count = (stop - start) * width
        with self.file.open("rb") as file:
            file.seek(self.offset + start * width * stored.itemsize)
            values = np.fromfile(file, stored, count)
        if len(values) != count:
            raise ModelBrokenError(f"{self.file} ends inside {self.name}; download it again")
        return _as_float(values, self.kind).reshape(stop - start, *self.shape[1:])

    def slabs(self) -> Iterator[FloatArray]:
        """Iterate over all rows, as many at a time as ``SLAB`` allows."""
        rows = self.shape[0] if self.shape else 1
        step = max(1, SLAB * rows // max(1, self.size))
        for start in range(0, rows, step):
            yield self.rows(start, min(rows, start + step))


class Checkpoint:
    """A folder with ``config.json`` and weights."""

    def __init__(self, folder: Path) -> None:
        """Read the configuration and where every tensor lies.

        Raises:
            ModelMissingError: It is no folder, or lacks its configuration, its weights or a part of them.
            ModelBrokenError: A file is cut off or cannot be read.
        """
        self.folder = folder
        if not folder.is_dir():
            raise ModelMissingError(f"{folder} is not a folder; give the folder of a checkpoint")
        if not (folder / "config.json").is_file():
            raise ModelMissingError(f"{folder} is not a checkpoint: it has no config.json")
        self.config = read_json(folder / "config.json")
        self.tensors: Mapping[str, Tensor] = {tensor.name: tensor for tensor in self._find()}

    @cached_property
    def values(self) -> int:
        """Number of values in all tensors."""
        return sum(tensor.size for tensor in self.tensors.values())

    def __getitem__(self, name: str) -> Tensor:
        """Return a tensor by its name.

        Raises:
            ModelBrokenError: There is none of this name.
        """
        if name not in self.tensors:
            raise ModelBrokenError(f"{self.folder} has no tensor {name}, which its config.json calls for")
        return self.tensors[name]

    def _find(self) -> Iterator[Tensor]:
        for whole in _WEIGHTS:
            index = self.folder / f"{whole}.index.json"
            if (self.folder / whole).is_file():
                yield from _tensors(self.folder / whole)
                return
            if index.is_file():
                yield from self._shards(index)
                return
        raise ModelMissingError(
            f"{self.folder} has no weights: neither {' nor '.join(_WEIGHTS)}, whole or with an index of shards"
        )

    def _shards(self, index: Path) -> Iterator[Tensor]:
        try:
            placed: dict[str, str] = read_json(index)["weight_map"]
            names = sorted(set(placed.values()))
        except (KeyError, AttributeError, TypeError):
            raise ModelBrokenError(f"{index} does not say which shard holds which tensor") from None
        missing = [name for name in names if Path(name).name != name or not (self.folder / name).is_file()]
        if missing:
            raise ModelMissingError(
                f"{self.folder} lacks {len(missing)} of {len(names)} shards: {', '.join(missing[:5])}; download them"
            )
        found = {tensor.name: tensor for name in names for tensor in _tensors(self.folder / name)}
        lost = [name for name in placed if name not in found]
        if lost:
            raise ModelBrokenError(f"{index} promises {len(lost)} tensors that no shard has, such as {lost[0]}")
        yield from found.values()


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON
    """Return what a JSON file holds.

    Raises:
        ModelBrokenError: It cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelBrokenError(f"{path} cannot be read: {error}") from None


def _tensors(file: Path) -> Iterator[Tensor]:
    """Yield the tensors of one file, after a look at whether the file is long enough to hold them."""
    size = file.stat().st_size
    entries = _safetensors(file) if file.suffix == ".safetensors" else read_index(file)
    for name, kind, shape, offset in entries:
        if kind not in _STORED:
            raise ModelBrokenError(f"{file}: {name} is stored as {kind}; known are {', '.join(_STORED)}")
        tensor = Tensor(name, file, offset, kind, shape)
        if tensor.end > size:
            raise ModelBrokenError(f"{file} is cut off: it has {size} bytes and {name} ends at {tensor.end}")
        yield tensor


def _safetensors(file: Path) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Yield name, kind, shape and offset of every tensor.

    The format: the header's length in eight bytes, the header as JSON, then the values
    (https://github.com/huggingface/safetensors#format).
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > min(_LONGEST_HEADER, os.fstat(opened.fileno()).st_size):
            raise ModelBrokenError(f"{file} is not a safetensors file")
        header = opened.read(length)
    try:
        table = json.loads(header)
        for name, entry in table.items():
            if name != "__metadata__":
                begin, _ = entry["data_offsets"]
                yield name, entry["dtype"], tuple(map(int, entry["shape"])), 8 + length + int(begin)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelBrokenError(f"{file} is not a safetensors file") from None


def _as_float(values: NDArray[Any], kind: str) -> FloatArray:
    if kind == "BF16":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32, copy=False)
