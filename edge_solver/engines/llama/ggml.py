"""Functions of llama.cpp's core library, which the Python package ships beside it and does not wrap."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp

if TYPE_CHECKING:
    from ctypes import _CDataType


def function(
    name: str, result: type[_CDataType], arguments: Sequence[type[_CDataType]] = ()
) -> Callable[..., Any] | None:
    """Return a function that takes and gives these types, or ``None`` where this build has none of that name."""
    for library in _libraries():
        if found := getattr(library, name, None):
            found.restype, found.argtypes = result, list(arguments)
            typed: Callable[..., Any] = found
            return typed
    return None


@cache
def _libraries() -> tuple[ctypes.CDLL, ...]:
    loaded: list[ctypes.CDLL] = []
    for file in sorted((Path(llama_cpp.__file__).parent / "lib").glob("*ggml[.-]*")):
        with suppress(OSError):
            loaded.append(ctypes.CDLL(str(file)))
    return tuple(loaded)
