"""Where the tensors of a PyTorch ``.bin`` file lie: a zip archive with a pickled table and one entry per storage.

A pickle may run anything, so this one may name nothing but what a table of tensors is made of, and nothing of it is
executed: tensors become descriptions. Values are left where they are; the archive stores them uncompressed.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_solver.errors import ModelBrokenError

_KINDS = {
    "FloatStorage": ("F32", 4),
    "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2),
    "DoubleStorage": ("F64", 8),
}
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a zip entry: what comes before the lengths of its name and its extra field."""


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: str
    bytes_per_value: int
    key: str


@dataclass(frozen=True, slots=True)
class _Stored:
    storage: _Storage
    start: int
    shape: tuple[int, ...]


def read_index(file: Path) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Yield name, kind, shape and offset of every tensor.

    Raises:
        ModelBrokenError: It is no such file, or its table holds something other than plain tensors.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            table = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
            if table is None:
                raise ModelBrokenError(f"{file} is not a PyTorch checkpoint")
            with archive.open(table) as pickled:
                found = _Reader(pickled).load()
            if not isinstance(found, dict):
                raise ModelBrokenError(f"{file} holds no table of tensors")
            folder = table.removesuffix("data.pkl") + "data/"
            for name, stored in found.items():
                if isinstance(stored, _Stored):
                    start = _data_offset(file, archive.getinfo(folder + stored.storage.key))
                    yield name, stored.storage.kind, stored.shape, start + stored.start * stored.storage.bytes_per_value
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError, ValueError, EOFError, struct.error) as error:
        raise ModelBrokenError(
            f"{file} cannot be read as a PyTorch checkpoint: {error}; save it as safetensors"
        ) from None


class _Reader(pickle.Unpickler):
    """Reads a table of tensors and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the base class's signature
        match module, name:
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch._utils", "_rebuild_parameter":
                return _parameter
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch", _ if name in _KINDS:
                return name
            case _:
                raise pickle.UnpicklingError(f"it names {module}.{name}, which no table of weights needs")

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - the base class's signature
        _, kind, key, *_ = pid
        if kind not in _KINDS:
            raise pickle.UnpicklingError(f"its values are stored as {kind}")
        return _Storage(*_KINDS[kind], str(key))


def _tensor(storage: _Storage, start: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Stored:
    expected, step = [], 1
    for size in reversed(shape):
        expected.append(step)
        step *= size
    if any(size > 1 and a != b for size, a, b in zip(shape, stride, reversed(expected), strict=True)):
        raise pickle.UnpicklingError("a tensor is stored transposed")
    return _Stored(storage, int(start), tuple(map(int, shape)))


def _parameter(data: _Stored, *_: object) -> _Stored:
    return data


def _data_offset(file: Path, entry: zipfile.ZipInfo) -> int:
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ModelBrokenError(f"{file} is compressed; save it as safetensors")
    with file.open("rb") as opened:
        opened.seek(entry.header_offset)
        name, extra = _LOCAL_HEADER.unpack(opened.read(_LOCAL_HEADER.size))
    return entry.header_offset + _LOCAL_HEADER.size + int(name) + int(extra)
